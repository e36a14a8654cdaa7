#!/usr/bin/env bash
# est weight: every option, the copy with the weights, the round trip through est survey, refusals, and what is published.
. "$(dirname "$0")/lib.sh"
women="dataset:kenya_women_synthetic"
totals="dataset:kenya_women_synthetic_totals"

cat >data/households.csv <<'P'
region,sex,r,w
n,f,1,2
n,f,0,3
n,f,1,5
n,m,1,4
n,m,1,1
s,f,1,6
s,f,0,6
s,m,0,1
s,m,1,3
s,m,0,0
P
printf 'variable,level,total\nregion,n,100\nregion,s,60\nsex,f,90\nsex,m,70\n' >data/margins.csv
printf 'variable,level,total\nregion:sex,n:f,50\nregion:sex,n:m,30\nregion:sex,s:f,45\nregion:sex,s:m,20\n' >data/cells.csv
cp data/households.csv before.csv
base="data/households.csv --weight w"
response="--response r --response-cells region,sex"
report="--internal --format json --output r.json --quiet"

# `weights` is the column of final weights in the JSON of an internal run.
weighs() { # name, expression over r, rows(), weights, step(name, column); arguments...
    local name=$1 expression=$2
    shift 2
    est weight "$@" $report
    if [ $code != 0 ]; then
        not_ok "$name" "exit status $code: $(head -c 400 $err)"
        return
    fi
    json "$name" r.json "(lambda weights, step: $expression)([row[2] for row in r['frames']['weights']['rows']], lambda name, column: \
[row[r['frames']['steps']['columns'].index(column)] for row in r['frames']['steps']['rows'] if row[0] == name][0])"
}

# Every option.
weighs "--weight" "weights == [2, 3, 5, 4, 1, 6, 6, 1, 3, 0] and step('base', 'sum') == 31 and step('base', 'rows') == 9" $base
printf 'p,q\n0.5,0.1\n1,0.04\n' >data/chances.csv
weighs "--probability" "near(weights, [20, 25])" data/chances.csv --probability p,q
weighs "--response-cells" "near(weights, [20/7, 0, 50/7, 4, 1, 12, 0, 0, 4, 0])" $base $response
json "the response rate of each cell" r.json "near([row['estimate'] for row in rows('response_rate')], [21/31, .7, 1, .5, .75])"
json "its labels" r.json "rows('response_rate')[1]['domain'] == {'region': 'n', 'sex': 'f'} and rows('response_rate')[1]['n'] == 2"
json "the flag of few respondents" r.json "all(row[6] == 'few respondents' for row in r['frames']['response']['rows'])"
weighs "--response-minimum" "[row[6] for row in r['frames']['response']['rows']] == ['', '', 'few respondents', 'few respondents']" \
    $base $response --response-minimum 2
weighs "--response-factor" "[row[6] for row in r['frames']['response']['rows']] == ['', '', 'large factor', '']" \
    $base $response --response-minimum 1 --response-factor 1.9
printf 'region,sex,r,w\nn,f,1,2\nn,f,0,3\nn,f,1,5\nn,m,1,4\nn,m,0,1\ns,f,1,6\ns,f,0,6\ns,m,0,1\ns,m,1,3\n' >data/model.csv
weighs "--propensity with a parameter a cell is cells" \
    "all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(weights, [20/7, 0, 50/7, 5, 0, 12, 0, 0, 4]))" \
    data/model.csv --weight w --response r --propensity 'factor(region) * factor(sex)'
weighs "--propensity-weights unweighted" "near(weights, [3, 0, 7.5, 8, 0, 12, 0, 0, 6])" \
    data/model.csv --weight w --response r --propensity 'factor(region) * factor(sex)' --propensity-weights unweighted
weighs "--propensity-classes" "len(r['frames']['response']['rows']) == 2 and math.isclose(sum(weights), 31)" \
    data/model.csv --weight w --response r --propensity 'factor(region) + factor(sex)' --propensity-classes 2
weighs "--calibrate poststratify" "near(weights, [10, 15, 25, 24, 6, 22.5, 22.5, 5, 15, 0])" \
    $base --calibrate poststratify --margins data/cells.csv
