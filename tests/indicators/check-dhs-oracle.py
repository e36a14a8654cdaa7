#!/usr/bin/env python3
"""Child marriage in the simulated DHS file of LIBEST_ORACLES/survey against R survey 4.5 (expected.csv, D1 to D6), to 1e-9.

    check-dhs-oracle.py [EST]   naive_marriage.py alone, and `est child-marriage` where EST is given; 77 = no reference tables

Compared: before 15 and 18 among women 20-24 (R, SE, DEFT, SE/R, R-2SE, R+2SE, N, WN, degrees of freedom, every kind of interval),
by residence, wealth and area; medians; the jackknife; the table of --sampling-errors. The rest of D1 to D6 (totals without a
population, logistic regression, contrasts, the unstratified jackknife) is no part of the method: tests/conformance/check_survey.py
has all of it.
"""
import csv
import json
import math
import os
import subprocess
import sys
import tempfile

import naive_marriage as naive
import naive_people as people

TOLERANCE, ITERATED, PROFILE = 1e-9, 1e-8, 2e-5
CASES = ("D1", "D2", "D3", "D4", "D5", "D6")
INTERVALS = {"beta": "beta", "logit": "logit", "xlogit": "logit", "wilson": "wilson", "mean": "t", "asin": "arcsine",
             "likelihood": "likelihood"}
INDICATORS = {"m15": ("married_by_15", 15), "m18": ("married_by_18", 18)}
CODEBOOK = """[codebook]
preset = kdhs-women-2022
synthetic = yes
[role strata]
column = v023
"""


def near(found, expected, tolerance=TOLERANCE):
    if expected is None or math.isnan(expected):
        return found is None or math.isnan(found)
    return found is not None and abs(found - expected) <= tolerance * max(1.0, abs(expected))


def find_oracles():
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "oracles")
    return os.path.join(os.environ.get("LIBEST_ORACLES") or beside, "survey")


def domain(text):
    """"women20-24,v025=1" -> ((20, 24), ("v025", "1"))."""
    parts = text.split(",")
    group = tuple(int(age) for age in parts[0][len("women"):].split("-"))
    return group, tuple(parts[1].split("=")) if len(parts) > 1 else None


def quantities(row):
    """What a table of sampling errors prints of an estimate."""
    r, se = row["estimate"], row["se"]
    return {"R": r, "SE": se, "DEFT": row["deft"], "SE/R": se / r, "R-2SE": r - 2 * se, "R+2SE": r + 2 * se, "n": row["n"],
            "wn": row["n_weighted"], "df": row["df"]}


# --- The second implementation --------------------------------------------------------------------------------------------------

def naive_value(sample, row):
    """The row's value by naive_marriage.py; NotImplementedError where it has none."""
    if row["case"] == "D3":
        group, place = domain(row["domain"])
        where = (lambda record: record[place[0]] == place[1]) if place else (lambda record: True)
        found = naive.expected_median("sdg-5.3.1", sample, group, False, where)
        return math.nan if found is None or found > group[0] else found
    if row["case"] not in ("D1", "D2") or row["domain"] == "all" or "_" in row["estimator"]:
        raise NotImplementedError
    group, place = domain(row["domain"])
    name, limit = INDICATORS.get(row["estimator"], INDICATORS["m15"])
    where = (lambda record: record[place[0]] == place[1]) if place else (lambda record: True)
    key = (name, row["domain"])
    if key not in naive_value.known:
        found = naive.expected_share("sdg-5.3.1", sample, name, limit, group, where)
        naive_value.known[key] = quantities(dict(found, deft=found["se"] / found["srs"]))
    return naive_value.known[key][row["quantity"]]


naive_value.known = {}


# --- est ------------------------------------------------------------------------------------------------------------------------

class Runs:
    def __init__(self, program, data):
        self.program, self.data, self.done = program, data, {}

    def result(self, *arguments):
        if arguments not in self.done:
            with tempfile.TemporaryDirectory() as folder:
                book = os.path.join(folder, "codebook.ini")
                with open(book, "w", encoding="utf-8") as file:
                    file.write(CODEBOOK)
                command = [self.program, "child-marriage", self.data, "--codebook", book, "--format", "json", "--internal",
                           "--quiet", *arguments]
                answer = subprocess.run(command, capture_output=True, text=True, check=False)
            if answer.returncode != 0:
                raise SystemExit("FAULT %s: status %d: %s" % (" ".join(arguments), answer.returncode, answer.stderr.strip()[:400]))
            self.done[arguments] = json.loads(answer.stdout)
        return self.done[arguments]

    def row(self, arguments, estimand, ages, place):
        return people.rows_of(self.result(*arguments)).get((estimand, ages, (place,) if place else ()))


