#!/usr/bin/env bash
# The synthetic surveys of the indicators: estimates of their pages, intervals against the truth, .dta against CSV, codes and strata.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
children=kenya_child_labour_synthetic women=kenya_dhs_women_synthetic men=kenya_dhs_men_synthetic forced=kenya_forced_labour_synthetic

estimate() { # name of the result, arguments...
    local result=$1
    shift
    check "$result" 0 - '' "$@" --internal --output "$result.json"
}

# Children

estimate children child-labour "dataset:$children" --codebook kenya-child-labour-synthetic
json "children: SYNTHETIC is marked" children.json 'r["marks"][0].startswith("SYNTHETIC DATA")'
json "children: estimates of the page" children.json \
    'near([row["estimate"] for e in ("children_in_employment", "child_labour_economic", "child_labour_with_chores", "hazardous_work")
           for row in rows(e) if not row["domain"]], [0.143683, 0.074214, 0.125764, 0.094819])'
json "children: intervals of the page" children.json \
    'near([row[key] for row in rows("child_labour_economic") if row["domain"].get("age") == "12-14" for key in ("se", "lower", "upper")],
          [0.011032, 0.062217, 0.107652])'
json "children: numbers, for the weights add up to the population" children.json \
    'near([row["n_weighted"] for row in rows("child_labour_economic_number") if not row["domain"]], [9583458.3222])'
estimate calibrated child-labour "dataset:$children" --codebook kenya-child-labour-synthetic --calibrate poststratify \
    --margins "dataset:${children}_totals"
json "children: calibrated to known totals" calibrated.json \
    'near([row["n_weighted"] for row in rows("child_labour_economic") if not row["domain"]], [9428999.9999])'
# Labels of coded roles are words of a condition too: a comparison that nobody meets would select everybody by its opposite.
for words in "sex == 2" "sex == 'female'" "sex != 'male'" "sex in ('female', 'none')"; do
    estimate girls child-labour "dataset:$children" --codebook kenya-child-labour-synthetic --where "$words"
    json "children: --where $words" girls.json 'near([rows("child_labour_economic")[0]["n"]], [2992])'
done
cat >careless.ini <<'C'
[codebook]
title = Hours of 98 are not declared
preset = kenya-child-labour-synthetic
[role hours_economic]
column = hours_economic
C
check "children: hours of 98 stop the run until they are declared" 3 - 'hours_economic: 12 records \(743, 905,' \
    child-labour "dataset:$children" --codebook careless.ini

# Women: CSV, bundled CSV and .dta

estimate marriage child-marriage "dataset:$women" --codebook kenya-dhs-women-synthetic --by county --tables all
for file in csv dta; do
    estimate "marriage_$file" child-marriage "$datasets/$women.$file" --codebook kenya-dhs-women-synthetic --by county --tables all
    estimate "forced_$file" forced-marriage "$datasets/$women.$file" --codebook kenya-dhs-forced-marriage-synthetic --by county \
        --tables all
    check "women as .$file: the codebook fits" 0 'No fault was found' - codebook check kenya-dhs-women-synthetic "$datasets/$women.$file"
done
same() { # name, first, second: every row and frame
    json "$1" "$2.json" 'len(r["rows"]) > 100 and all(json.load(open("'"$3"'.json"))[key] == r[key] for key in ("rows", "frames", "notes"))'
}
same "women: the bundled CSV and the file" marriage marriage_csv
same "women: .dta and CSV, child marriage" marriage_csv marriage_dta
same "women: .dta and CSV, forced marriage" forced_csv forced_dta
json "women: estimates of the page" marriage.json \
    'near([row[key] for row in rows("married_by_18")[:1] for key in ("estimate", "se", "lower", "upper", "df")],
          [0.146953, 0.016079, 0.116271, 0.182130, 82])'
json "women: counties by name" marriage.json \
    '{"Mombasa", "Taita/Taveta", "Nairobi City"} < {row["domain"].get("county") for row in rows("married_by_18")}'
json "women: forced marriage of the page" forced_dta.json \
    'near([row[key] for row in rows("forced_marriage_ever")[:1] for key in ("estimate", "se", "lower", "upper")],
          [0.124250, 0.007629, 0.109447, 0.140273])'
check "women: ages at union of 98 are told" 0 '2 +556' - child-marriage "dataset:$women" --codebook kenya-dhs-women-synthetic
check "women: strata are not guessed" 3 - 'v022 92, v023 15' child-marriage "dataset:$women" --codebook kdhs-women-2022
check "women: strata are chosen by counting" 0 '^column = v022$' - codebook init --preset kdhs-women-2022 "$datasets/$women.dta"
check "men: strata are chosen by counting" 0 '^column = mv022$' - codebook init --preset kdhs-men-2022 "$datasets/$men.csv"

