#!/usr/bin/env bash
# The study of the intervals, at the lowest priority: about twenty minutes of one processor. Stopped and started again, it goes on
# with the first scenario that has no file. The tables are FOLDER/table.md and FOLDER/table.csv; docs/simulation.md holds them.
# Usage: intervals.sh FOLDER [REPLICATIONS [DRAWS]]        (default 2000 and 500; the program is made by `make check`)
set -eu
folder=${1:?usage: intervals.sh FOLDER [REPLICATIONS [DRAWS]]}
program=${top_builddir:-.}/tests/simulation/intervals
[ -x "$program" ] || { echo "no $program here: run make check first, or set top_builddir" >&2; exit 1; }
mkdir -p "$folder"
exec nice -n 19 "$program" "$folder" "${2:-2000}" "${3:-500}"
