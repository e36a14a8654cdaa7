#!/usr/bin/env bash
# Runs the examples; all must give the same population as the program's JSON, to the whole person.
set -u
. "$srcdir/tests/faces.sh"

json=$("$build/est" mse dataset:kosovo_1999 --model all-pairs --format json --quiet) || { echo "est mse fails"; exit 1; }
expected=$(grep -o '"estimand": *"population".*' <<<"$json" | grep -oE '"estimate": *[0-9.]+' | head -n 1 | grep -oE '[0-9.]+$')
[ -n "$expected" ] || { echo "no population in the JSON"; exit 1; }
expected=$(LC_ALL=C printf '%.0f' "$expected")

for example in sh:first_estimate.sh c:first_estimate.c r:first_estimate.R python:first_estimate.py; do
    count_face "${example%%:*}" "$source_tree/examples/${example#*:}"
    [ -z "$answer" ] && continue
    if ! tr -d ',' <<<"$answer" | grep -qw "$expected"; then
        echo "failed: ${example#*:} does not say $expected:"
        echo "$answer"
        passed=$((passed - 1)) failed=$((failed + 1))
    fi
    answer=
done
finish_faces
