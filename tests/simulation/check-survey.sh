#!/usr/bin/env bash
# The study of the survey intervals on a few hundred samples: coverage that is known from the full study, within what so few samples
# allow; the same bytes from one thread and two; a study that was stopped goes on where it ended; the tables can be made.
set -u
program=$top_builddir/tests/simulation/survey
[ -x "$program" ] || { echo "tests/simulation/survey was not built"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
mkdir "$work/one" "$work/two"
status=0
fail() { echo "$1"; status=1; }
run() { "$program" "$@" >>"$work/log" 2>&1 || { cat "$work/log"; fail "survey $* failed"; }; }

# value FILE COLUMN FIELDS...: the column of the row that begins with the fields.
value() {
    awk -F, -v column="$2" -v start="$3," 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == column) at = i }
        NR > 2 && index($0, start) == 1 { gsub(/"[^"]*"/, "text"); print $at; exit }' "$1"
}
# between FILE COLUMN FIELDS LEAST MOST
between() {
    found=$(value "$1" "$2" "$3")
    awk -v x="${found:-none}" -v least="$4" -v most="$5" 'BEGIN { exit !(x == x + 0 && x >= least && x <= most) }' ||
        fail "$(basename "$1"), $3: $2 is '$found', expected $4 to $5"
}

for part in proportions-county_20-0.1 proportions-small_county-0.02 proportions-women_40-0.1; do
    run "$work/one" 400 2 $part
done
run "$work/one" 1000 2 errors-county_20-0.1
run "$work/one" 600 2 medians-county_20-0.02
county=$work/one/proportions-county_20-0.1.csv
small=$work/one/proportions-small_county-0.02.csv
women=$work/one/proportions-women_40-0.1.csv
[ "$(wc -l <"$county")" = 162 ] || fail "$(basename "$county") does not have two headings and 160 rows"

between "$county" covers '0.3,"korn-graubard",domain' 0.93 0.99
between "$county" covers '0.5,"t",domain' 0.92 0.98
between "$county" covers '0.5,"logit",domain' 0.92 0.98
# Few clusters hold all cases: every standard error is too small, and no interval makes up for it.
between "$county" covers '0.02,"korn-graubard",domain' 0.86 0.94
between "$county" covers '0.02,"t",domain' 0.76 0.87
between "$county" covers '0.002,"two-se",none' 0.3 0.46
# At 0: more than half of the samples; the design effect of the country serves.
between "$county" edge '0.002,"korn-graubard",domain' 0.53 0.69
between "$county" edge_covers '0.005,"korn-graubard",domain' 1 1
between "$county" edge_covers '0.01,"korn-graubard",domain' 1 1
between "$county" edge_covers '0.01,"korn-graubard, n at 0 and 1",domain' 0 0
# Three degrees of freedom: those of the whole design are the wrong ones.
between "$small" covers '0.5,"t",domain' 0.92 0.98
between "$small" covers '0.5,"t",design' 0.79 0.9
between "$small" covers '0.5,"korn-graubard",domain' 0.96 1
# Clusters without a woman of the domain.
between "$women" least_df '0.3,"korn-graubard",domain' 15 29
between "$women" covers '0.3,"korn-graubard",domain' 0.93 0.99
between "$work/one/errors-county_20-0.1.csv" mean_se_by_sd 0.5,taylor 0.86 1.1
between "$work/one/errors-county_20-0.1.csv" mean_se_by_sd 0.5,jkn 0.88 1.12
between "$work/one/errors-county_20-0.1.csv" mean_se_by_sd 0.5,rao-wu 0.86 1.1
between "$work/one/medians-county_20-0.02.csv" covers continuous,t 0.88 1
between "$work/one/medians-county_20-0.02.csv" covers 'completed years,t' 0.88 1

run "$work/two" 400 1 proportions-women_40-0.1
cmp -s "$women" "$work/two/$(basename "$women")" || fail "one thread and two give different files"
echo "kept" >>"$work/two/proportions-women_40-0.1.csv"
run "$work/two" 400 1 proportions-women_40-0.1
[ "$(tail -n 1 "$work/two/proportions-women_40-0.1.csv")" = kept ] || fail "a file that was there was made again"
run "$work/two" 20 1 proportions-women_40-0.1
cmp -s "$women" "$work/two/$(basename "$women")" && fail "the file of another number of samples was taken for this one's"
"$program" "$work/one" 0 2>/dev/null
[ $? = 2 ] || fail "no samples were accepted"
"$program" "$work/none" 20 1 medians-county_20 >/dev/null 2>&1 && fail "a missing folder was accepted"

python=${PYTHON:-python3}
if command -v "$python" >/dev/null; then
    "$python" "$srcdir/tests/simulation/survey-tables.py" "$work/one" >"$work/tables.md" || fail "the tables were not made"
    [ "$(grep -c '^### ' "$work/tables.md")" = 8 ] || fail "there are not eight tables"
    grep -q '^| county_20 | 0.1 | 0.5 | 0.0[34]' "$work/tables.md" || fail "the table of standard errors has no row of the county"
fi
exit $status
