#!/usr/bin/env bash
# The study of the intervals at its smallest: every scenario and every method has a row, the same seed gives the same bytes, and a
# study that was stopped goes on where it ended.
set -u
program=$top_builddir/tests/simulation/intervals
[ -x "$program" ] || { echo "tests/simulation/intervals was not built"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
mkdir "$work/one" "$work/two"
status=0
fail() { echo "$1"; status=1; }

"$program" "$work/one" 3 60 >"$work/log" || { cat "$work/log"; fail "the study failed"; }
[ "$(grep -c '^### ' "$work/one/table.md")" = 12 ] || fail "table.md does not have twelve scenarios"
[ "$(wc -l <"$work/one/table.csv")" = 139 ] || fail "table.csv does not have a heading and 138 rows"
for cell in independence_500 heterogeneity_5000 sparsity_500; do
    [ "$(wc -l <"$work/one/$cell.csv")" = 38 ] || fail "$cell.csv does not have two headings and 36 rows"
done
# Limits that are given hold their order, and start at the persons observed.
awk -F, 'FNR > 2 && $5 !~ /nan/ && !($5 + 0 >= $2 + 0 && ($6 == "inf" || $6 + 0 >= $5 + 0)) { print FILENAME ": " $0; bad = 1 }
    END { exit bad }' "$work"/one/*_500.csv "$work"/one/*_5000.csv || fail "limits out of order"
cp "$work"/one/*_500.csv "$work/two"
"$program" "$work/two" 3 60 >"$work/log" || fail "the second run failed"
diff -r "$work/one" "$work/two" >/dev/null || fail "a study that was taken up again differs"
# Files of another study are not taken for this one's.
"$program" "$work/two" 2 60 >"$work/log" || fail "the third run failed"
grep -q '^2 replications' "$work/two/table.md" || fail "a smaller study was not run anew"
"$program" "$work/one" 0 2>/dev/null
[ $? = 2 ] || fail "no replications were accepted"
"$program" "$work/none" 2 60 >/dev/null 2>&1 && fail "a missing folder was accepted"
exit $status
