#!/usr/bin/env bash
# The stored faces are those that naive_faces.py finds now, and limits of proportional fits. Needs nothing but Python 3.
set -u
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 6))' 2>/dev/null || { echo "skipped: $PYTHON is no Python 3"; exit 77; }
PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$srcdir/tests/conformance/naive_faces.py" check
