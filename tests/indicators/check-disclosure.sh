#!/usr/bin/env bash
# Tries to work out what reports on private data withhold, from everything that they give away; it must fail.
set -u
"${PYTHON:-false}" -c "import numpy" 2>/dev/null || { echo "skipped: no Python with NumPy"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
"$PYTHON" "$srcdir/tests/indicators/audit_disclosure.py" "$EST" 10
