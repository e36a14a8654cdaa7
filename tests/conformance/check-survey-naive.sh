#!/usr/bin/env bash
# The naive survey code agrees with the tables of other software in LIBEST_ORACLES (default: ../shared/oracles; left out where
# absent), and `est survey` agrees with the naive code on random designs: under every policy for single-PSU strata, and of
# every kind (random_survey.py).
set -u
"${PYTHON:-false}" -c "" 2>/dev/null || { echo "skipped: no Python"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
naive=$srcdir/tests/conformance/naive_survey.py
export LIBEST_ORACLES=${LIBEST_ORACLES:-$srcdir/../shared/oracles}
if [ -d "$LIBEST_ORACLES/survey" ]; then
    "$PYTHON" "$naive" selfcheck || exit 1
else
    echo "no reference tables (set LIBEST_ORACLES to their folder): only the random designs"
fi
"$PYTHON" "$naive" compare "$EST" 20 || exit 1
"$PYTHON" "$srcdir/tests/conformance/random_survey.py" "$EST" 40
