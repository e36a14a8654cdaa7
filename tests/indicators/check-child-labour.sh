#!/usr/bin/env bash
# Child labour: the fixtures' answers by hand, the naive second implementation and `est` agree, record by record and on random records.
set -u
"${PYTHON:-false}" -c "" 2>/dev/null || { echo "skipped: no Python"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
"$PYTHON" "$srcdir/tests/indicators/naive_child_labour.py" --compare "$EST"
