#!/usr/bin/env bash
# est trend: the Colombian table, its periods file, threads.
. "$(dirname "$0")/lib.sh"
trend="trend dataset:colombia_child_recruitment"
periods="--population dataset:colombia_child_recruitment_periods"

# Figures of the project: common dependence, all pairs, every period on its face of the marginal cone.
est $trend --dependence common --model all-pairs --replicates 0 --format json
cp $out common.json
judge "common dependence, all pairs" 0 '"schema": ?"est-result/1"' ''
json "population of each period" common.json 'near([row["estimate"] for row in rows("population")],
    [1666.763362, 6757.183285, 15943.79432, 5588.897925, 4593.455829, 1184.293809])'
json "periods in time order" common.json '[row["domain"]["period"] for row in rows("population")] == [
    "1990-1994", "1995-1999", "2000-2004", "2005-2009", "2010-2014", "2015-2017"]'
json "BIC" common.json 'near([r["stats"]["bic"]], [2056.081954])'
json "observed adds up to the counts of the table" common.json \
    "sum(row['estimate'] for row in rows('observed')) == $(awk -F, 'NR > 1 { n += $NF } END { print n }' \
        "$datasets/colombia_child_recruitment.csv")"

check "the period file is a table option" 0 '' '' $trend --dependence common --model all-pairs --replicates 0 $periods
check "a period file that is not there" 3 - 'EST_EFILE' $trend --population dataset:colombia_child_recruitment_period
check "the nearest dataset is named" 3 - 'colombia_child_recruitment_periods' \
    $trend --population dataset:colombia_child_recruitment_period
check "a choice that is none" 2 - 'by-period' $trend --dependence by-perod
check "standard input twice" 2 - 'only once' trend - --population -
check "one period is no trend" 3 - 'EST_EDEFINITION|EST_ECOLUMN' trend dataset:kosovo_1999

boot="$trend --dependence common --model all-pairs --replicates 100 --seed 3"
for threads in 1 2 7; do
    est $boot --format json --threads $threads
    judge "bootstrap with $threads threads" 0 '' ''
    cp $out threads$threads.json
done
holds "1 and 2 threads give the same bytes" cmp threads1.json threads2.json
holds "1 and 7 threads give the same bytes" cmp threads1.json threads7.json

quick="$trend --dependence common --model all-pairs --replicates 0"
for format in text json csv md html; do
    check "--format $format" 0 '' '' $quick --format $format
    holds "--format $format has something in it" test -s $out
done
check "--output folder/" 0 - '^written: folder/$' $quick --output folder/
holds "a chart is in the folder" bash -c 'ls folder/*.svg'
finish
