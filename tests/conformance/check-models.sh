#!/usr/bin/env bash
# Fixed models and rankings of other software, in LIBEST_ORACLES (default: ../shared/oracles), against `est mse`.
set -u
[ "${PYTHON:-:}" != : ] || { echo "skipped: no Python"; exit 77; }
oracles=${LIBEST_ORACLES:-$srcdir/../shared/oracles}
[ -d "$oracles" ] || { echo "skipped: no reference tables (set LIBEST_ORACLES to their folder)"; exit 77; }
LIBEST_ORACLES=$oracles PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$srcdir/tests/conformance/check_models.py"