# Men, forced labour

estimate men child-marriage "dataset:$men" --codebook kenya-dhs-men-synthetic --preset sdg-5.3.1-men
json "men: nobody by 15, and an interval" men.json \
    'near([row[key] for row in rows("married_by_15") if not row["domain"] for key in ("estimate", "lower", "upper")], [0, 0, 0.017011])'
estimate forced forced-labour "dataset:$forced" --codebook kenya-forced-labour-synthetic --by group
json "forced labour: estimates of the page" forced.json \
    'near([row[key] for row in rows("forced_labour") for key in ("estimate", "lower", "upper")],
          [0.019514, 0.012450, 0.029064, 0.013813, 0.007068, 0.024215, 0.974441, 0.952813, 0.987948])'
json "forced labour: the reference period is told" forced.json '{row["reference_period"] for row in r["rows"]} == {"5 years"}'

# How many intervals hold the truth, of all that it is known of

cat >truth.py <<'P'
import functools, importlib.util, json, subprocess, sys
program, folder = sys.argv[1:]
def generator(name):
    spec = importlib.util.spec_from_file_location(name, "%s/make_%s.py" % (folder, name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
def rows(method, data, codebook, *options):
    out = subprocess.run([program, method, "dataset:" + data, "--codebook", codebook, "--format", "json", "--internal"] + list(options),
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return [row for row in json.loads(out)["rows"] if row.get("lower") is not None and row.get("upper") is not None]
cells = []
def judge(row, truth):
    cells.append((row["lower"] <= truth <= row["upper"], row["estimand"], row["domain"], truth))
child, dhs, forced = (generator("kenya_%s_synthetic" % name) for name in ("child_labour", "dhs", "forced_labour"))
child.share_of_chores, child.share_of_hours, dhs.truth = map(functools.lru_cache(None), (child.share_of_chores, child.share_of_hours,
                                                                                        dhs.truth))
INDICATORS = ("children_in_employment", "child_labour_economic", "child_labour_with_chores", "hazardous_work")
for by in ("residence", "sex", "county"):
    for row in rows("child-labour", "kenya_child_labour_synthetic", "kenya-child-labour-synthetic", "--by", by):
        value, (first, last) = row["domain"].get(by), map(int, row["domain"].get("age", "5-17").split("-"))
        if row["estimand"] in INDICATORS and (value or by == "sex") and (by != "county" or last - first == 12):
            judge(row, child.truth(lambda n, residence, age, sex: first <= age <= last and value in
                                   (None, residence, ("male", "female")[sex - 1], child.COUNTIES[n]))[INDICATORS.index(row["estimand"])])
for data, codebook, sex, options in (("women", "kenya-dhs-women-synthetic", dhs.FEMALE, ()),
                                     ("men", "kenya-dhs-men-synthetic", dhs.MALE, ("--preset", "sdg-5.3.1-men"))):
    for row in rows("child-marriage", "kenya_dhs_%s_synthetic" % data, codebook, "--by", "residence", *options):
        residence, first = row["domain"].get("residence", "all"), 25 if sex == dhs.FEMALE else 30
        if row["estimand"] in ("married_by_15", "married_by_18"):
            judge(row, dhs.truth(sex, 20, 24, residence)[row["estimand"]])
        elif row["estimand"] == "median_age_first_union" and "age" not in row["domain"]:
            judge(row, dhs.median(dhs.truth(sex, first, 49, residence)))
for row in rows("forced-marriage", "kenya_dhs_women_synthetic", "kenya-dhs-forced-marriage-synthetic", "--by", "residence"):
    first, last = map(int, row["domain"].get("age", "18-49").split("-"))
    if row["estimand"] in dhs.FORCED:
        judge(row, dhs.truth(dhs.FEMALE, first, last, row["domain"].get("residence", "all"))[row["estimand"]])
AGES = {"forced_labour": "adults", "forced_labour_children": "children", "forced_labour_all": "all"}
for column, definition in enumerate(("icls20-2018", "ilo-2012")):
    for row in rows("forced-labour", "kenya_forced_labour_synthetic", "kenya-forced-labour-synthetic", "--by", "group",
                    "--preset", definition):
        group = row["domain"].get("group")
        if row["estimand"] in AGES:
            judge(row, forced.truth(AGES[row["estimand"]], lambda g, r: group in (None, g))[column])
held = sum(cell[0] for cell in cells)
print("%d of %d" % (held, len(cells)))
print(*[cell[1:] for cell in cells if not cell[0]], sep="\n")
sys.exit(0 if len(cells) > 250 and held >= 0.93 * len(cells) else 1)
P
holds "95 % intervals hold the truth in 93 % of the cells or more" "$PYTHON" truth.py "$EST" "$datasets"
finish
