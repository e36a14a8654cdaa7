#!/usr/bin/env bash
# The same jobs by other programs, in one run. Usage: peers.sh BENCH DATASETS [--quick]
# BENCH: the bench program; DATASETS: the folder of the bundled tables. Prints seconds and ratios. An absent program is no failure.
set -u
bench=${1:?usage: peers.sh BENCH DATASETS [--quick]}
datasets=${2:?usage: peers.sh BENCH DATASETS [--quick]}
quick=
for flag in "${@:3}"; do
    [ "$flag" = --quick ] && quick=--quick
done
rscript=${RSCRIPT:-Rscript}
here=$(cd "$(dirname "$0")" && pwd)

printf '\nThe same jobs by other programs\n'
if ! command -v "$rscript" >/dev/null 2>&1; then
    echo "Rscript is not installed: no R package is timed"
    exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# Asking for the packages first: where none is there, nothing has to be timed.
if "$rscript" --vanilla "$here/peers.R" installed; then
    "$bench" --peer-jobs $quick >"$work/jobs.tsv" || exit 1
    "$rscript" --vanilla "$here/peers.R" times "$work/jobs.tsv" "$datasets" || echo "the R packages could not be timed"
fi
exit 0
