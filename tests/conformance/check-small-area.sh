#!/usr/bin/env bash
# `est small-area` against a second implementation on random tables, and against sae 1.3 in LIBEST_ORACLES (default:
# ../shared/oracles; left out where absent).
set -u
"${PYTHON:-false}" -c 'import numpy' 2>/dev/null || { echo "skipped: no Python with NumPy"; exit 77; }
export LIBEST_ORACLES=${LIBEST_ORACLES:-$srcdir/../shared/oracles} PYTHONDONTWRITEBYTECODE=1
"$PYTHON" "$srcdir/tests/conformance/check_small_area.py" "$EST" 12
