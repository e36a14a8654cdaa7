#!/usr/bin/env bash
# Child marriage, forced marriage and forced labour: the fixtures' answers by hand, the naive second implementations, and `est`
# agree, record by record and on random samples.
set -u
"${PYTHON:-false}" -c "" 2>/dev/null || { echo "skipped: no Python"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
folder=$srcdir/tests/indicators
"$PYTHON" "$folder/naive_marriage.py" --compare "$EST" 40 || exit 1
"$PYTHON" "$folder/naive_forced.py" --compare "$EST" 20
