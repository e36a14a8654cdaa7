#!/usr/bin/env bash
# est sample-coverage. Figures: CARE1 1.1.0, in datasets/hepatitis_taiwan_1995.md and datasets/diabetes_casale.md.
. "$(dirname "$0")/lib.sh"
fact() { json "$1" "$2" "($3)"; } # an expression of any number of lines
of='(lambda name: [row for row in rows("population") if row.get("model") == name][0])'

answer() { # file, arguments...
    local file=$1
    shift
    est "$@" --format json
    cp $out "$file"
}

answer hepatitis.json sample-coverage dataset:hepatitis_taiwan_1995 --replicates 400
judge "hepatitis" 0 '' ''
fact "three estimators" hepatitis.json "all(abs($of(name)['estimate'] - e) < 5e-4 for name, e in
    (('independent', 407.004), ('high coverage', 970.805), ('low coverage', 507.772)))"
fact "low coverage answers" hepatitis.json 'abs(rows("population")[0]["estimate"] - 507.772) < 5e-4 and r["stats"]["estimator"] == "low coverage"'
fact "the sample coverage" hepatitis.json 'abs(r["stats"]["sample_coverage"] - 0.5127) < 5e-5'
fact "its standard error: 46 to 49 in three runs of CARE1" hepatitis.json '40 < rows("population")[0]["se"] < 56'
fact "limits never below the persons seen" hepatitis.json '271 < rows("population")[0]["lower"] < 507 < rows("population")[0]["upper"]'
answer diabetes.json sample-coverage dataset:diabetes_casale --replicates 400
fact "diabetes" diabetes.json "all(abs($of(name)['estimate'] - e) < 5e-4 for name, e in
    (('independent', 2271.689), ('high coverage', 2609.030), ('low coverage', 2457.969)))"
fact "high coverage answers" diabetes.json 'abs(rows("population")[0]["estimate"] - 2609.030) < 5e-4 and abs(r["stats"]["sample_coverage"] - 0.8035) < 5e-5'
fact "its standard error: 79 to 85" diabetes.json '70 < rows("population")[0]["se"] < 95'

answer high.json sample-coverage dataset:hepatitis_taiwan_1995 --threshold 0.5 --replicates 0
fact "a lower threshold" high.json 'abs(rows("population")[0]["estimate"] - 970.805) < 5e-4'
fact "no replicates, no interval" high.json 'rows("population")[0]["lower"] is None and rows("population")[0]["interval"] == "none"'
for name in independent:407.004 high:970.805 low:507.772; do
    answer one.json sample-coverage dataset:hepatitis_taiwan_1995 --estimator ${name%:*} --replicates 0
    fact "--estimator ${name%:*}" one.json "abs(rows('population')[0]['estimate'] - ${name#*:}) < 5e-4"
done

for threads in 1 2 7; do
    answer threads$threads.json sample-coverage dataset:diabetes_casale --replicates 300 --seed 5 --threads $threads
done
holds "1 and 2 threads give the same bytes" cmp threads1.json threads2.json
holds "1 and 7 threads give the same bytes" cmp threads1.json threads7.json
answer other.json sample-coverage dataset:diabetes_casale --replicates 300 --seed 6
fails "another seed gives another interval" cmp -s threads1.json other.json

printf 'A,B,count\n1,0,90\n0,1,60\n1,1,30\n' >data/two.csv
check "two lists" 3 - 'found 2 lists, expected at least three.*est two-list' sample-coverage data/two.csv
printf 'A,B,C,count\n1,0,0,90\n0,1,0,60\n0,0,1,30\n' >data/apart.csv
check "nobody on two lists" 4 - 'EST_EIDENTIFY' sample-coverage data/apart.csv
for bad in "--threshold 1.5" "--threshold nan" "--estimator best" "--replicates -1" "--replicates 1000001" "--level 95" "--model main"; do
    check "refused: $bad" 2 - "${bad%% *}.*EST_EOPTION" sample-coverage dataset:diabetes_casale $bad
done
for format in text csv md html; do
    check "--format $format" 0 '2,?609' '' sample-coverage dataset:diabetes_casale --replicates 0 --format $format
done
finish
