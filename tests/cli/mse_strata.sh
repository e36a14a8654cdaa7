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

# Two lists at work in a stratum: said by name, with what rests on it. By itself such a stratum has one model, which is then taken as known.
printf 'g,A,B,C,count\n' >data/two.csv
for row in 1,0,0,120 0,1,0,120 0,0,1,112 1,1,0,35 1,0,1,33 0,1,1,34 1,1,1,9; do echo "x,$row"; done >>data/two.csv
for row in 1,0,0,900 0,1,0,900 1,1,0,60; do echo "y,$row"; done >>data/two.csv
printf 'list,g\nA,x\nA,y\nB,x\nB,y\nC,x\n' >data/two_at.csv
two="mse data/two.csv --by g --coverage data/two_at.csv --internal"
note='(lambda code: [note["message"] for note in r["notes"] if note["code"] == code])'
answer two.json $two --replicates 100
fact "two lists in a stratum: a warning with its share" two.json "'in y: ' in $note('two_list_strata')[0] and 'about 95 %' in $note('two_list_strata')[0]"
fact "two lists in a stratum: a flag of the total" two.json "'few_lists' in $total['flags'] and 'few_lists' not in $parts[0]['flags']"
fact "the model of all is not known" two.json "not any('model_known' in row['flags'] for row in rows('population'))"
answer own_two.json $two --dependence by-stratum --replicates 100
fact "one possible model is taken as known" own_two.json "'model_known' in $parts[1]['flags'] and 'model_known' not in $parts[0]['flags']"

# A stratum without an estimate, in which nobody is on two lists.
printf 'g,A,B,C,count\n' >data/gap.csv
for row in 1,0,0,120 0,1,0,120 0,0,1,112 1,1,0,35 1,0,1,33 0,1,1,34 1,1,1,9; do echo "x,$row"; done >>data/gap.csv
for row in 1,0,0,13 0,1,0,14 0,0,1,4; do echo "z,$row"; done >>data/gap.csv
gap="mse data/gap.csv --by g --internal --replicates 100"
for select in bic stepwise downhill; do
    answer gap.json $gap --dependence by-stratum --select $select
    judge "by stratum, $select: the others stand" 0 '' 'z has no estimate.*grows without bound'
    fact "by stratum, $select: a flagged row, no total" gap.json "$parts[1]['estimate'] is None and 'not_estimable' in $parts[1]['flags'] and
        $total['estimate'] is None and 800 < $parts[0]['lower'] + 50 < $parts[0]['estimate'] < $parts[0]['upper'] and r['stats']['bic'] is None"
done
for kind in bca studentised wald profile; do
    answer gap.json $gap --dependence by-stratum --ci $kind
    fact "by stratum, $kind" gap.json "$parts[0]['interval'] == '$kind' and $parts[0]['lower'] < $parts[0]['upper'] and $parts[1]['lower'] is None"
done
answer gap.json $gap --dependence by-stratum --reselect-top 3
fact "by stratum, a shortlist" gap.json "$parts[0]['lower'] < $parts[0]['upper'] and $parts[1]['estimate'] is None"
fact "by stratum: no coefficient of a stratum without a model" gap.json 'all(row[2] is None for row in r["frames"]["coefficients"]["rows"]
    if row[0] == "z") and all(row[2] is not None for row in r["frames"]["coefficients"]["rows"] if row[0] == "x")'
{ head -1 data/gap.csv; grep ^z data/gap.csv; sed -n 's/^z/w/p' data/gap.csv; } >data/none.csv
check "by stratum: no stratum stands" 4 - 'in no stratum.*A and B share nobody.*EST_EIDENTIFY' mse data/none.csv --by g --internal \
    --dependence by-stratum
check "a given model: no stratum stands" 4 - 'in every stratum nothing in the table limits.*EST_EIDENTIFY' mse data/none.csv --by g --internal \
    --model main
answer gap.json $gap --average --diagnose
judge "why there is no average" 0 '' 'there is no average over models'
fact "near ties over the strata that stand" gap.json "(lambda note: 'over the strata that have an estimate' in note and
    'Inf' not in note and 'from 8' in note)($note('near_ties')[0])"
fact "no number for what is not determined" gap.json \
    'all((row[2] is None) == (row[0] == "z") for row in r["frames"]["coefficients"]["rows"] if row[0] in "xz")'
