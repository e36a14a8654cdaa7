#!/usr/bin/env python3
"""Rows of other software's values on fixed models and on rankings, against the program `est` as its user runs it.

Reads LIBEST_ORACLES/mse/expected.csv and the tables beside it. Methods: fixed-loglinear, BIC-best, BIC-rank, BIC-weighted mean,
closedpMS.t, closedpCI.t mX. Tolerances, relative: 1e-7 for estimates, criteria and deviances, as the peers' fits stop at a relative
change of deviance of 1e-8; 1e-4 for standard errors, which they take from the weights of the last step but one; an absolute 1e-6
where the expected deviance is zero up to rounding. No row is left out but those of EXCLUDED, with their reason.
"""
import csv
import itertools
import json
import math
import os
import subprocess
import sys

TOLERANCE = 1e-7
ERROR_TOLERANCE = 1e-4
METHODS = {"fixed-loglinear", "BIC-best", "BIC-rank", "BIC-weighted mean", "closedpMS.t", "closedpCI.t mX"}
# A model with a pair that nobody shows: its parameter is minus infinity and its cells hold nobody by the model. Rcapture knows no
# extended MLE and counts those cells as degrees of freedom (31 cells less 12 or 13 parameters); the fit has 23 cells.
EXCLUDED = {
    ("UKdat_5", "rank5 [12,13,15,25,35,45] maxorder=2", "df"),
    ("UKdat_5", "rank10 [12,13,15,24,25,35,45] maxorder=2", "df"),
}


def run(folder, dataset, *options):
    command = [os.environ["EST"], "mse", os.path.join(folder, dataset + ".csv"), "--internal", "--format", "json", "--quiet",
               "--ci", "none", *options]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return {"refused": answer.stderr}
    return json.loads(answer.stdout)


def list_names(folder, dataset):
    with open(os.path.join(folder, dataset + ".csv"), newline="", encoding="utf-8") as file:
        return [name for name in next(csv.reader(file)) if name != "count"]


def generators(settings):
    """The part in square brackets: groups of list numbers."""
    inside = settings[settings.index("[") + 1:settings.index("]")]
    return [[int(digit) for digit in group] for group in inside.split(",")]


def model_text(settings, names):
    if settings.startswith("main"):
        return "main"
    if settings.startswith("all pairs"):
        return "all-pairs"
    return " ".join(":".join('"%s"' % names[i - 1] for i in group) for group in generators(settings))


def closed(groups):
    """The closed set of terms of two lists or more."""
    terms = set()
    for group in groups:
        for size in range(2, len(group) + 1):
            terms.update(frozenset(part) for part in itertools.combinations(group, size))
    return terms


def printed_terms(text, names):
    return closed([[names.index(name.strip('"')) + 1 for name in generator.split(":")] for generator in text.split()])


