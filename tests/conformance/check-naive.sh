#!/usr/bin/env bash
# The naive reference compares itself with the tables of other software in LIBEST_ORACLES (default: ../shared/oracles).
set -u
"$PYTHON" -c 'import numpy' 2>/dev/null || { echo "skipped: $PYTHON has no NumPy"; exit 77; }
oracles=${LIBEST_ORACLES:-$srcdir/../shared/oracles}
[ -d "$oracles" ] || { echo "skipped: no reference tables (set LIBEST_ORACLES to their folder)"; exit 77; }
LIBEST_ORACLES=$oracles PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$srcdir/tests/conformance/naive_mse.py" selfcheck
