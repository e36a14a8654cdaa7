#!/usr/bin/env python3
"""Tries to work out what a report on private data withholds, from everything that the report gives away.

    audit_disclosure.py EST [SURVEYS [FIRST]]

Random small surveys are drawn, `est` reports on each, and the reader's side is played: what is true by construction (age groups, sexes,
places add up; a person is of one kind) is written as linear equations over the smallest groups of people, and every number of cases, sum
of weights and total that was printed is put in. Then, for every group of few cases:

1. Are its cases pinned down to a range narrower than the threshold (a linear programme; no number is negative)? 25 for groups that have
   rows, 10 for any other (one age group at one value of some labels). The same with the marks taken at their word.
2. Is its sum of weights, or its sum of weights of those with an attribute, a combination of what is printed? Then its estimate is known.
3. Is a number of it printed anywhere: rows, tables, charts, words, in any format?
4. Do two numbers of cases of nearly the same people differ by few? Are small numbers of cases printed as they are?

The truth comes from `est --internal` on the same file, and from the records. Reads no file of rules. docs/disclosure.md says what is not
protected, and so is not asked here. Pure Python and numpy.
"""
import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from itertools import combinations, product

try:
    import numpy as np
except ImportError:
    sys.exit(77)

LEAST, COUNT = 25, 10  # cases of a domain, cases that are counted
SMALL = 1e-7
EVERY = float("inf")

CHILD_ABSENT = """wealth education head_education mother_education region functional_difficulty pay_or_profit own_use_production
 unpaid_trainee_work volunteer_work seeking_work paid_domestic_work occupation status_in_employment reason_for_work fetch_water
 hours_water firewood hours_firewood hazardous_occupation hazardous_list heavy_loads dangerous_tools dust_fumes_gas
 extreme_temperature noise_vibration heights chemicals_explosives underground underwater confined_space confined_to_premises
 abuse_at_work night_work other_hazard injury injury_type""".split()
STAGES = ["%s_%s" % (what, when) for what in ("involuntary", "penalty") for when in ("recruitment", "work", "leaving")]
CHILD = """child_for_third_party child_with_parents child_coerced child_parents_coerced child_parent_forced child_slavery child_sold
 child_debt_bondage child_armed_groups child_sexual child_illicit""".split()
MEANS = ["coercion_" + means for means in """physical_violence sexual_violence threats threats_family confinement debt_bondage
 withheld_wages retained_documents denunciation isolation vulnerability other""".split()]


# --- Surveys --------------------------------------------------------------------------------------------------------------------

class Survey:
    """Records as the file has them, and of each: its age, its labels, and the populations that it is of."""

    def __init__(self, method, book, arguments):
        self.method, self.book, self.arguments = method, book, arguments
        self.records, self.people, self.self_weighting = [], [], False


def draw_place(rng):
    """Few counties of very different size: cells of 1 to 30 cases."""
    counties = ["Kilifi", "Kisumu", "Lamu", "Turkana"][:rng.choice((2, 3, 4))]
    shares = [rng.choice((1, 1, 2, 5, 12)) for _ in counties]
    return counties, shares


def draw_by(rng, labels):
    lists = [()] + [c for k in (1, 1, 2, 2, 3) for c in combinations(labels, k)]
    return rng.choice(lists)


def design(rng, record, county, residence, self_weighting):
    stratum = 2 * county + int(residence)
    record.update(strata=stratum, psu=100 * stratum + rng.randrange(4), weight=250 if self_weighting else round(rng.uniform(100, 400), 2))