for kind in rake linear exponential 'bounded --bounds 0.2,9' 'logit --bounds 0.2,9' 'rake --bounds 1e-3,9' \
    'exponential --bounds 1e-3,9'; do
    weighs "--calibrate $kind" "near([sum(weights[:5]), sum(weights[5:]), weights[0] + weights[1] + weights[2] + weights[5] + weights[6]], \
[100, 60, 90]) and all(abs(row[2] - row[4]) < 1e-8 for row in r['frames']['margins']['rows'])" \
        $base --calibrate $kind --margins data/margins.csv
done
json "its factors" r.json "rows('factor_smallest')[0]['estimate'] > 2 and rows('factor_largest')[0]['domain'] == {'step': 'calibration'}"
json "rows behind each total, and what they weigh before" r.json \
    "[row[:4] for row in r['frames']['margins']['rows']] == [['region=n', 5, 100, 15], ['region=s', 4, 60, 16], \
['sex=f', 5, 90, 22], ['sex=m', 4, 70, 9]]"
weighs "--response-cells and --calibrate" "near([sum(weights[:5]), sum(weights)], [100, 160]) and weights[1] == 0" \
    $base $response --calibrate rake --margins data/margins.csv
weighs "--trim" "near([max(weights), min(w for w in weights if w), sum(weights)], [5, 1.5, 31])" $base --trim 1.5,5
weighs "--trim of the largest alone" "near([max(weights), sum(weights)], [5, 31])" $base --trim ,5
weighs "--trim keeps known totals" "near([sum(weights[:5]), sum(weights[5:]), max(weights)], [100, 60, 30])" \
    $base --calibrate rake --margins data/margins.csv --trim 1,30
weighs "--trim-median" "r['stats']['upper_limit'] == 4.5 and near([max(weights), sum(weights)], [4.5, 31])" $base --trim-median 1.5
printf 'h,p,sex,w\n1,1,f,2\n1,1,m,2\n1,2,f,3\n1,2,f,3\n2,1,m,4\n2,1,f,4\n2,2,m,1\n2,2,m,1\n' >data/clusters.csv
printf 'variable,level,total\nsex,f,30\nsex,m,25\n' >data/sexes.csv
weighs "--by-cluster --psu --strata --nest" \
    "near([weights[0] - weights[1], weights[2] - weights[3], weights[0] / 2 - weights[4] / 4], [0, 0, 0]) and math.isclose(sum(weights), 55)" \
    data/clusters.csv --weight w --calibrate linear --margins data/sexes.csv --by-cluster --psu p --strata h --nest
check "a PSU in two strata without --nest" 3 - 'EST_EDEFINITION' weight data/clusters.csv --weight w --calibrate linear \
    --margins data/sexes.csv --by-cluster --psu p --strata h
"$EST" weight - --weight w <data/households.csv >$out 2>$err; code=$?
judge "standard input" 0 'Weights after each step' ''

# Every format.
for format in text json csv md html; do
    check "--format $format" 0 'calibration' '' weight $women --weight weight --calibrate poststratify --margins $totals --format $format
    cp $out page.$format
done
holds "the page has Kish's design effect" grep -Eq 'calibration .* 1\.241 ' page.text
holds "and the note on variance" grep -q 'must take the calibration into account' page.text
json "JSON: sum and Kish's design effect" page.json \
    "(lambda w: near([rows('weight_sum')[1]['estimate'], rows('weight_design_effect')[1]['estimate']], \
[1402500, len(w) * sum(x * x for x in w) / sum(w) ** 2]))([row[2] for row in r['frames']['weights']['rows']])"
json "JSON: fields" page.json "set(r) == {'schema', 'method', 'rows', 'stats', 'frames', 'notes', 'marks', 'provenance'} and \
[row['estimand'] for row in r['rows'][:5]] == ['weight_sum', 'weight_smallest', 'weight_largest', 'weight_cv', 'weight_design_effect'] \
and r['frames']['weights']['columns'] == ['record', 'base', 'final'] and len(r['frames']['weights']['rows']) == 2634"
for threads in 1 2 7; do
    est weight $women --weight weight --calibrate rake --margins $totals --threads $threads --copy threads$threads.csv --format json
    cp $out threads$threads.json
