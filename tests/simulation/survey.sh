#!/usr/bin/env bash
# The study of the survey intervals, at the lowest priority: about fifteen minutes of one processor for 20,000 samples of each truth.
# Stopped and started again, it goes on with the first file that is not there. The tables are FOLDER/tables.md; docs/simulation.md
# holds them.
# Usage: survey.sh FOLDER [SAMPLES [THREADS]]        (default 20000 and 2; the program is made by `make check`)
set -eu
folder=${1:?usage: survey.sh FOLDER [SAMPLES [THREADS]]}
here=$(cd "$(dirname "$0")" && pwd)
program=${top_builddir:-.}/tests/simulation/survey
[ -x "$program" ] || { echo "no $program here: run make check first, or set top_builddir" >&2; exit 1; }
mkdir -p "$folder"
nice -n 19 "$program" "$folder" "${2:-20000}" "${3:-2}"
"${PYTHON:-python3}" "$here/survey-tables.py" "$folder" >"$folder/tables.md.part"
mv "$folder/tables.md.part" "$folder/tables.md"
