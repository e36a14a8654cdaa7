#!/usr/bin/env bash
# Survey values of other software, in LIBEST_ORACLES (default: ../shared/oracles), against `est survey`.
set -u
"${PYTHON:-false}" -c "" 2>/dev/null || { echo "skipped: no Python"; exit 77; }
oracles=${LIBEST_ORACLES:-$srcdir/../shared/oracles}
[ -d "$oracles/survey" ] || { echo "skipped: no reference tables (set LIBEST_ORACLES to their folder)"; exit 77; }
LIBEST_ORACLES=$oracles PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$srcdir/tests/conformance/check_survey.py"
