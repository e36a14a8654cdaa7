"""What rows claim to be, and limits that a number of people and a median can have: est against formulas written down here.

check-claims.py EST DATASETS"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

PROGRAM, DATASETS = sys.argv[1:]
CHILDREN = ["child-labour", "dataset:kenya_child_labour_synthetic", "--codebook", "kenya-child-labour-synthetic"]
WOMEN = ["child-marriage", "dataset:kenya_dhs_women_synthetic", "--codebook", "kenya-dhs-women-synthetic"]
faults = []


def call(*arguments):
    run = subprocess.run([PROGRAM] + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return run.returncode, run.stdout, run.stderr


def estimate(*arguments):
    code, out, error = call(*arguments, "--internal", "--format", "json")
    if code != 0:
        sys.exit("%s: %s" % (" ".join(arguments), error))
    return json.loads(out)


def rows(result, estimand, table=None, **domain):
    return [row for row in result["rows"] if row["estimand"] == estimand and row.get("table") == table and row["domain"] == domain]


def expect(name, holds):
    if not holds:
        faults.append(name)
        print("not ok - " + name)


def near(found, expected, tolerance=1e-9):
    return found is not None and abs(found - expected) <= tolerance * max(1, abs(expected))


def keys():
    """Another value of --set is another definition, another --where another population: neither can be compared."""
    only = ["--indicators", "child_labour_economic", "--ages", "5-17"]
    runs = {"whole": [], "same": ["--set", "economic_hours_12_14=14.0"], "later": ["--set", "economic_hours_12_14=28"],
            "girls": ["--where", "sex == 2"]}
    with tempfile.TemporaryDirectory() as place:
        path = {name: os.path.join(place, name + ".json") for name in runs}
        for name, options in runs.items():
            expect("run " + name, call(*CHILDREN, *only, *options, "--internal", "--output", path[name])[0] == 0)
        for name, words in (("later", "definition 'sdg-8.7.1' and 'sdg-8.7.1 with economic_hours_12_14 = 28'"),
                            ("girls", "population 'Children aged 5 to 17 in households' and "
                                      "'Children aged 5 to 17 in households; those with sex == 2'")):
            code, _, error = call("compare", path["whole"], "--with", path[name], "--estimand", "child_labour_economic")
            expect("refused: " + name, code == 3 and (words in error or words.replace(" in households", "") in error))
        expect("a value as it is anyway changes nothing",
               call("compare", path["whole"], "--with", path["same"], "--estimand", "child_labour_economic")[0] == 0)
    changed = estimate(*CHILDREN, *only, *runs["later"])
    expect("a note says that it is not the definition as published", any(n["code"] == "changed_definition" for n in changed["notes"]))
    code, _, error = call(*CHILDREN, "--set", "economic_hours_12_14=28,economic_hours_12_14=14")
    expect("a parameter set twice", code == 2 and "2 times" in error)


def ages():
    """A row names no ages that are not in it."""
    for group in ("15-19", "3-6", "17+"):
        code, _, error = call(*CHILDREN, "--ages", group)
        expect("ages beyond the definition: " + group, code == 2 and "'%s'" % group in error)
    expect("ages at its limits", call(*CHILDREN, "--ages", "5-9,17-17")[0] == 0)


def numbers():
    """Nobody found: the upper limit is that of the proportion. No number is below 0."""
    result = estimate(*CHILDREN, "--tables", "T4")
    for table in (None, "T4"):
        share, = rows(result, "hazardous_by_hours", table, age="5-11")
        number, = rows(result, "hazardous_by_hours_number", table, age="5-11")
        expect("nobody: the share, %s" % table, share["estimate"] == 0 and near(share["upper"], 0.001136492868138507))
        expect("nobody: the number, %s" % table, number["estimate"] == number["lower"] == 0 and
               near(number["upper"], share["upper"] * share["n_weighted"]) and number["interval"] == "clopper-pearson")
    county = estimate(*CHILDREN, "--where", "county == 'Kilifi'", "--lonely", "adjust")
    number, = rows(county, "child_labour_economic_number")
    expect("a lower limit below 0", number["estimate"] - 4.302652729749464 * number["se"] < 0 and number["lower"] == 0)
    known = estimate(*CHILDREN, "--ages", "5-11,15-17", "--population", "1e6", "--tables", "T2")
    expect("the population of 5-11 says nothing of 15-17",
           len(rows(known, "children_in_employment_number", "T2")) == 1 and
           not any(row["ages"] == "15-17" for row in known["rows"] if row["estimand"].endswith("_number")))


def shares():
    """--population is for numbers: no proportion and no median moves, in whatever age group."""
    for arguments in (CHILDREN + ["--ages", "5-9,5-17"], WOMEN + ["--by", "residence"]):
        plain, known = (estimate(*arguments, *more) for more in ([], ["--population", "1e7"]))
        kept = {(row["estimand"], str(row["domain"])): row for row in known["rows"] if row["unit"] != "people"}
        expect("--population moves a share or a median", len(kept) > 5 and all(
            near(kept[row["estimand"], str(row["domain"])]["estimate"], row["estimate"]) for row in plain["rows"]
            if row["unit"] != "people" and row["estimate"] is not None))


def levels():
    """Two standard errors are two at any level."""
    code, _, error = call(*CHILDREN, "--ci", "two-se", "--level", "0.9")
    expect("a level that changes nothing", code == 2 and "--level" in error)


def medians():
    """An interval that reaches those never married has no upper limit, and tells no standard error."""
    median, = rows(estimate(*WOMEN, "--by", "residence"), "median_age_first_union", age="20-24", residence="rural")
    expect("an open interval", near(median["estimate"], 22.9368212257161) and near(median["lower"], 21.2412129424378) and
           median["upper"] is None and median["se"] is None and "upper_unbounded" in median["flags"])


def areas():
    """Counties where nobody was found stay in the fit: without them its mean is too high. 17 of the 47, by chance."""
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("made", os.path.join(DATASETS, "make_kenya_child_labour_synthetic.py"))
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    result = estimate(*CHILDREN, "--indicators", "child_labour_economic", "--ages", "15-17", "--lonely", "adjust", "--small-area", "county")
    part = {row["domain"]["county"]: row for row in result["rows"] if row["estimand"] == "child_labour_economic_direct"}
    expect("counties without a case", sum(row["estimate"] == 0 for row in part.values()) == 17)
    frame = result["frames"]["child_labour_economic_areas"]
    lines = [dict(zip(frame["columns"], line)) for line in frame["rows"]]
    enough = {area: row for area, row in part.items() if row["n"] >= 25}
    expect("all of 25 children or more are in the fit", len(enough) == 40 and
           all(line["use"] == ("in the fit, pooled variance" if line["area"] in enough else "few cases") for line in lines))
    of_case = sum((row["n"] * row["se"]) ** 2 for row in enough.values()) / sum(row["n"] for row in enough.values())
    expect("variances of 0 are in the pooled one",
           all(near(line["variance"], of_case / part[line["area"]]["n"]) for line in lines if line["area"] in enough))
    model = [row for row in result["rows"] if row["estimand"] == "child_labour_economic_small_area"]
    truth = {row["domain"]["county"]: made.truth(lambda n, residence, age, sex, name=row["domain"]["county"]:
                                                 15 <= age <= 17 and made.COUNTIES[n] == name)[1] for row in model}
    held = sum(row["lower"] <= truth[row["domain"]["county"]] <= row["upper"] for row in model)
    expect("the limits hold the truth in 43 of 47 counties", held == 43)


keys()
ages()
numbers()
shares()
levels()
medians()
areas()
print("%d faults" % len(faults))
sys.exit(1 if faults else 0)