def child_labour(rng):
    preset = rng.choice(("sdg-8.7.1", "sdg-8.7.1", "icls18", "census-2019"))
    book = "[codebook]\npreset = knbs-child-labour\nweights = population\nreference-period = 7 days\ngeography = Kenya\n"
    book += "strata-expected = 8\n[role strata]\ncolumn = strata\n[role hours_economic]\ncolumn = hours_economic\nspecial = 98\n"
    book += "".join("[role %s]\nabsent = yes\n" % role for role in CHILD_ABSENT)
    labels = draw_by(rng, ("sex", "residence", "county"))
    survey = Survey("child-labour", book, ["--preset", preset, "--by", ",".join(labels)])
    if preset != "census-2019" and rng.random() < 0.15:
        survey.arguments += ["--ages", rng.choice(("5-11,5-14", "5-9,5-11,8-14", "12-14,12-17,5-17"))]
    counties, shares = draw_place(rng)
    missing, self_weighting = rng.choice((0, 0, 0.02)), rng.random() < 0.5
    ages = [rng.choice((1, 2, 3)) if age < 12 else rng.choice((0.3, 1, 2)) for age in range(5, 18)]
    for _ in range(rng.choice((60, 120, 200, 350, 600))):
        county, residence, sex = rng.choices(range(len(counties)), shares)[0], rng.choice("11222"), rng.choice("12")
        age, work = rng.choices(range(5, 18), ages)[0], rng.random() < 0.3
        hours = rng.choice((1, 5, 14, 20, 30, 43, 50)) if work and rng.random() > missing else ""
        record = {"age": age, "sex": sex, "residence": residence, "county": counties[county],
                  "economic_activity": ("1" if work else "2") if rng.random() >= missing else "9", "hours_economic": hours,
                  "chores": rng.choice("12"), "hours_chores": rng.choice((0, 3, 14, 21, 30)),
                  "industry": rng.choice("ABC") if work else "", "hazardous_industry": rng.choice("122"),
                  "school_attendance": rng.choice("112") if rng.random() >= missing else "9"}
        design(rng, record, county, residence, self_weighting)
        survey.records.append(record)
        survey.people.append((age, {"sex": {"1": "male", "2": "female"}[sex], "residence": {"1": "urban", "2": "rural"}[residence],
                                    "county": counties[county]}))
    return survey


def forced_labour(rng):
    book = "[codebook]\npreset = ilo-fls\nreference-period = 12 months\n[role strata]\ncolumn = strata\n"
    labels = draw_by(rng, ("sex", "residence", "county"))
    survey = Survey("forced-labour", book, ["--by", ",".join(labels)])
    counties, shares = draw_place(rng)
    self_weighting, rate, young = rng.random() < 0.5, rng.choice((0.02, 0.1, 0.3)), rng.choice((0.03, 0.1, 0.4))
    for _ in range(rng.choice((80, 200, 500))):
        county, residence, sex = rng.choices(range(len(counties)), shares)[0], rng.choice("12"), rng.choice("12")
        age, forced = rng.randrange(5, 18) if rng.random() < young else rng.randrange(18, 70), rng.random() < rate
        record = {"age": age, "sex": sex, "residence": residence, "county": counties[county], "in_reference_period": "1",
                  "excluded_c29": "2", "form": rng.choice("1123") if forced else ""}
        record.update({name: "1" if forced and rng.random() < 0.7 else "2" for name in STAGES})
        record.update({name + "_strong": "2" for name in STAGES})
        record.update({name: "1" if age < 18 and forced and rng.random() < 0.4 else "2" for name in CHILD})
        record.update({name: rng.choice("12") if forced else "" for name in MEANS})
        design(rng, record, county, residence, self_weighting)
        survey.records.append(record)
        survey.people.append((age, {"sex": {"1": "male", "2": "female"}[sex], "residence": {"1": "urban", "2": "rural"}[residence],
                                    "county": counties[county]}))
    return survey


def child_marriage(rng):
    book = "[codebook]\npreset = kdhs-women-2022\nweights = population\n[role strata]\ncolumn = strata\n"
    book += "".join("[role %s]\nabsent = yes\n" % role for role in ("county", "education", "all_women_factor", "years_since_union"))
    labels = draw_by(rng, ("residence", "wealth"))
    survey = Survey("child-marriage", book, ["--by", ",".join(labels)])
    if rng.random() < 0.5:
        survey.arguments += ["--ages", rng.choice(("20-24,20-49", "20-24,18-24,25-49", "18-49,20-24"))]
    shares = [rng.choice((1, 1, 3, 8)) for _ in range(5)]
    self_weighting, old = rng.random() < 0.5, rng.choice((0.05, 0.3, 1))
    for _ in range(rng.choice((80, 200, 400))):
        wealth, residence = rng.choices(range(1, 6), shares)[0], rng.choice("122")
        age = rng.randrange(25, 50) if rng.random() < old * 0.7 else rng.randrange(15, 25)
        union = rng.randrange(12, age + 1) if rng.random() < 0.6 else ""
        record = {"v012": age, "v025": residence, "v190": wealth, "v106": "1", "v024": "1", "v501": "0" if union == "" else "1",
                  "v511": union, "v008": 1400, "v509": ""}
        design(rng, record, 0, residence, self_weighting)
        record.update(v005=int(record["weight"] * 1000000), v021=record["psu"], v009=1)
        survey.records.append(record)
        survey.people.append((age, {"residence": {"1": "urban", "2": "rural"}[residence], "wealth": str(wealth)}))
    return survey