done
holds "the same bytes whatever the threads" bash -c 'cmp threads1.json threads7.json && cmp threads2.csv threads7.csv && cmp threads1.csv threads2.csv'

# The copy.
check "--copy" 0 'Weights after each step' '^written: copy.csv$' weight $base $response --copy copy.csv
holds "its header" grep -qx 'region,sex,r,w,weight_final' <(head -1 copy.csv)
holds "the columns are as they were" cmp data/households.csv <(cut -d, -f1-4 copy.csv)
holds "the weights" diff <(printf '%s\n' 0 4 0 | sort) <(sed -n '3p;5p;11p' copy.csv | cut -d, -f5 | sort)
holds "for the owner alone" bash -c '[ "$(stat -c %a copy.csv)" = 600 ]'
check "--copy-column" 0 '' - weight $base --copy copy.csv --copy-column 'a, b' --quiet
holds "is quoted where it must be" grep -qx 'region,sex,r,w,"a, b"' <(head -1 copy.csv)
printf 'id;w;note\r\n007;2;"a;b"\r\n008;1.50;" x "\r\n009;1e0;\r\n' >data/semicolons.csv
check "--copy of semicolons and CRLF" 0 '' '' weight data/semicolons.csv --weight w --copy copy.csv
printf 'id,w,note,weight_final\n007,2,"a;b",2\n008,1.50," x ",1.5\n009,1e0,,1\n' >expected.csv
holds "is the same cells" cmp expected.csv copy.csv
check "--copy beside --output" 0 - 'written: copy.csv' weight $base --copy copy.csv --output page.json
check "--copy beside a folder" 0 - 'written: ' weight $base --copy pages.csv --output pages/
holds "the folder has no table of single records" bash -c '[ -e pages/weight_steps.csv ] && [ ! -e pages/weight_weights.csv ]'

if "$PYTHON" -c 'import pandas' 2>/dev/null; then
    "$PYTHON" - <<'P'
import pandas
data = pandas.DataFrame({"area": pandas.Categorical(["town", "land", "town"]), "w": [2.5, 1.0, 4.0], "name": ["a, b", "c", ""]})
data.to_stata("data/labels.dta", write_index=False)
P
    check "--copy of .dta" 0 '' '' weight data/labels.dta --weight w --copy stata.csv
    printf 'area,w,name,weight_final\n1,2.5,"a, b",2.5\n0,1,c,1\n1,4,,4\n' >expected.csv
    holds "has the codes, not their labels" cmp expected.csv stata.csv
else
    skip "--copy of .dta: pandas is needed to make the file" 2
fi

# The round trip: est survey takes the copy, and accounts for the calibration as when it calibrates itself.
est weight $women --weight weight --calibrate rake --margins $totals --copy women.csv
survey() { # file of JSON, arguments
    local file=$1
    shift
    "$EST" survey "$@" --strata stratum --psu cluster --proportion married_by_18=1 --mean children --by residence --internal \
        --format json --output "$file" --quiet 2>$err || not_ok "est survey $*" "$(head -c 400 $err)"
}
survey inside.json $women --weight weight --calibrate rake --margins $totals
survey declared.json women.csv --weight weight_final --calibrate declared --calibrated residence:age --base-weight weight
survey again.json women.csv --weight weight --calibrate rake --margins $totals
survey alone.json women.csv --weight weight_final
survey jackknife.json women.csv --weight weight --calibrate rake --margins $totals --variance jkn
"$PYTHON" - >$out 2>&1 <<'P'
import json, math
def read(name):
    return [(row["estimate"], row["se"], row["n"], row["df"]) for row in json.load(open(name + ".json"))["rows"]]
def same(a, b, what):
    return len(a) == len(b) and all(math.isclose(x[k], y[k], rel_tol=1e-11) for x, y in zip(a, b) for k in what)