class Checker:
    def __init__(self, folder):
        self.folder, self.faults, self.compared, self.worst = folder, 0, 0, 0.0
        self.answers = {}

    def answer(self, dataset, *options):
        key = (dataset,) + options
        if key not in self.answers:
            self.answers[key] = run(self.folder, dataset, *options)
        return self.answers[key]

    def fail(self, row, found):
        self.faults += 1
        print("%s, %s, %s, %s: found %s, expected %s" % (row["dataset"], row["method"], row["settings"], row["quantity"], found,
                                                        row["value"]))

    def number(self, row, found, tolerance=TOLERANCE):
        expected = float(row["value"])
        off = abs(found - expected) / max(abs(expected), 1e-3) if found is not None else math.inf
        if off <= tolerance or (row["quantity"] == "deviance" and abs(expected) < 1e-6 and abs(found) < 1e-6):
            self.worst = max(self.worst, off if tolerance == TOLERANCE and abs(expected) > 1e-6 else 0)
        else:
            self.fail(row, found)

    def terms(self, row, text, names):
        if printed_terms(text, names) != closed(generators(row["value"])):
            self.fail(row, text)

    def fixed(self, row):
        names = list_names(self.folder, row["dataset"])
        answer = self.answer(row["dataset"], "--model", model_text(row["settings"], names))
        if "refused" in answer:
            return self.fail(row, answer["refused"].strip())
        stats, rows = answer["stats"], {r["estimand"]: r for r in answer["rows"]}
        numbers = {"N": lambda: rows["population"]["estimate"], "abundance": lambda: rows["population"]["estimate"],
                   "dark_figure": lambda: rows["unobserved"]["estimate"], "BIC": lambda: stats["bic"], "AIC": lambda: stats["aic"],
                   "deviance": lambda: stats["deviance"], "df": lambda: stats["df"]}
        coefficients = answer["frames"]["coefficients"]["rows"]
        if row["quantity"] in numbers:
            self.number(row, numbers[row["quantity"]]())
        elif row["quantity"] == "stderr":
            self.number(row, rows["population"]["se"], ERROR_TOLERANCE)
        else:
            self.coefficients(row, coefficients, names)
        return None

    def coefficients(self, row, coefficients, names):
        masks, values = [], []
        for term, value in coefficients:
            masks.append(0 if term == "(intercept)" else sum(1 << names.index(name) for name in term.split(":")))
            values.append(value)
        # The result writes minus infinity as null.
        dead = sorted(mask + 1 for mask, value in zip(masks, values) if value is None)
        if row["quantity"] == "n_neginf" and len(dead) != int(row["value"]):
            self.fail(row, len(dead))
        elif row["quantity"] == "neginf_params" and dead != sorted(int(part) for part in row["value"].split()):
            self.fail(row, dead)
        elif row["quantity"] == "coef":
            expected = [float(part) for part in row["value"].split()]
            found = [value for _, value in sorted(zip(masks, values), key=lambda p: p[0]) if value is not None]
            ordered = sorted(expected) if len(expected) > len(names) + 1 else expected
            found = sorted(found) if len(expected) > len(names) + 1 else found
            if len(found) != len(ordered) or any(abs(a - b) > 1e-6 for a, b in zip(found, ordered)):
                self.fail(row, found)

    def ranked(self, row):
        names = list_names(self.folder, row["dataset"])
        order = row["settings"].split("maxorder=")[1].split(":")[0] if "maxorder=" in row["settings"] else None
        if order is None:
            order = "2" if row["dataset"] == "Artificial_3" else "3"
        answer = self.answer(row["dataset"], "--max-order", order)
        frame = answer["frames"]["models"]["rows"]
        if row["quantity"] in ("n_models", "n_models_total"):
            self.number(row, answer["stats"]["models_considered"])
        elif row["quantity"] == "n_models_fitted":
            self.number(row, len(frame))
        elif row["method"] == "BIC-weighted mean":
            weights = [math.exp((frame[0][3] - line[3]) / 2) for line in frame]
            self.number(row, sum(w * line[4] for w, line in zip(weights, frame)) / sum(weights))
        elif row["quantity"] == "model":
            self.terms(row, frame[0][0], names)
        elif row["method"] == "BIC-best":
            self.number(row, frame[0][4 if row["quantity"] == "N" else 3])
        else:
            self.rank(row, frame, names)

    def rank(self, row, frame, names):
        place = int(row["settings"].split()[1]) - 1
        wanted = closed(generators(row["settings"]))
        line = frame[place]
        if printed_terms(line[0], names) != wanted and abs(frame[place][3] - frame[place - 1][3]) > 1e-6:
            return self.fail(row, line[0])
        self.number(row, line[4 if row["quantity"] == "N" else 3])
        return None

    def check(self, row):
        self.compared += 1
        listed = row["method"] in ("BIC-best", "BIC-rank", "BIC-weighted mean")
        if listed or row["quantity"] == "n_models":
            self.ranked(row)
        else:
            self.fixed(row)


def main():
    folder = os.path.join(os.environ["LIBEST_ORACLES"], "mse")
    with open(os.path.join(folder, "expected.csv"), newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] in METHODS]
    checker = Checker(folder)
    for row in rows:
        if (row["dataset"], row["settings"], row["quantity"]) not in EXCLUDED:
            checker.check(row)
    print("%d rows compared, %d excluded, %d faults, largest relative difference %.2g" %
          (checker.compared, len(rows) - checker.compared, checker.faults, checker.worst))
    return 1 if checker.faults or checker.compared < 250 else 0


if __name__ == "__main__":
    sys.exit(main())