def draw(seed):
    rng = random.Random("disclosure %d" % seed)
    survey = rng.choice((child_labour, child_labour, child_labour, forced_labour, child_marriage))(rng)
    survey.arguments += ["--tables", rng.choice(("", "all", "all", "all")), "--lonely", "adjust", "--sampling-errors"]
    if rng.random() < 0.3:
        survey.arguments += ["--numbers", "no"]
    survey.self_weighting = len({record["weight"] for record in survey.records}) == 1
    survey.areas = "county" if survey.method == "child-labour" and rng.random() < 0.2 else ""
    return survey


def report(program, survey, folder):
    """(what is published, the truth, all texts that are published), or what est said."""
    data, book, out = os.path.join(folder, "data.csv"), os.path.join(folder, "book.ini"), os.path.join(folder, "out")
    with open(data, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(survey.records[0]))
        writer.writeheader()
        writer.writerows(survey.records)
    with open(book, "w", encoding="utf-8") as file:
        file.write(survey.book)
    command = [program, survey.method, data, "--codebook", book, "--quiet", *survey.arguments]
    if survey.areas:
        command += ["--small-area", survey.areas]
    os.mkdir(out)
    open_answer = subprocess.run([*command, "--output", out + "/"], capture_output=True, text=True, check=False)
    truth = subprocess.run([*command, "--internal", "--format", "json"], capture_output=True, text=True, check=False)
    if open_answer.returncode != 0 or truth.returncode != 0:
        return None, None, "status %d: %s" % (truth.returncode, " ".join((open_answer.stderr + truth.stderr).split())[:500])
    texts = {"standard error": open_answer.stderr}
    for name in sorted(os.listdir(out)):
        with open(os.path.join(out, name), encoding="utf-8") as file:
            texts[name] = file.read()
    published = json.loads(next(text for name, text in texts.items() if name.endswith(".json")))
    return published, json.loads(truth.stdout), texts


# --- Linear programmes ----------------------------------------------------------------------------------------------------------

def pivot(table, basis, row, column):
    table[row] /= table[row, column]
    others = np.abs(table[:, column]) > 0
    others[row] = False
    table[others] -= np.outer(table[others, column], table[row])
    basis[row] = column


def simplex(table, basis, n):
    """Minimises the last row over x >= 0; the table is feasible. Bland's rule, so that it ends. False: unbounded."""
    while True:
        columns = np.nonzero(table[-1, :n] < -SMALL)[0]
        if len(columns) == 0:
            return True
        column = columns[0]
        rows = np.nonzero(table[:-1, column] > SMALL)[0]
        if len(rows) == 0:
            return False
        ratios = table[rows, -1] / table[rows, column]
        ties = rows[ratios <= ratios.min() + SMALL]
        pivot(table, basis, min(ties, key=lambda r: basis[r]), column)