inside, alone, jackknife = read("inside"), read("alone"), read("jackknife")
print("rows", len(inside))
print("declared", same(inside, read("declared"), (0, 1, 2, 3)))
print("again", same(inside, read("again"), (0, 1, 2, 3)))
print("alone", same(inside, alone, (0, 2)), all(x[1] < y[1] for x, y in zip(inside[:1], alone[:1])))
print("jackknife", same(inside, jackknife, (0,)), all(0.95 < x[1] / y[1] < 1.05 for x, y in zip(inside, jackknife)))
P
holds "six estimates" grep -qx 'rows 6' $out
holds "--calibrate declared on the copy: the same standard errors as calibrating inside" grep -qx 'declared True' $out
holds "and so the base weights of the copy with the totals" grep -qx 'again True' $out
holds "the weights alone give the same estimates and larger errors" grep -qx 'alone True True' $out
holds "replicates that are calibrated again agree to 5 %" grep -qx 'jackknife True True' $out

# Nonresponse and calibration, in two runs and in one.
"$PYTHON" - <<'P'
import random
draw = random.Random(7)
with open("data/people.csv", "w") as file:
    file.write("h,p,cell,sex,r,y,w\n")
    for psu in range(24):
        for _ in range(20):
            cell, sex = draw.choice("abc"), draw.choice("fm")
            r = int(draw.random() < {"a": .9, "b": .7, "c": .5}[cell])
            y = round(draw.gauss(10 + 5 * (sex == "f") + 3 * (cell == "c"), 3), 3)
            file.write(f"{psu // 6},{psu},{cell},{sex if r else ''},{r},{y if r else ''},{5 + psu // 6}\n")
P
printf 'variable,level,total\nsex,f,1500\nsex,m,1600\n' >data/sex.csv
people="data/people.csv --weight w --response r --response-cells cell"
est weight $people --copy step1.csv --copy-column weight_response
est weight step1.csv --weight weight_response --calibrate rake --margins data/sex.csv --copy step2.csv
est weight $people --calibrate rake --margins data/sex.csv --copy once.csv
holds "one run gives the weights of two" cmp <(cut -d, -f8 once.csv) <(cut -d, -f9 step2.csv)
mean="--strata h --psu p --mean y --internal --format json --quiet"
declared="--calibrate declared --calibrated sex"
se() { "$EST" survey "$@" $mean 2>$err | "$PYTHON" -c 'import json, sys; print(repr(json.load(sys.stdin)["rows"][0]["se"])[:12])'; }
inside=$(se step1.csv --weight weight_response --calibrate rake --margins data/sex.csv)
holds "declared from the weights after nonresponse" test "$(se step2.csv --weight weight_final $declared --base-weight weight_response)" = "$inside"
check "declared from the base weights is refused" 3 - 'calibrated weight 0 and a weight before.*--g-weighted.*EST_EDEFINITION' \
    survey once.csv --weight weight_final $declared --base-weight w $mean
check "but not with --g-weighted" 0 '"se": 0' - survey once.csv --weight weight_final $declared --base-weight w --g-weighted $mean
check "declared with replicates says why not" 2 - 'declared' survey step2.csv --weight weight_final $declared --base-weight weight_response \
    --variance jkn $mean
fails "and does not speak of combinations" grep -q 'combinations' $err
check "--bounds with rake in est survey" 0 '"se": 0' - survey step1.csv --weight weight_response --calibrate rake --margins data/sex.csv \
    --bounds 0.5,2 $mean
check "--bounds with linear" 2 - 'bounded, logit, rake or exponential' survey step1.csv --weight weight_response --calibrate linear \
    --margins data/sex.csv --bounds 0.5,2 $mean
check "the note after an adjustment alone" 0 'Do not declare the response cells as calibrated' '' weight $people
check "the note after both" 0 'that leaves out the adjustment for nonresponse' '' weight $people --calibrate rake --margins data/sex.csv

