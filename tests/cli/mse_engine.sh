#!/usr/bin/env bash
# est mse: how the model is chosen, every kind of interval, boundary fits, minimum-data gates, the average, and impossible requests.
# Figures: UK 2013 and Netherlands: docs/decisions.md and Silverman (2020) JRSS A 183:691-736; the six-list optima by visiting
# every model with R's glm. Colombia 1990-94, all pairs: docs/decisions.md, number 3.
. "$(dirname "$0")/lib.sh"
fact() { json "$1" "$2" "($3)"; } # an expression of any number of lines
five="mse dataset:uk_2013_five"

answer() { # file, arguments...
    local file=$1
    shift
    est "$@" --format json
    cp $out "$file"
}

# The exact best of six lists: over all models, not along a path.
answer uk.json mse dataset:uk_2013 --ci none
judge "UK, six lists" 0 '' ''
fact "UK, best BIC" uk.json 'near([r["stats"]["bic"], rows("population")[0]["estimate"]], [244.119346, 12349.586954])'
fact "UK, best model" uk.json \
    'set(r["stats"]["model"].split()) == {"LA:NG", "LA:PF", "NG:GP", "PF:GP", "GO:GP", "PF:NCA"}'
fact "UK, all models counted" uk.json 'r["stats"]["models_considered"] > 3000000'
fact "UK, 100 models listed, in order" uk.json 'len(r["frames"]["models"]["rows"]) >= 100 and
    [row[3] for row in r["frames"]["models"]["rows"]] == sorted(row[3] for row in r["frames"]["models"]["rows"])'
answer ned.json mse dataset:netherlands_2010_15 --ci none
fact "Netherlands, best BIC" ned.json 'near([r["stats"]["bic"], rows("population")[0]["estimate"]], [292.175351, 143603.023332])'
fact "Netherlands, best model" ned.json 'set(r["stats"]["model"].split()) == {"K:R", "P:R", "I:Z", "O:P:Z"}'
fact "K:R at minus infinity counts as a parameter" ned.json 'r["stats"]["n_parameters"] == 14'

# The roads to a model.
answer best.json $five --ci none
fact "five lists, BIC" best.json 'abs(rows("population")[0]["estimate"] - 25311.29) < 0.01 and abs(r["stats"]["bic"] - 195.879) < 1e-3'
answer stepwise.json $five --select stepwise --threshold 0.02 --ci none
fact "five lists, stepwise" stepwise.json \
    'round(rows("population")[0]["estimate"]) == 11313 and abs(r["stats"]["bic"] - 198.605) < 1e-3'
judge "a path says that it is one" 0 '"local_search"' ''
answer downhill.json $five --select downhill --ci none
fact "five lists, downhill" downhill.json \
    'round(rows("population")[0]["estimate"]) == 12262 and abs(r["stats"]["bic"] - 197.495) < 1e-3'
answer aic.json $five --select aic --ci none
fact "AIC is lower than that of BIC's best" aic.json 'r["stats"]["aic"] < 124.8 and r["stats"]["bic"] > 195.88'
answer cells.json $five --bic-n cells --ci none
fact "BIC with ln of the 31 cells" cells.json 'near([r["stats"]["bic"]], [r["stats"]["aic"] + 12 * (math.log(31) - 2)])'
fact "BIC with ln of the persons" best.json 'near([r["stats"]["bic"]], [r["stats"]["aic"] + 12 * (math.log(2744) - 2)])'
answer pairs.json $five --class pairwise --ci none
answer order.json $five --max-order 2 --ci none
fact "pairs only: N" pairs.json 'near([rows("population")[0]["estimate"]], [22991.331314])'
holds "the pairwise class is order 2" diff <(grep -v '"option:' pairs.json | grep -v '"search"') \
    <(grep -v '"option:' order.json | grep -v '"search"')
answer main.json $five --max-order 1 --ci none
fact "order 1 has no terms to speak of" main.json 'any("models without dependence between lists were" in note["message"] for note in r["notes"])'
fact "order 1 is main effects" main.json 'r["stats"]["model"] == "LA NG PFNCA GO GP" and
    near([rows("population")[0]["estimate"]], [13444.131209])'
for class in graphical decomposable; do
    answer $class.json $five --class $class --ci none
    fact "$class: the best of the class" $class.json 'near([rows("population")[0]["estimate"]], [25311.290613])'
done
answer top.json $five --top 7 --ci none
fact "--top 7" top.json 'len(r["frames"]["models"]["rows"]) == 7'

# The average over models is on the log of the unseen: its rows, its spread, its weights.
answer average.json $five --average --ci none
fact "an average" average.json 'len(rows("population_averaged")) == 1 and
    10546 < rows("population_averaged")[0]["estimate"] < 34083'
fact "its interval is wider than one model's" average.json \
    '(lambda a: math.log((a["upper"] - 2744) / (a["lower"] - 2744)) > math.log(30945 / 16458))(rows("population_averaged")[0])'
fact "weights" average.json '0 < r["stats"]["heaviest_weight"] < 1 and r["stats"]["effective_models"] > 1'