class Polytope:
    """All x >= 0 with A x = b and C x <= d."""

    def __init__(self, equal, right, at_most=None, limits=None):
        if at_most is not None and len(at_most):
            slack = np.eye(len(at_most))
            equal = np.vstack([np.hstack([equal, np.zeros((len(equal), len(at_most)))]), np.hstack([at_most, slack])])
            right = np.concatenate([right, limits])
        m, self.n = equal.shape
        negative = right < 0
        equal, right = np.where(negative[:, None], -equal, equal), np.abs(right)
        table = np.zeros((m + 1, self.n + m + 1))
        table[:m, :self.n], table[:m, self.n:self.n + m], table[:m, -1] = equal, np.eye(m), right
        table[-1] = -table[:m].sum(axis=0)
        table[-1, self.n:self.n + m] = 0
        basis = list(range(self.n, self.n + m))
        simplex(table, basis, self.n)
        self.feasible = abs(table[-1, -1]) < 1e-4
        for row in range(m):
            if basis[row] >= self.n:
                columns = np.nonzero(np.abs(table[row, :self.n]) > SMALL)[0]
                if len(columns):
                    pivot(table, basis, row, columns[0])
        keep = [row for row in range(m) if basis[row] < self.n]
        self.table = np.hstack([table[keep, :self.n], table[keep, -1:]])
        self.basis = [basis[row] for row in keep]

    def least(self, c):
        c = np.concatenate([c, np.zeros(self.n - len(c))])
        table, basis = np.vstack([self.table, np.concatenate([c, [0]])]), list(self.basis)
        for row, column in enumerate(basis):
            table[-1] -= table[-1, column] * table[row]
        return -table[-1, -1] if simplex(table, basis, self.n) else -EVERY

    def range(self, c):
        return self.least(c), -self.least(-c)


def spans(rows, vector):
    """Is the vector a combination of the rows?"""
    if len(rows) == 0:
        return False
    solution = np.linalg.lstsq(rows.T, vector, rcond=None)[0]
    return bool(np.abs(rows.T @ solution - vector).max() < 1e-8)


# --- The reader -----------------------------------------------------------------------------------------------------------------

def interval(text, bounds):
    found = re.fullmatch(r"(\d+)-(\d+)", text)
    if found:
        return int(found[1]), int(found[2])
    found = re.fullmatch(r"(\d+)\+", text)
    return (int(found[1]), bounds[1]) if found else bounds


class Groups:
    """The smallest groups of people that labels and ages tell apart, and sets of them."""

    def __init__(self, survey, rows):
        ages = [age for age, _ in survey.people]
        ages += [age for row in rows for age in interval(row.get("ages", ""), (min(ages), max(ages)))]
        self.bounds = min(ages), max(ages)
        cuts = {self.bounds[0], self.bounds[1] + 1, 12, 15, 18}
        for row in rows:
            low, high = interval(row.get("ages", ""), self.bounds)
            cuts |= {low, high + 1}
        self.cuts = sorted(cut for cut in cuts if self.bounds[0] <= cut <= self.bounds[1] + 1)
        self.names = sorted({name for row in rows for name in row["domain"] if name != "age"})
        self.values = [sorted({labels[name] for _, labels in survey.people}) for name in self.names]
        self.atoms = list(product(range(len(self.cuts) - 1), *self.values))
        self.survey = survey

    def vector(self, low, high, labels):
        inside = [self.cuts[i] >= low and self.cuts[i + 1] - 1 <= high for i in range(len(self.cuts) - 1)]
        wanted = [labels.get(name) for name in self.names]
        return np.array([float(inside[atom[0]] and all(w is None or w == v for w, v in zip(wanted, atom[1:]))) for atom in self.atoms])

    def of_row(self, row):
        low, high = interval(row.get("ages", ""), self.bounds)
        return self.vector(low, high, {name: value for name, value in row["domain"].items() if name != "age"})

    def count(self, low, high, labels):
        return sum(low <= age <= high and all(have[name] == value for name, value in labels.items()) for age, have in self.survey.people)


def key_of(row):
    return (row["estimand"], tuple(sorted(row["domain"].items())), row.get("population", ""), row.get("ages", ""), row.get("table", ""))


def people_of(row):
    """The population without what is a condition on the age: the ages say it."""
    text = re.sub(r"; those with age (>=|<) adult_age( and )?", "; those with ", row.get("population", ""))
    text = re.sub(r"; those with (questions_\w+( and )?)*$", "", text)
    return re.sub(r"; those with $", "", text)


AGE_SHARES = {"aged_5_11": (5, 11), "aged_12_14": (12, 14), "aged_15_17": (15, 17), "aged_5_14": (5, 14)}


