#!/usr/bin/env bash
# est heterogeneity. Figures: Cormack (1989), Agresti (1994), Coull and Agresti (1999), Dorazio and Royle (2003) and Rcapture 1.4-4, in
# datasets/hare_cormack.md.
. "$(dirname "$0")/lib.sh"
fact() { json "$1" "$2" "($3)"; } # an expression of any number of lines
model='(lambda name, what=1: [row for row in r["frames"]["models"]["rows"] if row[0] == name][0][what])'

answer() { # file, arguments...
    local file=$1
    shift
    est "$@" --format json
    cp $out "$file"
}

answer hares.json heterogeneity dataset:hare_cormack
judge "every model" 0 '' 'fewer than 100 persons'
fact "populations" hares.json "all(abs($model(name) - e) < 0.051 for name, e in (('M0', 75.4), ('Mt', 75.1), ('Mth-Darroch', 90.5),
    ('Mth-Normal', 92.0), ('Mh-Normal', 91.7), ('Mth-Poisson', 81.1), ('Mth-Gamma', 101.6)))"
fact "deviances: M0 and Mt 10.2 apart, Mth 50.7" hares.json "abs($model('M0', 6) - $model('Mt', 6) - 10.2) < 0.05 and
    abs($model('Mth-Darroch', 6) - 50.7) < 0.05 and $model('Mth-Darroch', 7) == 55"
# Five sixths of f1^2 / (2 f2): 25 hares once, 22 twice.
fact "Chao's lower bound" hares.json 'near([rows("lower_bound")[0]["estimate"]], [68 + 5 / 6 * 25 ** 2 / (2 * 22)])'
fact "no model answers for all" hares.json '[row for row in rows("population") if not row.get("model")] == []'
fact "a chart of them" hares.json 'r["charts"][0]["kind"] == "forest" and len(r["charts"][0]["categories"]) == 15'
fact "captures" hares.json 'r["frames"]["capture_frequencies"]["rows"] == [[1, 25], [2, 22], [3, 13], [4, 5], [5, 1], [6, 2]]'

answer six.json heterogeneity dataset:hare_cormack --model M0 --up-to 5
fact "without those caught six times: 77.2" six.json 'abs(rows("population")[0]["estimate"] - 77.2) < 0.05'
answer normal.json heterogeneity dataset:hare_cormack --model Mth-Normal
fact "one model answers" normal.json 'abs(rows("population")[0]["estimate"] - 92.0) < 0.05 and
    abs([row for row in r["frames"]["models"]["rows"]][0][11] - 0.97) < 0.005'
for cells in histories counts; do
    answer $cells.json heterogeneity dataset:hare_cormack --model Mh-Darroch --cells $cells
done
fact "cells do not move the estimate" counts.json \
    'near([rows("population")[0]["estimate"]], [json.load(open("histories.json"))["rows"][0]["estimate"]])'
answer corrected.json heterogeneity dataset:hare_cormack --model Mh-Chao --corrected
fact "corrected for bias" corrected.json '68 < rows("population")[0]["estimate"] < 79.837'
for kind in none log-normal profile; do
    answer $kind.json heterogeneity dataset:hare_cormack --model Mth-Darroch --ci $kind
    fact "--ci $kind" $kind.json "(rows('population')[0]['lower'] is None) == ('$kind' == 'none')"
done
fails "log-normal and profile differ" cmp -s log-normal.json profile.json
answer one.json heterogeneity dataset:hare_cormack --threads 1
answer seven.json heterogeneity dataset:hare_cormack --threads 7
holds "1 and 7 threads give the same bytes" cmp one.json seven.json

# Numbers of captures in place of histories.
printf 'times,count\n1,25\n2,22\n3,13\n4,5\n5,1\n6,2\n' >data/times.csv
answer times.json heterogeneity data/times.csv --internal --frequencies times --occasions 6
fact "the same M0" times.json "near([$model('M0')], [json.load(open('hares.json'))['frames']['models']['rows'][0][1]])"
fact "no model that needs histories" times.json "not any(row[0].startswith(('Mt', 'Mb')) for row in r['frames']['models']['rows'])"
check "Mt of frequencies" 2 - "option --model: 'Mt'.*needs capture histories" heterogeneity data/times.csv --frequencies times --model Mt
check "more captures than occasions" 3 - "record 4 \(line 5\), column 'times': found 4" \
    heterogeneity data/times.csv --frequencies times --occasions 3
check "no such column" 3 - "column 'none'.*'times', 'count'" heterogeneity data/times.csv --frequencies none
check "frequencies and lists" 2 - 'option --frequencies.*leave out --lists' heterogeneity data/times.csv --frequencies times --lists a,b
check "occasions of histories" 2 - 'option --occasions.*only with --frequencies' heterogeneity dataset:hare_cormack --occasions 5
check "no correction is known" 2 - 'no correction for bias' heterogeneity dataset:hare_cormack --model Mth-Normal --corrected
check "up to 1" 2 - 'option --up-to: found 1' heterogeneity dataset:hare_cormack --model M0 --up-to 1
check "up to more than the occasions" 2 - 'option --up-to: found 7, expected at most the 6 occasions' heterogeneity dataset:hare_cormack --up-to 7
check "up to more than the occasions, frequencies" 2 - 'option --up-to: found 7' heterogeneity data/times.csv --frequencies times --occasions 6 \
    --up-to 7
for idle in "--poisson-base 3" "--gamma-shape 3" "--nodes 9" "--cells counts"; do
    check "an option that Mt does not look at: $idle" 2 - "option ${idle%% *}: the chosen model" heterogeneity dataset:hare_cormack --model Mt $idle
done
check "cells of frequencies" 2 - 'option --cells' heterogeneity data/times.csv --frequencies times --cells counts
check "every model is named in the help" 0 'Mb, Mbh, Mtb' '' help heterogeneity
check "the page says that no one model answers" 0 'runs over the models from 72 to 102 .Mtb$' '' heterogeneity dataset:hare_cormack
check "captures that do not become fewer" 4 - 'first captures do not become fewer.*EST_EIDENTIFY' \
    heterogeneity dataset:uk_2013_five --model Mb
for bad in "--model Mx" "--ci bootstrap" "--cells rows" "--gamma-shape 0" "--poisson-base nan" "--nodes 201" "--nodes 1" "--level 95" "--frequency x"; do
    check "refused: $bad" 2 - "${bad%% *}.*EST_EOPTION" heterogeneity dataset:hare_cormack $bad
done
for format in text csv md html; do
    check "--format $format" 0 '90' '' heterogeneity dataset:hare_cormack --format $format
done
finish