fact "gates say that there is no estimate" gap.json "'z: there is an estimate' in $note('gates')[0] and '5 %' not in $note('gates')[0] and
    ['z', 'there is an estimate'] in [row[:2] for row in r['frames']['gates']['rows']]"
fact "no range of populations that do not exist" gap.json '"near-tied models: least" not in r["charts"][1]["categories"]'

# Additive effects of a list that was at work in two of four strata: one of its three effects cannot be told.
{ echo g,h,A,B,C,count
for row in x,p,1,0,0,35 x,p,0,1,0,24 x,p,0,0,1,25 x,p,1,1,0,6 x,p,1,0,1,6 x,p,0,1,1,5 x,q,1,0,0,26 x,q,0,1,0,25 x,q,1,1,0,6 y,p,1,0,0,21 \
    y,p,0,1,0,20 y,p,1,1,0,5 y,q,0,1,0,49 y,q,0,0,1,43 y,q,0,1,1,11 y,q,1,0,0,30 y,q,1,0,1,7; do echo $row; done; } >data/additive.csv
{ echo list,g,h
for list in A B; do for at in x,p x,q y,p y,q; do echo $list,$at; done; done
echo C,x,p; echo C,y,q; } >data/additive_at.csv
answer additive.json mse data/additive.csv --by g,h --coverage data/additive_at.csv --effects additive --internal --ci none --model main
fact "parameters of additive effects are what the strata tell" additive.json 'r["stats"]["n_parameters"] == 12'
answer excluded.json mse data/two.csv --by g --internal --average --ci none
fact "the weight of what takes no part, with strata" excluded.json "len($note('excluded_weight')) == 1"
answer top.json $scotland --ci none --top 3
fact "--top with strata" top.json 'len(r["frames"]["models"]["rows"]) == 3'

# Refusals.
check "a column that is not there" 3 - "column 'land'.*'region'" mse dataset:scotland_pwid_2006 --by land
check "a column twice" 2 - 'named twice' mse dataset:scotland_pwid_2006 --by region,region
check "the column of counts" 2 - "column 'count'.*another role" mse dataset:scotland_pwid_2006 --by count
check "additive effects without strata" 2 - 'option --effects' mse dataset:uk_2013_five --effects additive
check "additive effects, dependence by stratum" 2 - 'option --effects' $scotland --effects additive --dependence by-stratum
check "dependence by stratum without strata" 2 - 'option --dependence.*needs --by' mse dataset:uk_2013_five --dependence by-stratum
check "an average of dependence by stratum" 2 - 'option --dependence' $scotland --average --dependence by-stratum
{ head -2 data/rest.csv; echo ',0,1,0,5'; } >data/missing.csv
check "a stratum that is missing" 3 - "missing.csv, record 2 \(line 3\), column 'reg': found a missing value" \
    mse data/missing.csv --by reg
awk 'BEGIN { print "reg,A,B,C,count"; for (s = 0; s < 600; s++) print s ",1,0,0,9\n" s ",1,1,1,2" }' >data/many.csv
check "600 strata" 3 - "column 'reg': found more than 500 strata" mse data/many.csv --by reg

# Strata with nobody on the lists; a stratum column and a list whose names hold a comma.
printf 'region,"A, new",B,C,count\nnorth,1,0,0,60\nnorth,0,1,0,50\nnorth,0,0,1,40\nnorth,1,1,0,20\nnorth,1,0,1,18\nnorth,0,1,1,15\nnorth,1,1,1,9\n' >data/empty.csv
sed -n '2,$s/north/south/p' data/empty.csv >data/more.csv
cat data/more.csv >>data/empty.csv
printf 'west,1,0,0,0\neast,0,1,1,0\n' >>data/empty.csv
answer empty.json mse data/empty.csv --internal --by region --model main --ci none --lists '"A, new",B,C'
fact "strata with nobody are said to be left out" empty.json '[n["message"] for n in r["notes"] if n["code"] == "empty_strata"][0].startswith(
    "combinations of the stratum columns with nobody on the lists: 2.") and len(rows("population")) == 3'
fact "no such note without them" pairs.json 'not [n for n in r["notes"] if n["code"] == "empty_strata"]'
check "a quote that is not closed" 2 - 'lists: found a quote that is not closed' mse data/empty.csv --by region --lists '"A, new,B'
finish
