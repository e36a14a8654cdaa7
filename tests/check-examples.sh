#!/usr/bin/env bash
# Runs the examples; each must give the same first estimate as the program's JSON: numbers of people to the whole person,
# proportions to four decimals.
set -u
. "$srcdir/tests/faces.sh"

estimate() { # estimand, decimals, command, its arguments
    local estimand=$1 decimals=$2 json number
    shift 2
    json=$("$build/est" "$@" --format json --quiet) || { echo "est $1 $2 fails"; exit 1; }
    number=$(grep -o "\"estimand\": *\"$estimand\".*" <<<"$json" | grep -oE '"estimate": *[0-9.]+' | head -n 1 | grep -oE '[0-9.]+$')
    [ -n "$number" ] || { echo "no $estimand in the JSON"; exit 1; }
    LC_ALL=C printf "%.${decimals}f" "$number"
}

try() { # number expected, LANGUAGE:FILE ...
    local expected=$1 example
    shift
    for example; do
        answer=
        count_face "${example%%:*}" "$source_tree/examples/${example#*:}"
        [ -z "$answer" ] && continue
        if ! tr -d ',' <<<"$answer" | grep -qwF "$expected"; then
            echo "failed: ${example#*:} does not say $expected:"
            echo "$answer"
            passed=$((passed - 1)) failed=$((failed + 1))
        fi
    done
}

kosovo=$(estimate population 0 mse dataset:kosovo_1999 --model all-pairs) || { echo "$kosovo"; exit 1; }
scotland=$(estimate population 0 mse dataset:scotland_pwid_2006 --by region,sex,age --model all-pairs) || { echo "$scotland"; exit 1; }
women=(survey dataset:kenya_women_synthetic --weight weight --strata stratum --psu cluster --proportion married_by_18=1)
share=$(estimate 'proportion(married_by_18=1)' 4 "${women[@]}") || { echo "$share"; exit 1; }
calibrated=$(estimate 'proportion(married_by_18=1)' 4 "${women[@]}" --calibrate poststratify \
    --margins dataset:kenya_women_synthetic_totals) || { echo "$calibrated"; exit 1; }
labour=$(estimate child_labour_economic_number 0 indicator child-labour dataset:kenya_child_labour_synthetic \
    --codebook kenya-child-labour-synthetic) || { echo "$labour"; exit 1; }
try "$kosovo" sh:first_estimate.sh c:first_estimate.c r:first_estimate.R python:first_estimate.py sh:diagnostics.sh
try "$scotland" sh:strata.sh
try "$share" sh:first_survey.sh c:first_survey.c r:first_survey.R python:first_survey.py
try "$calibrated" sh:survey_calibrated.sh
try "$labour" sh:first_indicator.sh c:first_indicator.c r:first_indicator.R python:first_indicator.py
finish_faces
