#!/usr/bin/env bash
# est mse --diagnose: twelve tables, two charts, a verdict; what alarms on the bundled tables (docs/diagnostics.md).
. "$(dirname "$0")/lib.sh"
fact() { json "$1" "$2" "($3)"; } # an expression of any number of lines

answer() { # file, arguments...
    local file=$1
    shift
    est "$@" --format json
    cp $out "$file"
}

answer uk.json mse dataset:uk_2013_five --diagnose --ci profile --limit 30000
judge "UK, five lists" 0 '' 'Diagnostics that alarm'
fact "every table" uk.json '{"held_out", "internal_consistency", "leave_one_out", "merged_lists", "dependence_sensitivity",
    "dependence_tipping", "model_multiplicity", "empty_overlaps", "pair_dependence", "goodness_of_fit", "residuals", "gates"}
    <= set(r["frames"])'
fact "a verdict in words" uk.json '[note["severity"] for note in r["notes"] if note["code"] == "verdict"] == ["warning"]'
fact "a row a list, a row a pair, a row a history" uk.json '[len(r["frames"][name]["rows"]) for name in
    ("held_out", "leave_one_out", "merged_lists", "pair_dependence", "residuals")] == [5, 5, 10, 10, 31]'
# N(theta) = n + theta (N - n).
fact "dependence of all lists" uk.json 'near([row[1] for row in r["frames"]["dependence_sensitivity"]["rows"]],
    [2744 + row[0] * (rows("population")[0]["estimate"] - 2744) for row in r["frames"]["dependence_sensitivity"]["rows"]])'
fact "the theta that leads to the limit" uk.json 'near([row[2] for row in r["frames"]["dependence_tipping"]["rows"]
    if row[0] == "the estimate to the policy threshold"], [(30000 - 2744) / (rows("population")[0]["estimate"] - 2744)])'
fact "Lincoln-Petersen and Chapman of LA and NG" uk.json '(lambda row: near(row[3:5], [94 * 567 / 18, 95 * 568 / 19 - 1]))(
    [row for row in r["frames"]["pair_dependence"]["rows"] if row[:2] == ["LA", "NG"]][0])'
fact "near-tied models" uk.json 'r["frames"]["model_multiplicity"]["rows"][0][0] == 41 and
    [round(x) for x in r["frames"]["model_multiplicity"]["rows"][0][3:5]] == [10546, 34083]'
fact "the residuals sum up to Pearson" uk.json 'math.isclose(sum(row[3] ** 2 for row in r["frames"]["residuals"]["rows"]),
    r["stats"]["pearson"], rel_tol=1e-9)'
fact "an overlap chart and a forest chart" uk.json '[chart["kind"] for chart in r["charts"]] == ["upset", "forest"]'
fact "the forest has the answer and each deletion" uk.json '{"estimate", "without GO", "LA+NG as one"} <= set(r["charts"][1]["categories"])'
check "the page draws them" 0 '<svg' '' mse dataset:uk_2013_five --diagnose --ci profile --format html
fact "nothing of it without --diagnose" <("$EST" mse dataset:uk_2013_five --ci none --format json 2>$err) \
    '"held_out" not in r["frames"] and "charts" not in r'

# What alarms where.
verdict='[note["message"] for note in r["notes"] if note["code"] == "verdict"][0]'
answer kosovo.json mse dataset:kosovo_1999 --diagnose --replicates 0
fact "Kosovo: internal consistency" kosovo.json "'known number of persons on a list' in $verdict and 'EXH' in $verdict and 'ABA' in $verdict"
answer main.json mse dataset:kosovo_1999 --model main --diagnose
fact "Kosovo, main effects: dependence left out, fit" main.json "'strong dependence' in $verdict and 'does not fit' in $verdict"
answer ned.json mse dataset:netherlands_2010_15 --diagnose --ci profile
fact "Netherlands: minus infinity" ned.json '["parameter", "K:R"] in [[row[0].split()[0], row[1]] for row in r["frames"]["empty_overlaps"]["rows"]]'
fact "Netherlands: merged lists" ned.json "'two lists are merged' in $verdict"
answer strata.json mse dataset:scotland_pwid_2006 --by region,sex,age --model all-pairs --limit 25000 --diagnose --ci wald
fact "Scotland: the threshold, the gates of a stratum" strata.json "'policy threshold of 25,000' in $verdict and 'GGC, female, 35+' in $verdict"
fact "a gate a stratum and for all" strata.json 'len({row[0] for row in r["frames"]["gates"]["rows"]}) == 9'

# Lists that are independent and enough: no alarm.
awk 'BEGIN { print "A,B,C,D,count"; for (h = 1; h < 16; h++) { n = 0; s = ""
    for (b = 0; b < 4; b++) { d = int(h / 2 ^ b) % 2; n += d; s = s d "," }
    print s int(10000 * 0.3 ^ n * 0.7 ^ (4 - n) + 0.5) } }' >data/good.csv
answer good.json mse data/good.csv --internal --diagnose --ci profile
fact "a table without fault" good.json "'No diagnostic alarms' in $verdict"
fact "its population" good.json 'abs(rows("population")[0]["estimate"] - 10000) < 5'
fact "every gate is passed" good.json '{row[-1] for row in r["frames"]["gates"]["rows"]} == {"pass"}'
check "heads of columns in words" 0 'On both lists \| Population \(Lincoln-Petersen\)' '' mse dataset:uk_2013_five --diagnose --ci none --format md
check "three lists cannot be held out" 0 'with three lists no list can be held out' '' mse dataset:korea --diagnose --replicates 0
printf 'A,B,count\n1,0,90\n0,1,60\n1,1,30\n' >data/two.csv
check "two lists can hardly be diagnosed" 0 'two lists' '' mse data/two.csv --internal --diagnose --model main

# Private data: no count of persons below ten in any format.
cp "$datasets/uk_2013_five.csv" data/private.csv
check "private data, a folder" 0 - 'written: private/' mse data/private.csv --diagnose --ci profile --output private/
fact "the tables withhold small counts" private/mse.json 'not any(isinstance(row[i], (int, float)) and 0 < row[i] < 10
    for f, i in (("overlaps", 2), ("pair_dependence", 2), ("residuals", 1)) for row in r["frames"][f]["rows"])'
fact "so does the overlap chart" private/mse.json 'not any(isinstance(x, (int, float)) and x < 10 for x in r["charts"][0]["series"][0]["value"])'

# Requests that contradict each other.
check "--limit below zero" 2 - 'option --limit' mse dataset:uk_2013_five --diagnose --limit -5
check "diagnostics of dependence by stratum" 2 - 'option --dependence' \
    mse dataset:scotland_pwid_2006 --by region,sex,age --dependence by-stratum --diagnose
finish