# Intervals.
answer wald.json $five --model main --ci wald
fact "Wald, on the log of the unseen" wald.json \
    '(lambda u: near([u["lower"] * u["upper"]], [u["estimate"] ** 2]) and "model_known" in u["flags"])(rows("unobserved")[0])'
answer profile.json $five --model main --ci profile
fact "profile" profile.json 'near([rows("population")[0][k] for k in ("lower", "upper")], [11985.115757, 15165.899055])'
for kind in bootstrap bca studentised; do
    answer $kind.json $five --max-order 2 --ci $kind --replicates 200 --seed 3 --threads 1
    fact "$kind" $kind.json '(lambda p: p["interval"] == "'$kind'" and 2744 < p["lower"] < p["estimate"] < p["upper"] and
        "model_known" not in p["flags"])(rows("population")[0])'
    for threads in 2 7; do
        answer again.json $five --max-order 2 --ci $kind --replicates 200 --seed 3 --threads $threads
        holds "$kind with $threads threads" cmp $kind.json again.json
    done
done
fails "three kinds, three intervals" cmp -s bootstrap.json bca.json
answer scv.json $five --max-order 2 --ci bca --replicates 200 --seed 3 --resample scv2024
judge "scv2024 says that it is too narrow" 0 '"scv2024"' 'too narrow'
answer top1.json $five --max-order 2 --ci bootstrap --replicates 200 --seed 3 --reselect-top 1
answer all.json $five --max-order 2 --ci bootstrap --replicates 200 --seed 3 --reselect-top 1024
fact "a shortlist is said to narrow the interval" top1.json 'any(note["code"] == "reselect_top" for note in r["notes"])'
fact "among one model the interval is that model's" top1.json 'rows("population")[0]["upper"] - rows("population")[0]["lower"] < 20000'
fact "among all listed it is that of exact reselection" all.json \
    'near([rows("population")[0][k] for k in ("lower", "upper")], [json.load(open("bootstrap.json"))["rows"][0][k] for k in ("lower", "upper")])'
check "--replicates 0 is no bootstrap" 0 'model_known' '' $five --replicates 0 --format json

# Boundary fits.
awk -F, 'NR == 1 || $1 == "1990-1994"' "$datasets/colombia_child_recruitment.csv" | cut -d, -f2-6,8 >data/colombia.csv
colombia="mse data/colombia.csv --internal"
answer face.json $colombia --model all-pairs
fact "a given model is fitted on its face" face.json 'near([rows("population")[0]["estimate"]], [1471.289251]) and
    "boundary" in rows("population")[0]["flags"] and r["stats"]["n_parameters"] == 16'
answer reject.json $colombia --max-order 2 --ci none
answer accept.json $colombia --max-order 2 --ci none --boundary accept
fact "a search rejects them" reject.json 'r["stats"]["models_on_the_boundary"] == 512 and "boundary" not in rows("population")[0]["flags"]'
fact "unless they are accepted" accept.json 'r["stats"]["models_on_the_boundary"] == 0 and "boundary" in rows("population")[0]["flags"] and
    r["stats"]["bic"] < json.load(open("reject.json"))["stats"]["bic"]'
note='(lambda code: [note["message"] for note in r["notes"] if note["code"] == code])'
answer chosen.json $colombia --ci none
fact "a better fit on the boundary is said" chosen.json "'BIC is lower by 40.02' in $note('better_on_the_boundary')[0] and
    'population is 3,468' in $note('better_on_the_boundary')[0] and '--boundary accept' in $note('better_on_the_boundary')[0]"
fact "and not where it takes part" accept.json "$note('better_on_the_boundary') == []"
# The search of a stratum by itself meets the same one as fitting every model. AIC, since BIC would count the persons of both strata.
awk -F, 'NR == 1 || $1 == "1990-1994" || $1 == "2005-2009"' "$datasets/colombia_child_recruitment.csv" | cut -d, -f1-6,8 | sed 1s/^period/place/ \
    >data/colombias.csv
answer all.json $colombia --ci none --select aic --max-order 2
answer apart.json mse data/colombias.csv --internal --ci none --select aic --max-order 2 --by place --dependence by-stratum
fact "a better fit on the boundary, in a stratum" apart.json "[m for m in $note('better_on_the_boundary') if m.startswith('1990-1994: ')] ==
    ['1990-1994: ' + [n['message'] for n in json.load(open('all.json'))['notes'] if n['code'] == 'better_on_the_boundary'][0]]"
check "no estimate: the unseen grow without bound" 4 - 'grows without bound.*EST_EIDENTIFY' mse dataset:korea --model "b:c b:d"
check "no estimate: not determined" 4 - 'does not determine.*EST_EIDENTIFY' mse dataset:korea --model b:c:d

# Hardly anybody unseen: samples from a population of whole persons do not vary.
printf 'A,B,C,count\n1,0,0,1\n0,1,0,1\n1,1,0,9\n1,0,1,8\n0,1,1,9\n1,1,1,90\n0,0,1,1\n' >data/seen.csv
check "less than one person unseen" 0 'less than one person is estimated unseen' '' mse data/seen.csv --internal --replicates 100 --max-order 1
check "not said of another interval" 0 '' - mse data/seen.csv --internal --ci none --max-order 1 --quiet
check "one possible model is taken as known" 0 'takes the model as known' '' mse dataset:uk_2013_five --max-order 1 --replicates 100