# Refusals: status 2, 3 and 4; the copy is not touched.
echo old >refused.csv
refuses() { # name, exit status, stderr, arguments...
    check "$1" "$2" - "$3" weight "${@:4}"
    holds "$1: nothing was written" bash -c 'echo old | cmp - refused.csv && ! ls -A . data | grep -q "^\.est-"'
}
refuses "no weights" 2 'expected one of --weight' data/households.csv --copy refused.csv
refuses "two kinds of weights" 2 'expected one of --weight' $base --probability w --copy refused.csv
refuses "--response alone" 2 'needs --response-cells or --propensity' $base --response r --copy refused.csv
refuses "--response-cells alone" 2 'need --response' $base --response-cells sex --copy refused.csv
refuses "cells and a model" 2 'two ways' $base $response --propensity sex --copy refused.csv
refuses "classes without a model" 2 'propensity-classes' $base $response --propensity-classes 3 --copy refused.csv
refuses "--calibrate without --margins" 2 'needs --margins' $base --calibrate rake --copy refused.csv
refuses "--margins alone" 2 'none was chosen' $base --margins data/margins.csv --copy refused.csv
refuses "bounds on one side of 1" 2 'bounds' $base --calibrate logit --bounds 2,3 --margins data/margins.csv --copy refused.csv
refuses "bounds of a kind that has none" 2 'bounds' $base --calibrate linear --bounds 0.5,3 --margins data/margins.csv --copy refused.csv
refuses "no bounds where some are needed" 2 'bounds' $base --calibrate bounded --margins data/margins.csv --copy refused.csv
refuses "--by-cluster without --psu" 2 'needs --psu' $base --calibrate rake --margins data/margins.csv --by-cluster --copy refused.csv
refuses "--nest alone" 2 'psu' $base --nest --copy refused.csv
refuses "limits the wrong way round" 2 'trim' $base --trim 5,4 --copy refused.csv
refuses "two kinds of limits" 2 'one of them' $base --trim 1,4 --trim-median 3 --copy refused.csv
refuses "a limit below the median" 2 'above 1' $base --trim-median 0.5 --copy refused.csv
refuses "an unknown option" 2 'did you mean --trim' $base --trimm 1,4 --copy refused.csv
refuses "a file that is not there" 3 'EST_EFILE' data/absent.csv --weight w --copy refused.csv
refuses "an unknown column" 3 "did you mean|EST_ECOLUMN" data/households.csv --weight v --copy refused.csv
refuses "a chance above 1" 3 'record 1.*above 0 and at most 1' data/households.csv --probability w --copy refused.csv
refuses "a response of 2" 3 'expected 1 for a row' $base --response w --response-cells sex --copy refused.csv
printf 'sex,r,w\nf,1,1\nm,0,1\n' >data/nobody.csv
refuses "a cell where nobody responded" 3 "nobody responded in 'sex=m'.*EST_EDEFINITION" data/nobody.csv --weight w --response r \
    --response-cells sex --copy refused.csv
printf 'variable,level,total\nregion,n,100\nregion,s,60\nsex,f,90\nsex,m,75\n' >data/contradiction.csv
refuses "totals that contradict each other" 3 'contradict each other' $base --calibrate rake --margins data/contradiction.csv \
    --copy refused.csv
refuses "bounds that cannot be met" 3 'cannot be met' $base --calibrate bounded --bounds 0.9,1.1 --margins data/margins.csv \
    --copy refused.csv
refuses "limits that cannot be met" 3 'cannot add up' $base --trim 0,2 --copy refused.csv
printf 'age,r,w\n1,0,1\n2,0,1\n3,1,1\n4,1,1\n' >data/separated.csv
refuses "a model without an estimate" 4 'EST_EIDENTIFY' data/separated.csv --weight w --response r --propensity age --copy refused.csv
refuses "a name that is taken" 3 "has a column 'w' already.*EST_ECOLUMN" $base --copy refused.csv --copy-column w
refuses "no name of the new column" 2 'no name' $base --copy refused.csv --copy-column ''
refuses "--copy-column alone" 2 'give the path' $base --copy-column v
refuses "a copy that is no CSV" 2 'ends in .csv' $base --copy copy.dta
refuses "a copy into a folder" 2 'ends in .csv' $base --copy data
refuses "a copy in a folder that is not there" 5 'nowhere' $base --copy nowhere/copy.csv
refuses "the copy and the page in one file" 2 'the same file' $base --copy refused.csv --output ./refused.csv
refuses "the copy among the pages of a folder" 2 'the same file' $base --copy pages/weight_steps.csv --output pages/
"$EST" weight - --weight w --copy refused.csv <data/households.csv >$out 2>$err; code=$?
judge "a copy of standard input" 2 - 'only once'
check "est survey gives no copies" 2 - 'unknown option --copy' survey $women --mean age --copy copy.csv
check "the input is never the copy" 2 - 'may replace DATA' weight $base --copy data/households.csv
ln data/households.csv data/linked.csv
check "under another name either" 2 - 'may replace DATA' weight $base --copy data/linked.csv
check "nor the file of the totals" 2 - 'may replace the file of --margins' weight $base --calibrate rake --margins data/margins.csv \
    --copy data/margins.csv
