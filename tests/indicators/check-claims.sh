#!/usr/bin/env bash
# What rows claim to be: ages, definition, population; limits of numbers and medians; counties where nobody was found.
set -u
"${PYTHON:-false}" -c "" 2>/dev/null || { echo "skipped: no Python"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
"$PYTHON" "$srcdir/tests/indicators/check-claims.py" "$EST" "$srcdir/datasets"