class Audit:
    def __init__(self, seed, survey, published, truth, texts):
        self.seed, self.survey, self.texts = seed, survey, texts
        self.published, self.truth, self.faults, self.asked = published, truth, [], 0
        self.rows = published["rows"]
        self.true = {key_of(row): row for row in truth["rows"]}
        self.groups = Groups(survey, self.rows)

    def fault(self, text, *values):
        if len(self.faults) < 12:
            self.faults.append("seed %d, %s: %s" % (self.seed, " ".join([self.survey.method, *self.survey.arguments]), text % values))

    def truth_of(self, row):
        return self.true.get(key_of(row), {})

    def run(self):
        if len(self.published["rows"]) != len(self.truth["rows"]):
            self.fault("%d rows are published of %d", len(self.published["rows"]), len(self.truth["rows"]))
        populations = {}
        for row in self.rows:
            if "model_based" not in row["flags"] and not row["estimand"].endswith("_direct"):
                populations.setdefault(people_of(row), []).append(row)
        for name, rows in populations.items():
            self.audit_counts(name, rows)
            self.audit_weights(rows)
        self.audit_levels()
        self.audit_differences()
        self.audit_numerators()
        self.audit_frames()
        self.audit_models()
        self.audit_copies()
        return self.faults

    # What the rows of one population give away.

    def counts_shown(self, rows):
        """{set of groups: cases}, of rows, of the table of sampling errors, and of numerators that count an age group."""
        shown = {}
        for row in rows:
            if row.get("n") is not None:
                shown[tuple(self.groups.of_row(row))] = row["n"]
            share = AGE_SHARES.get(row["estimand"])
            if share and row.get("numerator") is not None:
                low, high = interval(row.get("ages", ""), self.groups.bounds)
                labels = {n: v for n, v in row["domain"].items() if n != "age"}
                shown[tuple(self.groups.vector(max(low, share[0]), min(high, share[1]), labels))] = row["numerator"]
        return shown

    def small_sets(self, rows, whole_survey):
        """Sets with few cases that nobody may learn: of rows, and of the whole survey every other one with one value of some labels."""
        small = {}
        for row in rows:
            n = self.truth_of(row).get("n")
            if n is not None and n < LEAST:
                small[tuple(self.groups.of_row(row))] = n
        if whole_survey:
            g = self.groups
            for i, j in combinations(range(len(g.cuts)), 2):
                for values in product(*[[None, *v] for v in g.values]):
                    labels = {name: value for name, value in zip(g.names, values) if value is not None}
                    n = g.count(g.cuts[i], g.cuts[j] - 1, labels)
                    if 0 < n < LEAST:
                        small[tuple(g.vector(g.cuts[i], g.cuts[j] - 1, labels))] = n
        return small

    def audit_counts(self, name, rows):
        shown = self.counts_shown(rows)
        small = self.small_sets(rows, ";" not in name and self.survey.method != "forced-labour" and not self.has_missing(rows))
        for members, n in shown.items():
            if n < LEAST:
                self.fault("%d cases are printed of %s", n, name)
        if not shown or not small:
            return
        equal, right = np.array(list(shown), dtype=float), np.array(list(shown.values()), dtype=float)
        plain = Polytope(equal, right)
        if not plain.feasible:
            self.fault("the equations of %s contradict each other", name)
            return
        marked, of_rows = self.with_marks(rows, equal, right), {tuple(self.groups.of_row(row)) for row in rows}
        for members, n in small.items():
            vector = np.array(members)
            self.asked += 1
            low, high = plain.range(vector)
            if high - low < (LEAST if members in of_rows else COUNT) - 1e-4:
                self.fault("%s: a group of %d cases lies between %.1f and %.1f", name, n, low, high)
            elif marked is not None:
                low, high = marked.range(vector)
                if high - low < COUNT - 1 - 1e-4 and n > 0 and members in of_rows:
                    self.fault("%s: by the marks a group of %d cases lies between %.1f and %.1f", name, n, low, high)

    def has_missing(self, rows):
        """Is nobody's answer missing, so that the records tell the cases of every set?"""
        return any(row["domain"] == {} and (self.truth_of(row).get("n") or 0) !=
                   self.groups.count(*interval(row.get("ages", ""), self.groups.bounds), {}) for row in rows)

    def with_marks(self, rows, equal, right):
        """The reader who takes few_cases for fewer than LEAST, and what is only withheld for LEAST or more; None where marks are alike."""
        few, beside = set(), set()
        for row in rows:
            if row.get("n") is None and "suppressed" in row["flags"]:
                (few if "few_cases" in row["flags"] or row.get("mark") == "*" else beside).add(tuple(self.groups.of_row(row)))
        if not few or any(self.truth_of(r).get("n", LEAST) < LEAST for r in rows if tuple(self.groups.of_row(r)) in beside - few):
            return None
        at_most = [np.array(v) for v in few] + [-np.array(v) for v in beside - few]
        limits = [LEAST - 1.0] * len(few) + [-float(LEAST)] * len(beside - few)
        found = Polytope(equal, right, np.array(at_most), np.array(limits))
        return found if found.feasible else None

    def audit_weights(self, rows):
        """Sums of weights, and of those with an attribute: is a hidden one a combination of shown ones?"""
        weights, attributes = {}, {}
        for row in rows:
            members = tuple(self.groups.of_row(row))
            if row.get("n_weighted") is not None:
                weights[members] = row["n_weighted"]
            stem = re.sub("_number$", "", row["estimand"])
            known = row["estimate"] is not None
            if stem in AGE_SHARES and known:
                low, high = interval(row.get("ages", ""), self.groups.bounds)
                labels = {n: v for n, v in row["domain"].items() if n != "age"}
                share = AGE_SHARES[stem]
                weights[tuple(self.groups.vector(max(low, share[0]), min(high, share[1]), labels))] = 0
            attributes.setdefault(stem, {})
            if known and (row["estimand"] != stem or row.get("n_weighted") is not None or row.get("unit") == "proportion"):
                attributes[stem][members] = 0
        matrix = np.array(list(weights), dtype=float)
        for row in rows:
            n = self.truth_of(row).get("n")
            if row["estimate"] is not None or n is None or not 0 < n < LEAST or row["estimand"].startswith("median"):
                continue
            vector = self.groups.of_row(row)
            shown = attributes.get(re.sub("_number$", "", row["estimand"]), {})
            self.asked += 1
            if weights and spans(matrix, vector):
                self.fault("the sum of weights of %s %s follows", row["domain"], row["ages"])
            if shown and spans(np.array(list(shown), dtype=float), vector):
                self.fault("%s of %s follows", row["estimand"], row["domain"])

    # Across rows.

    def audit_levels(self):
        """Shares that add to 1: one that is withheld, or one of people who are few, beside all others."""
        levels = {}
        for row in self.rows:
            if "=" in row["estimand"]:
                levels.setdefault(key_of(row)[1:] + (row["estimand"].split("=")[0],), []).append(row)
        for rows in levels.values():
            hidden = [row for row in rows if row["estimate"] is None]
            if len(hidden) == 1 < len(rows):
                self.fault("%s is 1 less the other levels", hidden[0]["estimand"])

    def audit_differences(self):
        """Numbers of cases of nearly the same people."""
        cells = {}
        for row in self.rows:
            if row.get("n") is not None:
                stem = row.get("population", "").split(";")
                cells.setdefault((tuple(sorted(row["domain"].items())), row.get("ages", ""), stem[0]), set()).add(
                    (row["n"], row["population"]))
        for key, found in cells.items():
            whole = [n for n, population in found if ";" not in population]
            for n, population in found:
                if any(0 < more - n < COUNT for more in whole):
                    self.fault("%s: %d cases, and of the whole %s", key, n, whole)

    def audit_numerators(self):
        for row in self.rows:
            with_it, n = row.get("numerator"), row.get("n")
            if with_it is not None and (with_it < COUNT or (n is not None and n - with_it < COUNT)):
                self.fault("%d of %s have it: %s %s", with_it, n, row["estimand"], row["domain"])

    # Frames.

    def audit_frames(self):
        for name in ("missing", "counts"):
            shown, true = self.published["frames"].get(name), self.truth["frames"].get(name)
            for line, truth in zip(shown["rows"], true["rows"]) if shown else ():
                title, ages, cases, of, percent = line
                if truth[2] < COUNT and (cases == truth[2] or percent == truth[4]):
                    self.fault("the frame '%s' tells: %s, %s", name, title, cases)
                if isinstance(of, (int, float)):
                    for row in self.rows:
                        whole = [k for k in row["domain"] if k != "age"] == [] and row.get("ages") == ages
                        if whole and row.get("n") is not None and 0 < of - row["n"] < COUNT:
                            self.fault("the frame '%s' has %s cases, the row %s", name, of, row["n"])
            self.audit_kinds(name, shown, true)
        shown, missing = self.published["frames"].get("bounds"), self.truth["frames"].get("missing")
        for line in shown["rows"] if shown and missing else ():
            for truth in missing["rows"]:
                if truth[1] == line[1] and truth[2] < COUNT and isinstance(line[3], (int, float)) and \
                        abs(line[3] - line[2] - truth[4]) < 1e-9:
                    self.fault("the bound of %s at %s tells a missing share", line[0], line[1])

    def audit_kinds(self, name, shown, true):
        """The same kind of people in overlapping age groups."""
        kinds = {}
        for line, truth in zip(shown["rows"], true["rows"]) if shown else ():
            kinds.setdefault(line[0], []).append((self.groups.vector(*interval(line[1], self.groups.bounds), {}), line[2], truth[2]))
        for title, lines in kinds.items():
            known = np.array([vector for vector, cases, _ in lines if isinstance(cases, (int, float))])
            for vector, cases, truth in lines:
                self.asked += 1
                if not isinstance(cases, (int, float)) and truth < COUNT and spans(known, vector):
                    self.fault("the frame '%s', %s: %d cases follow from other age groups", name, title, truth)

    def audit_models(self):
        """An area that is withheld must not be in a fit of which anything is shown."""
        hidden = {row["domain"].get("county") for row in self.rows
                  if list(row["domain"]) == ["county"] and row["estimate"] is None and "model_based" not in row["flags"]}
        shown = any("model_based" in row["flags"] and row["estimate"] is not None for row in self.rows)
        for name, frame in self.truth["frames"].items():
            if not name.endswith("_beside"):
                continue
            public = self.published["frames"].get(name, {"rows": []})
            for line in public["rows"]:
                if line[0] in hidden and str(line[-1]).startswith("in the fit") and shown:
                    self.fault("%s is withheld and in the fit of %s", line[0], name)
                if line[0] in hidden and any(isinstance(cell, (int, float)) for cell in line[1:4]):
                    self.fault("the frame '%s' shows %s", name, line[0])

    # Numbers as they stand.

    def audit_copies(self):
        """Numbers of withheld rows with all their digits, in any file. Equal weights make fractions that meet by chance."""
        if self.survey.self_weighting:
            return
        texts = " ".join(self.texts.values())
        printed = set(re.findall(r"\d+\.\d{5,}", texts))
        open_numbers = {repr(row[k]) for row in self.rows for k in ("estimate", "se", "lower", "upper", "n_weighted", "deff", "cv")
                        if row.get(k) is not None}
        for row in self.rows:
            if row["estimate"] is not None:
                continue
            truth = self.truth_of(row)
            for field in ("estimate", "n_weighted"):
                value = truth.get(field)
                for digits in {repr(value), repr(100 * value)} if isinstance(value, float) else ():
                    if digits in printed and digits not in open_numbers and not re.fullmatch(r"\d+\.\d{1,6}", digits) and \
                            not self.is_shown_elsewhere(value):
                        self.fault("the %s of %s %s stands somewhere: %s", field, row["estimand"], row["domain"], digits)

    def is_shown_elsewhere(self, value):
        """Another row, which is shown, has the same number."""
        return any(row.get(k) is not None and isinstance(row.get(k), float) and abs(row[k] - value) <= 1e-12 * abs(value)
                   for row in self.rows for k in ("estimate", "n_weighted"))


def main(arguments):
    program, surveys = arguments[0], int(arguments[1]) if len(arguments) > 1 else 12
    first, faults, asked, refused = int(arguments[2]) if len(arguments) > 2 else 1, 0, 0, 0
    for seed in range(first, first + surveys):
        survey = draw(seed)
        with tempfile.TemporaryDirectory() as folder:
            published, truth, texts = report(program, survey, folder)
        if published is None:
            refused += 1
            print("seed %d, %s: %s" % (seed, survey.method, texts))
            continue
        audit = Audit(seed, survey, published, truth, texts)
        for fault in audit.run():
            faults += 1
            print(fault)
        asked += audit.asked
    print("%d surveys, %d of them refused, %d withheld numbers attacked, %d given away" % (surveys, refused, asked, faults))
    return 1 if faults or asked == 0 or 3 * refused > surveys else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
