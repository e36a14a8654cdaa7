#!/usr/bin/env bash
# est trafficking. Figures: the pages of kenya_victims_identified and kenya_population; everything else number / people * 100,000,
# computed a second time here.
. "$(dirname "$0")/lib.sh"
fact() { json "$1" "$2" "($3)"; } # an expression of any number of lines
of='(lambda estimand, what, **labels: [row[what] for row in rows(estimand) if row["domain"] == labels][0])'
kenya=(--population dataset:kenya_population --denominator)

answer() { # file, arguments...
    local file=$1
    shift
    est "$@" --format json
    cp $out "$file"
}

# ---- detected ----
answer census.json trafficking dataset:kenya_victims_identified "${kenya[@]}" "census 2019" --by sex,age
judge "victims of 2019 over the census" 0 '' 'no_population'
fact "in all, girls, boys, women" census.json "[round($of('victims_detected_rate', 'estimate', **labels), 2) for labels in (
    dict(period='2019'), dict(period='2019', sex='female', age='child'), dict(period='2019', sex='male', age='child'),
    dict(period='2019', sex='female', age='adult'))] == [1.79, 3.23, 2.05, 2.09]"
fact "to the last digit" census.json "near([$of('victims_detected_rate', 'estimate', period='2019', sex='female', age='child')],
    [351 / 10862532 * 1e5])"
fact "only 2019 has a census" census.json "{row['domain']['period'] for row in rows('victims_detected_rate')} == {'2019'}"
fact "numbers of all years" census.json "[$of('victims_detected_number', 'estimate', period=year)
    for year in ('2015', '2019', '2020', '2021', '2024')] == [153, 853, 383, 482, 195]"
fact "every rate names its population and its series" census.json "all(row['population'] == 'census 2019, people of the same sex and age' and
    row['definition'] == 'SDG 16.2.2, detected (VC_HTF_DETVR)' for row in rows('victims_detected_rate'))"
fact "the populations stand beside" census.json "{row[3] for row in r['frames']['denominators']['rows']} ==
    {47564296, 11060063, 10862532, 12487608, 13151887}"
answer un.json trafficking dataset:kenya_victims_identified "${kenya[@]}" "UN WPP 2024 mid-year"
fact "over the UN mid-year estimate" un.json "round($of('victims_detected_rate', 'estimate', period='2019'), 2) == 1.67"
fact "recording is told of" un.json "'recording' in {note['code'] for note in r['notes']}"
check "--population is needed" 2 - 'option --population is missing' trafficking dataset:kenya_victims_identified
check "--denominator is needed where there are two" 2 - "'UN WPP 2024 mid-year', 'census 2019'" trafficking \
    dataset:kenya_victims_identified --population dataset:kenya_population
for format in text json csv md html; do
    check "--format $format" 0 '.' '' trafficking dataset:kenya_victims_identified "${kenya[@]}" "census 2019" --by sex,age --format $format
done

# ---- counts that are not public ----
printf 'year,sex,age,form,count\n2019,female,child,sexual,14\n2019,male,child,sexual,4\n2019,female,adult,labour,77\n2019,male,adult,begging,123\n' \
    >data/private.csv
check "a form that nobody knows" 3 - "column 'form': found 'begging', expected sexual" trafficking data/private.csv "${kenya[@]}" \
    "census 2019" --by form
answer private.json trafficking data/private.csv "${kenya[@]}" "census 2019" --by sex,age
fact "small counts go with their rates" private.json "all((row['estimate'] is None) == (row['n'] is None) == (len(row['domain']) > 1)
    for row in r['rows'])"
fact "what is left is rounded, rates with numbers" private.json "$of('victims_detected_number', 'estimate', period='2019') == 220 and
    near([$of('victims_detected_rate', 'estimate', period='2019')], [220 / 47564296 * 1e5])"
fails "the exact rate stands nowhere" grep -q "$("$PYTHON" -c 'print(repr(218 / 47564296 * 1e5)[:8])')" private.json
answer internal.json trafficking data/private.csv "${kenya[@]}" "census 2019" --by sex,age,form --forms begging=other --internal
fact "--internal shows every number" internal.json "$of('victims_detected_number', 'estimate', period='2019', sex='male', age='child',
    form='sexual exploitation') == 4 and 'FOR INTERNAL USE' in r['marks'][0]"
fact "a series for each form" internal.json "{row['definition'][-15:] for row in rows('victims_detected_rate') if 'form' in row['domain']} ==
    {'(VC_HTF_DETVSXR)'[-15:], '(VC_HTF_DETVFLR)'[-15:], '(VC_HTF_DETVOGR)'[-15:], '(VC_HTF_DETVOPR)'[-15:]}"

# ---- estimated ----
answer trend.json trend dataset:kenya_tip_synthetic --lists DCI,DCS,NGO,BMS,NEA --dependence independence --replicates 100
answer rate.json trafficking trend.json "${kenya[@]}" "UN WPP 2024 mid-year"
judge "a trend as JSON" 0 '' ''
cat >divide.py <<'P'
import json, math, sys
people = {"2019": 51203000, "2020": 52218000, "2021": 53219000, "2022": 54253000, "2023": 55338000}
trend, rates = (json.load(open(name)) for name in sys.argv[1:])
found = [row for row in rates["rows"] if row["estimand"] == "victims_estimated_rate"]
known = [row for row in trend["rows"] if row["estimand"] == "population"]
assert len(found) == len(known) == 5, (len(found), len(known))
for row, source in zip(found, known):
    assert row["domain"] == source["domain"] and row["flags"] == source["flags"] and row["n"] == source["n"]
    for what in ("estimate", "lower", "upper"):
        assert math.isclose(row[what], source[what] / people[row["domain"]["period"]] * 1e5, rel_tol=1e-14), row
P
holds "each estimate and limit over the year's people" "$PYTHON" divide.py trend.json rate.json
fact "a national estimate" rate.json "{row['definition'] for row in r['rows']} == {'16.2.2, detected and undetected (national estimate)'}"
fails "and no UN series" grep -q VC_HTF rate.json
fact "synthetic stays synthetic" rate.json "'SYNTHETIC' in r['marks'][0]"
answer five.json mse dataset:uk_2013_five --replicates 0 --ci none
check "data without periods" 3 - 'whose length is not told.*--window-years 1' trafficking five.json "${kenya[@]}" "census 2019"
answer year.json trafficking five.json "${kenya[@]}" "census 2019" --year 2019 --window-years 1
fact "a declared window" year.json "len(rows('victims_estimated_rate')) == 1 and rows('victims_estimated_rate')[0]['period'] == '2019'"
sed 's/"period": "2019"/"period": "2015-2017"/' trend.json >data/long.json
answer left.json trafficking data/long.json "${kenya[@]}" "UN WPP 2024 mid-year"
judge "a window longer than a year is left out" 0 '' 'not one year long are left out'
fact "and the others stay" left.json "len(rows('victims_estimated_rate')) == 4"
check "--window-years 3" 2 - 'option --window-years' trafficking trend.json "${kenya[@]}" "census 2019" --window-years 3
check "--by is for counts" 2 - 'option --by is for counts' trafficking trend.json "${kenya[@]}" "census 2019" --by sex
head -c 2000 trend.json >data/cut.json
check "a result that was cut off" 3 - 'cut.json.*expected the JSON of a result' trafficking data/cut.json "${kenya[@]}" "census 2019"
printf '{"a": 1}' >data/other.json
check "JSON that is no result" 3 - 'no result of est' trafficking data/other.json "${kenya[@]}" "census 2019"
check "a result is a table to every command" 0 'victims|estimand' '' check trend.json
finish
