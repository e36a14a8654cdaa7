#!/usr/bin/env bash
# Runs the examples; each must give the same population as the program's JSON, to the whole person.
set -u
. "$srcdir/tests/faces.sh"

population() { # arguments of est mse
    local json number
    json=$("$build/est" mse "$@" --format json --quiet) || { echo "est mse $1 fails"; exit 1; }
    number=$(grep -o '"estimand": *"population".*' <<<"$json" | grep -oE '"estimate": *[0-9.]+' | head -n 1 | grep -oE '[0-9.]+$')
    [ -n "$number" ] || { echo "no population in the JSON"; exit 1; }
    LC_ALL=C printf '%.0f' "$number"
}

try() { # population expected, LANGUAGE:FILE ...
    local expected=$1 example
    shift
    for example; do
        answer=
        count_face "${example%%:*}" "$source_tree/examples/${example#*:}"
        [ -z "$answer" ] && continue
        if ! tr -d ',' <<<"$answer" | grep -qw "$expected"; then
            echo "failed: ${example#*:} does not say $expected:"
            echo "$answer"
            passed=$((passed - 1)) failed=$((failed + 1))
        fi
    done
}

kosovo=$(population dataset:kosovo_1999 --model all-pairs) || { echo "$kosovo"; exit 1; }
scotland=$(population dataset:scotland_pwid_2006 --by region,sex,age --model all-pairs) || { echo "$scotland"; exit 1; }
try "$kosovo" sh:first_estimate.sh c:first_estimate.c r:first_estimate.R python:first_estimate.py sh:diagnostics.sh
try "$scotland" sh:strata.sh
finish_faces
