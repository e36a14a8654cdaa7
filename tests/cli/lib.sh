# Sourced by every test of the program. EST is the program (default ./est). Each test runs in a folder of its own.
# shellcheck shell=bash
set -u
export LC_ALL=C
tests_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
datasets=$tests_folder/../../datasets
EST=$(cd "$(dirname "${EST:-./est}")" && pwd)/$(basename "${EST:-./est}")
PYTHON=${PYTHON:-python3}
passed=0 failed=0 skipped=0
work=$(mktemp -d) || exit 99
trap 'rm -r "$work"' EXIT
cd "$work" || exit 99
mkdir .log data
out=.log/out err=.log/err code=0

[ -x "$EST" ] || { echo "not ok - there is no program $EST"; echo "0 passed, 1 failed"; exit 1; }

ok() { echo "ok - $1"; passed=$((passed + 1)); }

not_ok() { # name, reason
    echo "not ok - $1"
    printf '%s\n' "$2" | sed 's/^/#   /'
    failed=$((failed + 1))
}

# Runs the program; leaves $code and the files $out and $err.
est() {
    "$EST" "$@" >$out 2>$err </dev/null
    code=$?
}

# "" asserts nothing, "-" asserts that the stream is empty, else an extended regular expression is looked for.
stream_is() { # pattern, file
    case $1 in
        "") return 0 ;;
        -) [ ! -s "$2" ] ;;
        *) grep -Eq -e "$1" "$2" ;;
    esac
}

judge() { # name, exit status, stdout, stderr: of the last run
    if [ "$code" != "$2" ]; then
        not_ok "$1" "exit status $code, expected $2; stderr: $(head -c 400 $err)"
    elif ! stream_is "$3" $out; then
        not_ok "$1" "standard output is not '$3': $(head -c 400 $out)"
    elif ! stream_is "$4" $err; then
        not_ok "$1" "standard error is not '$4': $(head -c 400 $err)"
    else
        ok "$1"
    fi
}

check() { # name, exit status, stdout, stderr, arguments...
    local name=$1 status=$2 output=$3 errors=$4
    shift 4
    est "$@"
    judge "$name" "$status" "$output" "$errors"
}

# The command must succeed, or must fail.
holds() { # name, command...
    local name=$1
    shift
    if "$@" >.log/holds 2>&1; then ok "$name"; else not_ok "$name" "failed: $* $(head -c 300 .log/holds)"; fi
}

fails() { # name, command...
    local name=$1
    shift
    if "$@" >.log/holds 2>&1; then not_ok "$name" "should fail: $*"; else ok "$name"; fi
}

# A Python expression over `r` (the JSON of the file) and `rows(estimand)` must be true.
json() { # name, file, expression
    local answer
    answer=$("$PYTHON" - "$2" "$3" 2>&1 <<'P'
import json, math, sys
sys.excepthook = lambda kind, error, place: print(kind.__name__, error)
r = json.load(open(sys.argv[1], encoding="utf-8"))
def rows(estimand):
    return [row for row in r["rows"] if row["estimand"] == estimand]
def near(found, expected):
    found, expected = list(found), list(expected)
    return len(found) == len(expected) and all(
        f is not None and math.isclose(f, e, rel_tol=1e-9, abs_tol=2e-6) for f, e in zip(found, expected))
value = eval(sys.argv[2])
print("true" if value is True else f"found {value!r}")
P
    )
    if [ "$answer" = true ]; then ok "$1"; else not_ok "$1" "$3: $answer"; fi
}

skip() { # reason, how many tests
    echo "skipped: $1"
    skipped=$((skipped + $2))
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit
}