holds "the input is as it was" cmp data/households.csv before.csv

# Private files: small cells, and single records.
"$PYTHON" - <<'P'
with open("data/private.csv", "w") as file:
    file.write("region,sex,r,w\n")
    for i in range(192):
        file.write(f"{'n' if i < 120 else 's'},{'fm'[i // 60 % 2]},{int(i % (4 if i < 180 else 3) != 0)},10\n")
P
printf 'variable,level,total\nregion:sex,n:f,700\nregion:sex,n:m,650\nregion:sex,s:f,610\nregion:sex,s:m,90\n' >data/known.csv
private="data/private.csv --weight w $response --calibrate poststratify --margins data/known.csv"
check "of private data" 0 '' 'some cells' weight $private --format json --output private.json
json "a cell of 12 rows, 8 of whom responded, is withheld" private.json \
    "all(cell in ('*', 'x') for cell in r['frames']['response']['rows'][3][1:6]) and r['frames']['response']['rows'][3][0] == 'region=s, sex=m'"
json "with another one" private.json "any(row[2] == 'x' for row in r['frames']['response']['rows'][:3])"
json "and its share of the known totals" private.json "all(cell in ('*', 'x') for cell in r['frames']['margins']['rows'][3][1:])"
json "and the extremes of the weights" private.json "all(row['estimate'] is None for name in ('weight_smallest', 'weight_largest', \
'weight_cv', 'weight_design_effect', 'factor_smallest', 'factor_largest') for row in rows(name)[-1:])"
json "no count below 25 is left" private.json "all(row['n'] is None or row['n'] >= 25 for row in r['rows'])"
json "no single record" private.json "'weights' not in r['frames'] and any(note['code'] == 'records' for note in r['notes'])"
fails "no name of the small cell in a message" grep -q 'sex=m' $err
check "--internal shows all" 0 '' '' weight $private --format json --output private.json --internal --quiet
json "the small cell" private.json "r['frames']['response']['rows'][3][1:3] == [12, 8] and len(r['frames']['weights']['rows']) == 192"
for format in text csv md html; do
    check "--format $format of private data" 0 '' '' weight $private --format $format --quiet
    fails "has neither its factor nor its rate" grep -Eq '0\.6666|[^0-9]11\.25|[^0-9]120([^0-9]|$)' $out
done

# Interrupted while the copy is written: nothing is left.
"$PYTHON" - <<'P'
row = "1," + "x" * 400 + "\n"
with open("data/large.csv", "w") as file:
    file.write("w,text\n")
    for _ in range(30):
        file.write(row * 10000)
P
mkdir here
echo old >here/copy.csv
for signal in INT:130 TERM:143; do
    expected=${signal#*:} signal=${signal%:*}
    "$EST" weight data/large.csv --weight w --copy here/copy.csv >$out 2>$err </dev/null & program=$!
    for _ in $(seq 2000); do
        if ls -A here | grep -q '^\.est-' || ! kill -0 $program 2>/dev/null; then break; fi
        sleep 0.005
    done
    kill -s $signal $program
    wait $program
    code=$?
    judge "SIG$signal while the copy is written" $expected - 'EST_ECANCELLED'
    holds "the old copy stands, no temporary file" bash -c '[ "$(ls -A here)" = copy.csv ] && echo old | cmp - here/copy.csv'
done
rm data/large.csv
finish
