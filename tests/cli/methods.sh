#!/usr/bin/env bash
# est methods: the descriptors for people and for programs.
. "$(dirname "$0")/lib.sh"

check "the list" 0 '^mse  ' - methods
holds "trend is in the list" grep -q '^trend  ' $out
check "JSON" 0 '"schema": "est-methods/1"' - methods --format json
cp $out methods.json
json "ids" methods.json '[m["id"] for m in r["methods"]][:2] == ["mse", "trend"]'
json "every method has its texts" methods.json \
    'all(m[k] for m in r["methods"] for k in ("title", "summary", "data", "reference"))'
json "every option is complete" methods.json 'all(set(o) == {"name", "kind", "default", "minimum", "maximum", "choices",
    "further", "doc"} and o["doc"] for m in r["methods"] for o in m["options"])'
json "defaults of choices are choices" methods.json \
    'all(o["default"] in o["choices"] for m in r["methods"] for o in m["options"] if o["kind"] == "choice")'
json "defaults of numbers are within their range" methods.json 'all(o["minimum"] <= o["default"] <= o["maximum"]
    for m in r["methods"] for o in m["options"] if o["kind"] in ("integer", "number"))'
json "flags are off unless asked for" methods.json \
    'all(o["default"] is False for m in r["methods"] for o in m["options"] if o["kind"] == "flag")'

json "further is yes or no" methods.json 'all(o["further"] in (True, False) for m in r["methods"] for o in m["options"])'

for id in $("$PYTHON" -c "import json; print(*[m['id'] for m in json.load(open('methods.json'))['methods']])"); do
    check "$id in full" 0 '^Reference' - methods $id
    cp $out "$id.txt"
    fails "$id: no line is wider than 80" grep -Eq '.{81}' "$id.txt"
    for option in $("$PYTHON" -c "import json
print(*[o['name'] for m in json.load(open('methods.json'))['methods'] if m['id'] == '$id' for o in m['options']])"); do
        holds "$id: --$option is described" grep -Eq -e "^  --$option( |$)" "$id.txt"
    done
    check "$id as JSON" 0 '' - methods $id --format json
    cp $out "$id.json"
    json "$id as JSON is one method" "$id.json" "[m['id'] for m in r['methods']] == ['$id']"
done
check "a misspelt method" 2 - 'did you mean trend' methods trnd
check "a format that is none here" 2 - 'text\|json' methods --format csv
check "two methods" 2 - 'one ID' methods mse trend
finish
