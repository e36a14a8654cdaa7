#!/usr/bin/env bash
# est mse --by: one joint model for all strata. Figures: datasets/scotland_pwid_2006.md (R glm and numpy).
. "$(dirname "$0")/lib.sh"
fact() { json "$1" "$2" "($3)"; } # an expression of any number of lines
scotland="mse dataset:scotland_pwid_2006 --by region,sex,age"
total='[row for row in rows("population") if not row["domain"]][0]'
parts='[row for row in rows("population") if row["domain"]]'

answer() { # file, arguments...
    local file=$1
    shift
    est "$@" --format json
    cp $out "$file"
}

answer pairs.json $scotland --model all-pairs --ci wald
judge "eight strata, all pairs" 0 '' ''
fact "their total" pairs.json "abs($total['estimate'] - 39540.090) < 5e-4 and abs(r['stats']['deviance'] - 72.610) < 5e-4"
fact "each stratum" pairs.json "[round(row['estimate'], 1) for row in $parts] ==
    [1159.2, 2381.3, 5878.5, 6604.9, 1513.0, 4472.3, 5685.8, 11845.1]"
fact "labels" pairs.json "$parts[0]['domain'] == {'region': 'GGC', 'sex': 'female', 'age': '35+'}"
fact "the strata add up" pairs.json "near([sum(row['estimate'] for row in $parts)], [$total['estimate']])"
fact "observed persons add up" pairs.json \
    'sum(row["estimate"] for row in rows("observed") if row["domain"]) == [row for row in rows("observed") if not row["domain"]][0]["estimate"] == 5670'
fact "the total is wider than independent strata: common dependence" pairs.json \
    "$total['se'] ** 2 > 2 * sum(row['se'] ** 2 for row in $parts)"

answer main.json $scotland --model main --ci none
fact "own main effects" main.json "abs($total['estimate'] - 22803.067) < 5e-4"
answer apart.json $scotland --model main --ci none --dependence by-stratum
fact "without dependence, common or by stratum is the same" apart.json "abs($total['estimate'] - 22803.067) < 5e-4"

# Dependence of each stratum's own: the strata are as if alone.
lists="--lists enquiry,hospital,SDMD,HCV"
answer own.json mse dataset:scotland_pwid_2006 $lists --by region --model all-pairs --dependence by-stratum --ci wald
awk -F, 'NR == 1 || $1 == "GGC"' "$datasets/scotland_pwid_2006.csv" | cut -d, -f4- >data/ggc.csv
answer alone.json mse data/ggc.csv --internal --model all-pairs --ci wald
fact "by stratum: as if alone" own.json "near([$parts[0][k] for k in ('estimate', 'lower', 'upper')],
    [json.load(open('alone.json'))['rows'][0][k] for k in ('estimate', 'lower', 'upper')])"

# Effects of each column that add up: fewer parameters than a set for each stratum.
answer additive.json $scotland --model main --effects additive --ci none
fact "additive effects" additive.json "r['stats']['n_parameters'] < json.load(open('main.json'))['stats']['n_parameters'] and
    20000 < $total['estimate'] < 26000"

# Intervals, the same for any number of threads.
for kind in bootstrap bca studentised; do
    answer $kind.json $scotland --ci $kind --replicates 100 --seed 5 --threads 1
    fact "$kind" $kind.json "$total['interval'] == '$kind' and $total['lower'] < $total['estimate'] < $total['upper']"
    for threads in 2 7; do
        answer again.json $scotland --ci $kind --replicates 100 --seed 5 --threads $threads
        holds "$kind with $threads threads" cmp $kind.json again.json
    done
done
answer profile.json $scotland --ci profile
fact "profile of each stratum, Wald of the total" profile.json \
    "$total['interval'] == 'log-normal' and {row['interval'] for row in $parts} == {'profile'}"

# A list that was not at work in a stratum.
printf 'reg,A,B,C,count\n' >data/rest.csv
for stratum in north south; do
    for row in 1,0,0,200 0,1,0,150 0,0,1,120 1,1,0,40 1,0,1,30 0,1,1,25 1,1,1,9; do
        [ $stratum,${row%%,*} = south,1 ] || echo "$stratum,$row" >>data/rest.csv
    done
done
printf 'list,reg\nA,north\n' >data/coverage.csv
answer rest.json mse data/rest.csv --internal --by reg --model "A:B C" --ci wald --coverage data/coverage.csv
fact "a list at rest: the stratum stands on the others" rest.json "near([$parts[1]['estimate']], [295 + 150 * 120 / 25])
    and 'few_lists' in $parts[1]['flags']"
printf 'list,reg\nA,south\n' >data/against.csv
check "coverage against the data, a file" 3 - "rest.csv, record 1 .*column 'A'.*not at work by.*against.csv" \
    mse data/rest.csv --by reg --coverage data/against.csv
for bad in "reg\nnorth:column 'list'" "list,reg\nZ,north:'Z' is no list" "list,reg\nA,mars:'mars' is no value" \
    "list,reg,x\nA,north,1:column 'x'" "list,reg\nA,:record 1 .*column 'reg'"; do
    printf "${bad%%:*}\n" >data/bad.csv
    check "a coverage table: ${bad#*:}" 3 - "bad.csv.*${bad#*:}" mse data/rest.csv --by reg --coverage data/bad.csv
done
check "coverage without --by" 2 - 'option --coverage' mse dataset:uk_2013_five --coverage data/coverage.csv

# Refusals.
check "a column that is not there" 3 - "column 'land'.*'region'" mse dataset:scotland_pwid_2006 --by land
check "a column twice" 2 - 'named twice' mse dataset:scotland_pwid_2006 --by region,region
check "the column of counts" 2 - "column 'count'.*another role" mse dataset:scotland_pwid_2006 --by count
check "additive effects without strata" 2 - 'option --effects' mse dataset:uk_2013_five --effects additive
check "additive effects, dependence by stratum" 2 - 'option --effects' $scotland --effects additive --dependence by-stratum
check "an average of dependence by stratum" 2 - 'option --dependence' $scotland --average --dependence by-stratum
{ head -2 data/rest.csv; echo ',0,1,0,5'; } >data/missing.csv
check "a stratum that is missing" 3 - "missing.csv, record 2 \(line 3\), column 'reg': found a missing value" \
    mse data/missing.csv --by reg
awk 'BEGIN { print "reg,A,B,C,count"; for (s = 0; s < 600; s++) print s ",1,0,0,9\n" s ",1,1,1,2" }' >data/many.csv
check "600 strata" 3 - "column 'reg': found more than 500 strata" mse data/many.csv --by reg
finish