def engine_value(runs, row):
    """(the row's value by est, tolerance); NotImplementedError where the method has none."""
    estimator = row["estimator"]
    if row["case"] == "D1" and row["domain"] == "all":
        return runs.result()["stats"]["design_df"], TOLERANCE
    if row["case"] not in ("D1", "D2", "D3", "D4") or estimator.endswith("_total") or row["design"].startswith("DHS unstratified"):
        raise NotImplementedError
    group, place = domain(row["domain"])
    ages, by = "%d-%d" % group, ("--by", place[0]) if place else ()
    if row["case"] == "D3":
        found = runs.row(by, "median_age_first_union", ages, place)["estimate"]
        printed = runs.row(by, "median_age_first_union_as_printed", ages, place)["estimate"]
        if (printed is None) != math.isnan(float(row["value"].replace("NA", "nan"))):
            return "as the DHS prints %r, unrounded %r" % (printed, found), TOLERANCE
        return (math.nan if found is None or found > group[0] else found), TOLERANCE
    if row["case"] == "D4":
        mse = row["design"].endswith("mse")
        return runs.row(("--variance", "jkn"), "married_by_18", ages, None)["se"], ITERATED if mse else TOLERANCE
    parts = estimator.split("_ciprop_")
    name = INDICATORS.get(parts[0], INDICATORS["m15"])[0]
    if len(parts) == 2:
        found = runs.row(("--ci", INTERVALS[parts[1]]), name, ages, place)
        wide = {"likelihood": PROFILE, "logit": ITERATED}.get(parts[1], TOLERANCE)
        return found["lower" if row["quantity"] == "ci95_lo" else "upper"], wide
    found = quantities(runs.row(by, name, ages, place))
    if row["quantity"] in ("R-2SE", "R+2SE"):
        two = runs.row(by + ("--ci", "two-se"), name, ages, place)
        return two["lower" if row["quantity"] == "R-2SE" else "upper"], TOLERANCE
    return found[row["quantity"]], TOLERANCE


def printed_errors(runs, row):
    """The same quantity in the table of --sampling-errors; None where that has no such row."""
    names = {"R": "R", "SE": "SE", "DEFT": "DEFT", "SE/R": "SE/R", "R-2SE": "R-2SE", "R+2SE": "R+2SE", "n": "N", "wn": "WN"}
    if row["case"] != "D1" or row["quantity"] not in names or "_" in row["estimator"]:
        raise NotImplementedError
    frame = runs.result("--sampling-errors")["frames"]["sampling_errors"]
    cells = [line for line in frame["rows"] if line[0] == INDICATORS.get(row["estimator"], INDICATORS["m15"])[0]]
    return cells[0][frame["columns"].index(names[row["quantity"]])] if len(cells) == 1 else None


def main(arguments):
    folder = find_oracles()
    if not os.path.isdir(folder):
        print("skipped: no reference tables (set LIBEST_ORACLES to their folder)")
        return 77
    data = os.path.join(folder, "dhs_sim_w1.csv")
    with open(os.path.join(folder, "expected.csv"), newline="", encoding="utf-8") as file:
        table = [row for row in csv.DictReader(file) if row["dataset"] == "dhs_sim_w1" and row["case"] in CASES]
    sample = naive.design(people.read_records(data), "")
    readers = [("naive", lambda row: (naive_value(sample, row), TOLERANCE))]
    if arguments:
        runs = Runs(arguments[0], data)
        readers += [("est", lambda row: engine_value(runs, row)),
                    ("est --sampling-errors", lambda row: (printed_errors(runs, row), TOLERANCE))]
    faults = 0
    for who, reader in readers:
        compared = left = 0
        for row in table:
            try:
                found, tolerance = reader(row)
            except NotImplementedError:
                left += 1
                continue
            compared += 1
            expected = float(row["value"].replace("NA", "nan"))
            if not isinstance(found, (int, float)) or not near(found, expected, tolerance):
                faults += 1
                print("FAULT %s: %s, %s, %s, %s: found %r, expected %s" % (who, row["case"], row["estimator"], row["domain"],
                                                                        row["quantity"], found, row["value"]))
        print("%s: %d values compared, %d are not of this kind" % (who, compared, left))
        faults += compared == 0
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
