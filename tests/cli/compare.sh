#!/usr/bin/env bash
# est compare. Figures: by hand from the formulas (SE of a difference, log ratio), and the published Kenyan ones of
# datasets/kenya_benchmarks.md.
. "$(dirname "$0")/lib.sh"
of='(lambda estimand, period, against, what: [row[what] for row in rows(estimand) if row["domain"].get("period") == period and row["domain"].get("against") == against][0])'
fact() { json "$1" "$2" "($3)"; } # an expression of any number of lines

answer() { # file, arguments...
    local file=$1
    shift
    est "$@" --format json --quiet
    cp $out "$file"
}

# What may not be compared.
employment=census-2009-working-5-17,census-2019-working-5-17
check "34.5 % of 2009 and 8.5 % of 2019" 3 - "definition .*2009 census.* and .*2019 census.*--allow-break.*EST_EDEFINITION" \
    compare dataset:kenya_benchmarks --id $employment
check "the same by their estimand" 3 - "'census_working' of 2009 and 'census_working' of 2019" compare dataset:kenya_benchmarks --estimand census_working
places=norc-2021-csec-kilifi-kwale-mombasa,norc-followup-csec-kilifi-kwale
check "6,356 and 2,426 children" 3 - "geography 'Kilifi; Kwale; Mombasa' and 'Kilifi; Kwale'" compare dataset:kenya_benchmarks --id $places
answer break.json compare dataset:kenya_benchmarks --id $employment --allow-break
fact "with --allow-break there is a difference" break.json "near([$of('difference(census_working)', '2019', '2009', 'estimate')], [0.085042 - 0.3449])"
fact "it is marked" break.json "all('definition_break' in row['flags'] for row in r['rows'] if 'against' in row['domain'])"
fact "and so is the estimate after the break" break.json "[row['flags'] for row in rows('census_working')] == [[], ['definition_break']]"
fact "a note says what differs" break.json "any(n['code'] == 'definition_break' and '2009 census' in n['message'] for n in r['notes'])"
fact "the chart has a gap" break.json "r['charts'][0]['categories'] == ['2009', '(break)', '2019'] and r['charts'][0]['series'][0]['value'][1] is None"
answer break.json compare dataset:kenya_benchmarks --id $places --allow-break
fact "the children of other places are marked" break.json "[(row['estimate'], row['flags']) for row in r['rows'] if row['estimand'].startswith('difference')] ==
    [(2426 - 6356, ['definition_break'])]"
check "a page with the break" 0 'another definition' '' compare dataset:kenya_benchmarks --id $employment --allow-break --format html

# What may.
answer women.json compare dataset:kenya_benchmarks --estimand married_by_18
fact "married by 18, three surveys" women.json "near([$of('difference(married_by_18)', '2014', p, 'estimate') for p in ('1989', '2008-2009')], [-0.081, -0.035])"
fact "no standard error, no interval" women.json "all(row['se'] is None and row['lower'] is None for row in r['rows'])"
fact "a year" women.json "near([$of('change_per_year(married_by_18)', '2014', '2008-2009', 'estimate')], [-0.035 / 5.5])"
answer victims.json compare dataset:kenya_benchmarks --estimand victims_detected_number --domain 'definition=Victims identified by the Government,sex=,ages='
fact "victims of 2019, 2020, 2021, 2024" victims.json "near([row['estimate'] for row in rows('victims_detected_number')], [853, 383, 482, 195])"
fact "detection is told" victims.json "any(n['code'] == 'detection' for n in r['notes'])"

cat >data/waves.csv <<'D'
estimand,period,definition,geography,ages,county,estimate,se,df,n
child_labour_economic,2018,sdg-8.7.1,Kenya,5-17,,0.12,0.008,40,5000
child_labour_economic,2021,sdg-8.7.1,Kenya,5-17,,0.10,0.006,60,6000
child_labour_economic,2018,sdg-8.7.1,Kenya,5-17,Busia,0.20,0.03,10,300
child_labour_economic,2021,sdg-8.7.1,Kenya,5-17,Busia,0.15,0.04,12,250
D
answer waves.json compare data/waves.csv
fact "difference and its standard error" waves.json "near([$of('difference(child_labour_economic)', '2021', '2018', k) for k in ('estimate', 'se', 'df')],
    [-0.02, 0.01, 1e-8 / (0.008 ** 4 / 40 + 0.006 ** 4 / 60)])"
fact "ratio on the log scale" waves.json "(lambda q: near([q('estimate'), q('se'), math.sqrt(q('lower') * q('upper'))],
    [5 / 6, 5 / 6 * math.sqrt((0.008 / 0.12) ** 2 + 0.06 ** 2), 5 / 6]))(lambda k: $of('ratio(child_labour_economic)', '2021', '2018', k))"
fact "a series for each county" waves.json "[row['domain'].get('county') for row in rows('difference(child_labour_economic)')] == [None, 'Busia']"
answer busia.json compare data/waves.csv --domain county=Busia
fact "--domain" busia.json "near([row['estimate'] for row in rows('difference(child_labour_economic)')], [-0.05])"

# Results of est as data.
answer first.json survey dataset:kenya_women_synthetic --weight weight --strata stratum --psu cluster --proportion married_by_18=1 --by residence
answer second.json compare first.json --with first.json
fact "two results, a series for each domain" second.json "near([row['estimate'] for row in rows('difference(proportion(married_by_18=1))')], [0, 0, 0]) and
    'SYNTHETIC' in r['marks'][0]"
fact "the samples are taken as independent" second.json "near([row['se'] ** 2 for row in rows('difference(proportion(married_by_18=1))')],
    [2 * row['se'] ** 2 for row in rows('proportion(married_by_18=1)')[::2]])"
answer few.json compare data/waves.csv --suppress-below 20
sed 's/,300$/,20/' data/waves.csv >data/few.csv
answer few.json compare data/few.csv
fact "few cases are withheld, with their differences" few.json "all(row['estimate'] is None for row in r['rows'] if row['domain'].get('county') == 'Busia')"

# Faults.
check "one estimate" 3 - 'found 1 estimate to compare, expected at least two' compare dataset:kenya_benchmarks --id census-2019-working-5-17
check "no such row" 2 - "option --id: found 'census-2019-working-5-71'.*did you mean 'census-2019-working-5-17'" \
    compare dataset:kenya_benchmarks --id census-2019-working-5-71
check "no such label" 2 - "option --domain: found 'wealth'" compare data/waves.csv --domain wealth=poor
check "no table of estimates" 3 - "column 'estimand'" compare dataset:kenya_women_synthetic
printf 'estimand,period,estimate\ncensus_working,2009,34.5\ncensus_working,2019,8.5\n' >data/percent.csv
check "per cent instead of proportions" 3 - "record 1 .*column 'estimate': found 34.5, expected a proportion from 0 to 1" compare data/percent.csv
printf 'estimand,period,estimate,se\nx,2009,3,-1\nx,2019,8,1\n' >data/negative.csv
check "a negative standard error" 3 - "column 'se': found -1" compare data/negative.csv
for bad in "--order name" "--against all" "--level 1" "--allow" "--with nowhere.csv"; do
    est compare data/waves.csv $bad
    if [ "$code" = 2 ] || { [ "$code" = 3 ] && [ "$bad" = "--with nowhere.csv" ]; }; then ok "refused: $bad"; else not_ok "refused: $bad" "exit status $code"; fi
done
for format in text json csv md html; do
    check "--format $format" 0 '.' '' compare data/waves.csv --format $format
done
finish
