#!/usr/bin/env bash
# The bundled datasets are what their pages say, and what the reference tables hold where there are any.
set -u
[ -x "$PYTHON" ] || { echo "skipped: no $PYTHON"; exit 77; }
oracles=${LIBEST_ORACLES:-$srcdir/../shared/oracles}
[ -d "$oracles" ] && export LIBEST_ORACLES=$oracles
PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$srcdir/datasets/check.py"
