#!/usr/bin/env bash
# Child marriage in a simulated DHS file against values of other software, in LIBEST_ORACLES (default: ../shared/oracles).
set -u
"${PYTHON:-false}" -c "" 2>/dev/null || { echo "skipped: no Python"; exit 77; }
oracles=${LIBEST_ORACLES:-$srcdir/../shared/oracles}
[ -d "$oracles/survey" ] || { echo "skipped: no reference tables (set LIBEST_ORACLES to their folder)"; exit 77; }
LIBEST_ORACLES=$oracles PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$srcdir/tests/indicators/check-dhs-oracle.py" "$EST"
