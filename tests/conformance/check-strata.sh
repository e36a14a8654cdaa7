#!/usr/bin/env bash
# Joint models of strata against a dense regression in NumPy.
set -u
"${PYTHON:-:}" -c 'import numpy' 2>/dev/null || { echo "skipped: no Python with NumPy"; exit 77; }
DATASETS=$srcdir/datasets PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$srcdir/tests/conformance/naive_strata.py"