# Minimum-data gates.
printf 'A,B,C,count\n1,0,0,30\n0,1,0,25\n0,0,1,20\n1,1,0,5\n1,0,1,4\n0,1,1,3\n' >data/few.csv
check "gates warn" 0 'Warning: the table holds fewer than 100 persons' '' mse data/few.csv --internal --ci wald
check "gates enforced" 4 - 'at least 100 persons.*--gates warn.*EST_EIDENTIFY' mse data/few.csv --internal --gates enforce
check "gates that are passed" 0 '14,?402' '' mse dataset:kosovo_1999 --model all-pairs --gates enforce

# Impossible requests say at once what to do instead.
awk 'BEGIN { print "A,B,C,D,E,F,G,count"; for (h = 1; h < 128; h++) { n = 0; s = ""
    for (b = 0; b < 7; b++) { d = int(h / 2 ^ b) % 2; n += d; s = s d "," }
    c = int(2000 * 0.15 ^ n); if (c > 0) print s c } }' >data/seven.csv
seven="mse data/seven.csv --internal --ci none"
check "seven lists, all models" 2 - 'up to 6 lists, found 7.*--class.*--select.*--model' $seven
for n in 10 12; do # as many lists, each with a person of its own and one shared with the first
    awk -v n=$n 'BEGIN { for (j = 1; j <= n; j++) h = h "L" j ","; print h "count"; for (k = 1; k < 2 * n; k++) { s = ""
        for (j = 1; j <= n; j++) s = s ((j == k || (k > n && (j == 1 || j == k - n + 1))) ? 1 : 0) ","; print s 5 + k % 7 } }' >data/lists$n.csv
done
check "ten lists: only the pairwise class is left" 2 - 'found 10; search the smallest class \(--class pairwise\), take a path' \
    mse data/lists10.csv
check "twelve lists: no class, and paths take long" 2 - 'found 12; take a path.*--model.*downhill fits 66 models' mse data/lists12.csv
check "twelve lists, pairwise" 2 - '11 lists, found 12; take a path' mse data/lists12.csv --class pairwise
check "twelve lists, a given model" 0 'population' '' mse data/lists12.csv --internal --model main --format csv
check "seven lists, pairwise" 0 '5,377' '' $seven --class pairwise
check "seven lists, downhill" 0 '5,377' '' $seven --select downhill
check "seven lists, stepwise" 0 '5,377' '' $seven --select stepwise
check "seven lists, a given model" 0 '5,377' '' $seven --model main
check "a list that is not in the data" 2 - "'XX' is no list; the lists are LA, NG, PFNCA, GO, GP.*double quotes" $five --model "LA:XX"
check "a list with itself" 2 - "'LA' stands twice" $five --model "LA:LA"
check "a model of blanks" 2 - 'blanks alone' $five --model " "
for idle in "--select stepwise" "--select downhill" "--select aic" "--class pairwise" "--max-order 2" "--top 5" "--threshold 0.1" \
    "--boundary accept" "--reselect-top 5"; do
    check "with a model: $idle" 2 - "option ${idle%% *}: .*--model.*EST_EOPTION" $five --model main $idle
done
check "a threshold without stepwise" 2 - 'option --threshold: needs --select stepwise' $five --threshold 0.1
check "a path lists no models" 2 - 'option --top' $five --select downhill --top 5
check "stepwise on the boundary" 2 - 'option --boundary' $five --select stepwise --boundary accept
check "a limit without diagnostics" 2 - 'option --limit: needs --diagnose' $five --limit 5000
for kind in none profile wald log-normal; do
    check "resampling without a bootstrap: $kind" 2 - 'option --resample: no bootstrap' $five --ci $kind --resample scv2024
done
check "a shortlist without a bootstrap" 2 - 'option --reselect-top: no bootstrap' $five --ci wald --reselect-top 5
for kind in bootstrap bca studentised; do
    check "$kind of no replicates" 2 - 'option --replicates: found 0, expected at least 100' $five --ci $kind --replicates 0
done
check "--select none without a model" 2 - 'give --model' $five --select none
check "an average of one model" 2 - 'option --average' $five --model all-pairs --average
check "reselection without a search" 2 - 'option --reselect-top' $five --select stepwise --reselect-top 5
check "the dependence of all lists" 2 - 'at most 4 with 5 lists' $five --max-order 5
check "20 replicates" 2 - 'found 20, expected at least 100' $five --ci bca --replicates 20
for bad in "--top -1" "--top 1e9" "--top many" "--threshold 1.5" "--threshold nan" "--level 95" "--replicates 1000001" "--ci exact" \
    "--select best" "--class all" "--boundary maybe" "--bic-n people" "--resample other" "--gates off" "--limit -1" "--max-order 9"; do
    check "refused: $bad" 2 - "option ${bad%% *}: found .*expected.*EST_EOPTION" $five $bad
done
finish
