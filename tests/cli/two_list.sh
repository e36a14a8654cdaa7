#!/usr/bin/env bash
# est two-list. Figures: Chapman and its standard error of the hepatitis lists by CARE1 (datasets/hepatitis_taiwan_1995.md); the
# pairs of diabetes_casale.md; the rest by hand from the formulas.
. "$(dirname "$0")/lib.sh"
fact() { json "$1" "$2" "($3)"; } # an expression of any number of lines
of='(lambda pair, model, what: [row[what] for row in rows("population") if row["domain"].get("pair") == pair and row.get("model") == model][0])'

answer() { # file, arguments...
    local file=$1
    shift
    est "$@" --format json
    cp $out "$file"
}

answer hepatitis.json two-list dataset:hepatitis_taiwan_1995
judge "three pairs" 0 '' 'independence'
fact "Chapman" hepatitis.json "all(abs($of(p, 'Chapman', 'estimate') - e) < 5e-4 for p, e in
    (('P:Q', 333.560), ('P:E', 374.478), ('Q:E', 331.362)))"
fact "its standard errors" hepatitis.json "all(abs($of(p, 'Chapman', 'se') - e) < 5e-4 for p, e in
    (('P:Q', 28.700), ('P:E', 35.582), ('Q:E', 29.929)))"
fact "Lincoln-Petersen" hepatitis.json "near([$of('P:Q', 'Lincoln-Petersen', 'estimate')], [135 * 122 / 49])"
fact "no pair answers for all" hepatitis.json '[row for row in rows("population") if not row["domain"]] == []'
answer diabetes.json two-list dataset:diabetes_casale
fact "refuted pairs are flagged" diabetes.json "'refuted' in $of('hospital:reagents', 'Chapman', 'flags') and
    'refuted' not in $of('clinic:hospital', 'Chapman', 'flags')"
fact "their limits" diabetes.json "[round($of('clinic:hospital', 'Chapman', k)) for k in ('estimate', 'lower', 'upper')] == [2351, 2250, 2478]"

# Two lists of 120 and 90, 30 on both: n = 180.
printf 'A,B,count\n1,0,90\n0,1,60\n1,1,30\n' >data/two.csv
answer two.json two-list data/two.csv --internal --limit 500
fact "one pair answers" two.json 'near([rows("population")[0]["estimate"]], [121 * 91 / 31 - 1]) and rows("population")[0]["domain"] == {}'
fact "unobserved = population - observed" two.json 'near([rows("unobserved")[0]["estimate"]], [121 * 91 / 31 - 1 - 180])'
fact "N(odds ratio) = n + odds ratio (N - n)" two.json 'near([row[3] for row in r["frames"]["dependence"]["rows"]],
    [180 + row[1] * 180 for row in r["frames"]["dependence"]["rows"]])'
fact "the odds ratio that leads to the limit" two.json 'near([r["frames"]["limit"]["rows"][0][1]], [320 / (121 * 91 / 31 - 181)])'
answer lincoln.json two-list data/two.csv --internal --estimator lincoln-petersen --odds-ratios 1/2,1,2
fact "Lincoln-Petersen answers when it is asked" lincoln.json 'near([rows("population")[0]["estimate"]], [360])'
fact "three odds ratios" lincoln.json '[row[1] for row in r["frames"]["dependence"]["rows"]] == [0.5, 1, 2]'
answer pair.json two-list dataset:diabetes_casale --pair clinic:hospital
fact "--pair of more lists" pair.json 'round(rows("population")[0]["estimate"]) == 2351'

printf 'A,B,count\n1,0,90\n0,1,60\n' >data/apart.csv
check "no overlap: no upper limit" 0 'share nobody' '' two-list data/apart.csv --internal
check "no overlap: nothing that Lincoln-Petersen could say" 4 - 'EST_EIDENTIFY' two-list data/apart.csv --internal --estimator lincoln-petersen

printf 'A,count\n1,5\n' >data/one.csv
check "one list, a file" 3 - 'one.csv: found 1 list, expected at least two' two-list data/one.csv
for pair in A A:A A:Z A:B:C; do
    check "--pair $pair" 2 - "option --pair: found '$pair', expected two of the 2 lists" two-list data/two.csv --pair $pair
done
for ratios in 0 -1 a 1,,2 1/0 nan; do
    check "--odds-ratios $ratios" 2 - 'option --odds-ratios: found .*expected numbers or fractions' two-list data/two.csv --odds-ratios $ratios
done
for bad in "--level 1" "--limit -1" "--estimator chao" "--seed x" "--replicates 5"; do
    check "refused: $bad" 2 - "${bad%% *}.*EST_EOPTION" two-list data/two.csv $bad
done
for format in text json csv md html; do
    check "--format $format" 0 '.' '' two-list data/two.csv --internal --format $format
done
check "estimators stand in the heads by their names" 0 'Pair +Chapman.*Lincoln-Petersen' '' two-list dataset:korea
fails "and are called no models" grep -q 'Model Chapman' $out
finish
