#!/usr/bin/env python3
"""Survey estimation from the definitions, written for clarity: every unit of every stage is a node of a tree, every sum anew.

    naive_survey.py selfcheck               against the tables of other software in LIBEST_ORACLES
    naive_survey.py compare EST [N] [FIRST] `est survey` on N random designs, to 1e-10 (seeds FIRST, FIRST + 1, ...)

Pure Python; nothing is shared with the library. Formulas: Sarndal, Swensson and Wretman 1992 (4.3, 5.5, 6.5); Wolter 2007 (3, 4);
Woodruff 1952; Rao, Wu and Yue 1992.
"""
import csv
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from math import fsum

POLICIES = ("fail", "remove", "certainty", "adjust", "average")


class LonelyStratum(Exception):
    """A stratum of a single unit, and the policy is to fail."""


class Design:
    """rows: dicts. strata, units, fpc: one column name a stage (None: no strata; drawn with replacement)."""

    def __init__(self, rows, weight, units, strata=None, fpc=None):
        stages = len(units)
        self.rows, self.units = rows, units
        self.strata = (list(strata or []) + [None] * stages)[:stages]
        self.fpc = (list(fpc or []) + [None] * stages)[:stages]
        self.weights = [float(row[weight]) for row in rows]
        self.tree = self.branch(range(len(rows)), 0)

    def branch(self, indices, stage):
        """{stratum: (population, {unit: what lies below})}; below the last stage are row numbers."""
        if stage == len(self.units):
            return list(indices)
        strata = {}
        for i in indices:
            row = self.rows[i]
            name = row[self.strata[stage]] if self.strata[stage] else "all"
            unit = row[self.units[stage]] if self.units[stage] else i
            strata.setdefault(name, {}).setdefault(unit, []).append(i)
        return {name: (self.population(units, stage), {unit: self.branch(inside, stage + 1) for unit, inside in units.items()})
                for name, units in strata.items()}

    def population(self, units, stage):
        if not self.fpc[stage]:
            return math.inf
        first = next(iter(units.values()))[0]
        value = float(self.rows[first][self.fpc[stage]])
        return len(units) / value if value < 1 else value  # a fraction or a size

    def column(self, name):
        return [float(row[name]) if row[name] not in ("", "NA", None) else math.nan for row in self.rows]

    def counted(self, *columns, domain=None):
        """Rows with a weight above zero, in the domain, with no value missing."""
        return [w > 0 and (domain is None or domain[i]) and not any(math.isnan(column[i]) for column in columns)
                for i, w in enumerate(self.weights)]


def rows_below(node):
    if isinstance(node, list):
        return node
    return [i for _, units in node.values() for unit in units.values() for i in rows_below(unit)]


def has_case(node, cases):
    return any(cases[i] for i in rows_below(node))


# --- Taylor linearisation -------------------------------------------------------------------------------------------------------

def stratum_term(size, population, a, b, centre_a, centre_b):
    share_left_out = 1 - size / population
    scale = share_left_out * (size / (size - 1) if size > 1 else 1)
    return scale * fsum((x - centre_a) * (y - centre_b) for x, y in zip(a, b))


class Stratum:
    """A stratum of one stage with at least one case: unit totals of both statistics."""

    def __init__(self, name, population, units, a, b, cases):
        self.name, self.population, self.size = name, population, len(units)
        self.a = [fsum(a[i] for i in rows_below(unit)) for unit in units.values()]
        self.b = [fsum(b[i] for i in rows_below(unit)) for unit in units.values()]
        self.certain = 1 - self.size / population < 1e-7
        self.single = self.size == 1 and not self.certain
        with_cases = sum(has_case(unit, cases) for unit in units.values())
        self.single_in_domain = self.size > 1 and with_cases == 1 and not self.certain

    def odd(self, lonely_domain):
        return self.single or (lonely_domain and self.single_in_domain)

    def own_term(self):
        if self.certain or self.single:
            return 0.0
        return stratum_term(self.size, self.population, self.a, self.b, fsum(self.a) / self.size, fsum(self.b) / self.size)

    def recentred(self, centre):
        return stratum_term(self.size, self.population, self.a, self.b, *centre)


def mean_of_units(strata):
    units = sum(s.size for s in strata)
    return fsum(z for s in strata for z in s.a) / units, fsum(z for s in strata for z in s.b) / units


def group_terms(strata, policy, lonely_domain, everything):
    """The terms of strata that lie in one unit of the stage before; `everything`: all strata of the stage as (reach, stratum)."""
    odd = [s for s in strata if s.odd(lonely_domain)]
    plain = [s for s in strata if not s.odd(lonely_domain)]
    if policy == "fail" and any(s.single for s in strata):
        raise LonelyStratum(strata[0].name)
    if policy in ("fail", "remove", "certainty") or not odd:
        return fsum(s.own_term() for s in strata)
    own = fsum(s.own_term() for s in plain)
    if policy == "average":
        return own * len(strata) / len(plain) if plain else None  # None: to be averaged over the stage
    alone = sum(s.size for s in strata) == 1
    centre = mean_of_units([s for _, s in everything] if alone else strata)
    return own + fsum(s.recentred(centre) for s in odd)


def tells(strata, policy, lonely_domain, everything):
    """Is some variance seen among strata that lie in one unit of the stage before?"""
    odd = [s for s in strata if s.odd(lonely_domain)]
    moved = policy in ("adjust", "average")
    around = sum(s.size for s in strata)
    if around == 1:
        around = sum(s.size for _, s in everything)
    own = any(not s.certain and not s.single and not (moved and s.odd(lonely_domain)) for s in strata)
    return own or (policy == "adjust" and bool(odd) and around > 1)


def taylor_covariance(design, a, b, cases, policy="fail", lonely_domain=False, ultimate=False):
    """a, b: weight times influence value of every row; cases: the rows of the domain."""
    terms, groups, odd, told = [], [(1.0, design.tree)], False, False
    for _ in range(1 if ultimate else len(design.units)):
        found = [(reach, [Stratum(name, population, units, a, b, cases) for name, (population, units) in strata.items()
                          if any(has_case(unit, cases) for unit in units.values())])
                 for reach, strata in groups]
        found = [(reach, strata) for reach, strata in found if strata]
        everything = [(reach, s) for reach, strata in found for s in strata]
        usable = [(reach, s) for reach, s in everything if not s.odd(lonely_domain)]
        for reach, strata in found:
            odd = odd or any(s.odd(lonely_domain) for s in strata)
            told = told or tells(strata, policy, lonely_domain, everything)
            term = group_terms(strata, policy, lonely_domain, everything)
            if term is not None:
                terms.append(reach * term)
            elif usable:
                terms.append(len(strata) * fsum(r * s.own_term() for r, s in usable) / len(usable))
            else:
                terms.append(math.nan)
        groups = [(reach * len(units) / population, below) for reach, strata in groups
                  for population, units in strata.values() for below in units.values() if len(units) / population > 0]
    if any(math.isnan(t) for t in terms) or (odd and not told):  # where single units are all there is, 0 would be no estimate
        return math.nan
    return fsum(terms)


def degrees_of_freedom(design, cases):
    psus = strata = 0
    for _, units in design.tree.values():
        with_cases = sum(has_case(unit, cases) for unit in units.values())
        psus += with_cases
        strata += with_cases > 0
    return psus - strata


# --- Statistics: (estimate, influence value of every row) -----------------------------------------------------------------------

def only(cases, values):
    return [v if c else 0.0 for v, c in zip(values, cases)]


def total(weights, y, cases):
    e = only(cases, y)
    return fsum(w * v for w, v in zip(weights, e)), e


def ratio(weights, y, x, cases):
    top, bottom = total(weights, y, cases)[0], total(weights, x, cases)[0]
    if bottom == 0:
        return math.nan, [math.nan] * len(weights)
    r = top / bottom
    return r, only(cases, [(v - r * u) / bottom for v, u in zip(y, x)])


def mean(weights, y, cases):
    return ratio(weights, y, [1.0] * len(weights), cases)


def proportion(weights, values, level, cases):
    return mean(weights, [float(v == level) for v in values], cases)


def difference(first, second):
    return first[0] - second[0], [p - q for p, q in zip(first[1], second[1])]


def variance(design, influence, cases, weights=None, **how):
    z = [w * e for w, e in zip(weights or design.weights, influence)]
    return taylor_covariance(design, z, z, cases, **how)


def design_effect(weights, kind, v, y, cases, x=None, replacement=True):
    """kind mean, total or ratio (x given). Against a simple random sample of the same number of rows."""
    chosen = [i for i, c in enumerate(cases) if c]
    n, population = len(chosen), fsum(weights[i] for i in chosen)
    if n < 2:
        return math.nan
    if kind == "ratio":
        r, e = ratio(weights, y, x, cases)
        values = {i: e[i] for i in chosen}
    else:
        values = {i: y[i] for i in chosen}
    centre = fsum(weights[i] * values[i] for i in chosen) / population
    spread = n / (n - 1) * fsum(weights[i] * (values[i] - centre) ** 2 for i in chosen) / population
    simple = spread / n if kind == "mean" else spread * population ** 2 / n
    if not replacement:
        simple *= (population - n) / population
    return v / simple if simple > 0 else math.nan


# --- Replicate weights ----------------------------------------------------------------------------------------------------------

def psus_by_stratum(design):
    """{stratum: [rows of each PSU]}"""
    return {name: [rows_below(unit) for unit in units.values()] for name, (_, units) in design.tree.items()}


def factors_without(design, dropped, group, size):
    """One PSU left out, the others of `group` stand in for it."""
    factors = [1.0] * len(design.rows)
    for psu in group:
        for i in psu:
            factors[i] = 0.0 if psu is dropped else size / (size - 1)
    return factors


def jackknife1(design):
    """(factors of each replicate, scale, rscales)"""
    psus = [psu for group in psus_by_stratum(design).values() for psu in group]
    return [factors_without(design, psu, psus, len(psus)) for psu in psus], (len(psus) - 1) / len(psus), [1.0] * len(psus)


def jackknife_n(design, finite=True):
    replicates, rscales = [], []
    for name, group in psus_by_stratum(design).items():
        n = len(group)
        left_out = 1 - n / design.tree[name][0] if finite else 1
        for psu in group:
            replicates.append(factors_without(design, psu, group, n))
            rscales.append((n - 1) / n * left_out)
    return replicates, 1.0, rscales


def hadamard(size):
    """Sylvester's matrix: the sign of (row, column) is the parity of the bits that they share."""
    order = 1
    while order < size:
        order *= 2
    return [[-1 if bin(i & j).count("1") % 2 else 1 for j in range(order)] for i in range(order)]


def balanced_half_samples(design, fay=0.0):
    """Two PSUs a stratum; column 0, all ones, is not used."""
    strata = list(psus_by_stratum(design).values())
    matrix = hadamard(len(strata) + 1)
    replicates = []
    for signs in matrix:
        factors = [1.0] * len(design.rows)
        for h, (first, second) in enumerate(strata):
            for psu, sign in ((first, signs[h + 1]), (second, -signs[h + 1])):
                for i in psu:
                    factors[i] = 2 - fay if sign > 0 else fay
        replicates.append(factors)
    return replicates, 1 / (len(matrix) * (1 - fay) ** 2), [1.0] * len(matrix)


def rao_wu_factors(design, multiplicities):
    """multiplicities: for each replicate {stratum: [times that each PSU was drawn]}; m draws of n PSUs in each stratum."""
    replicates = []
    for drawn in multiplicities:
        factors = [1.0] * len(design.rows)
        for name, group in psus_by_stratum(design).items():
            n, m = len(group), sum(drawn[name])
            left_out = 1 - n / design.tree[name][0]
            shrink = math.sqrt(left_out * m / (n - 1))
            for psu, times in zip(group, drawn[name]):
                for i in psu:
                    factors[i] = 1 - shrink + shrink * times * n / m
        replicates.append(factors)
    return replicates, 1 / (len(replicates) - 1), [1.0] * len(replicates)


def replicate_variance(design, estimator, replicates, scale, rscales, mse=False):
    """estimator: a function of the weights."""
    theta = [estimator([w * f for w, f in zip(design.weights, factors)]) for factors in replicates]
    used = [t for t, r in zip(theta, rscales) if r > 0]
    centre = estimator(design.weights) if mse else fsum(used) / len(used)
    return scale * fsum(r * (t - centre) ** 2 for t, r in zip(theta, rscales))


# --- Calibrated weights ---------------------------------------------------------------------------------------------------------

def post_stratified(design, labels, totals):
    sums = {label: fsum(w for w, l in zip(design.weights, labels) if l == label) for label in totals}
    return [w * totals[label] / sums[label] for w, label in zip(design.weights, labels)]


def raked(design, margins, sweeps=500):
    """margins: [(label of every row, {label: total})]"""
    weights = list(design.weights)
    for _ in range(sweeps):
        for labels, totals in margins:
            sums = {label: fsum(w for w, l in zip(weights, labels) if l == label) for label in totals}
            weights = [w * totals[label] / sums[label] for w, label in zip(weights, labels)]
    return weights


def dummies(labels):
    return [[float(l == label) for l in labels] for label in sorted(set(labels))]


def solve(matrix, right):
    """Gauss with pivots; columns that follow from others get coefficient 0."""
    n, rows = len(right), [list(line) + [value] for line, value in zip(matrix, right)]
    largest, used, at = max(abs(v) for line in matrix for v in line), [], 0
    for column in range(n):
        pivot = max(range(at, n), key=lambda i: abs(rows[i][column]))
        if abs(rows[pivot][column]) < 1e-11 * largest:
            continue
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for i in range(n):
            if i != at:
                factor = rows[i][column] / rows[at][column]
                rows[i] = [p - factor * q for p, q in zip(rows[i], rows[at])]
        used.append(column)
        at += 1
        if at == n:
            break
    solution = [0.0] * n
    for i, column in enumerate(used):
        solution[column] = rows[i][n] / rows[i][column]
    return solution


def residuals(weights, e, x):
    """Of the influence values regressed on the columns x with the base weights, over all rows (also those outside the domain)."""
    left = [[fsum(w * p * q for w, p, q in zip(weights, a, b)) for b in x] for a in x]
    right = [fsum(w * p * v for w, p, v in zip(weights, a, e)) for a in x]
    slope = solve(left, right)
    return [v - fsum(s * a[i] for s, a in zip(slope, x)) for i, v in enumerate(e)]


def calibrated_variance(design, weights, influence, x, **how):
    """weights: the calibrated ones, with which the influence values were taken too."""
    rest = residuals(design.weights, influence, x)
    return variance(design, rest, [True] * len(rest), weights, **how)


# --- Quantiles ------------------------------------------------------------------------------------------------------------------

def student_cdf(t, df):
    """t = sqrt(df) tan(angle) makes the density a power of the cosine: Simpson's rule."""
    if math.isinf(df):
        return 0.5 * math.erfc(-t / math.sqrt(2))
    angle, steps = math.atan(t / math.sqrt(df)), 2000
    step = angle / steps
    terms = [(1 if i in (0, steps) else 4 if i % 2 else 2) * math.cos(i * step) ** (df - 1) for i in range(steps + 1)]
    return 0.5 + fsum(terms) * step / 3 * math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(math.pi)


def student_quantile(p, df):
    low, high = -1e3, 1e3
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if student_cdf(middle, df) < p else (low, middle)
    return (low + high) / 2


def weighted_quantile(rule, values, weights, p):
    """rule math: the first value with at least p of the weight; hf7: between the values, knots (0, C_1, .. C_n-1) / C_n-1."""
    pairs = sorted(((v, w) for v, w in zip(values, weights) if w > 0), key=lambda pair: pair[0])  # ties as in the file
    everything = fsum(w for _, w in pairs)
    below = [fsum(w for _, w in pairs[:k]) for k in range(len(pairs) + 1)]
    if rule == "math":
        for k, (value, _) in enumerate(pairs):
            if below[k + 1] >= p * everything * (1 - 1e-9):
                return value
    if len(pairs) == 1:
        return pairs[0][0]
    knots = [below[k] / below[len(pairs) - 1] for k in range(len(pairs))]
    for k in range(1, len(pairs)):
        if p <= knots[k]:
            share = (p - knots[k - 1]) / (knots[k] - knots[k - 1])
            return pairs[k - 1][0] + share * (pairs[k][0] - pairs[k - 1][0])
    return pairs[-1][0]


def woodruff(design, y, p, cases, rule="math", level=0.95, df=None, **how):
    """(quantile, lower, upper, se): a t interval of the share at or below the quantile (not of p), turned back by the same rule."""
    values, weights = [v for v, c in zip(y, cases) if c], [w for w, c in zip(design.weights, cases) if c]
    quantile = weighted_quantile(rule, values, weights, p)
    share, e = mean(design.weights, [float(v <= quantile) for v in y], cases)
    df = degrees_of_freedom(design, cases) if df is None else df
    if df <= 0:
        return quantile, math.nan, math.nan, math.nan
    t = student_quantile(1 - (1 - level) / 2, df)
    half = t * math.sqrt(variance(design, e, cases, **how))
    ends = [weighted_quantile(rule, values, weights, q) if 0 <= q <= 1 else math.nan for q in (share - half, share + half)]
    return quantile, ends[0], ends[1], (ends[1] - ends[0]) / (2 * t)


# --- Random designs -------------------------------------------------------------------------------------------------------------

def random_rows(rng, two_stages, finite):
    """Rows of a design; domain b is missing from half the PSUs, c lives in one PSU a stratum, so that it leaves strata alone."""
    rows, psu_number = [], 0
    for h in range(rng.randint(2, 6)):
        n_psus = rng.choice((1, 2, 2, 3, 4, 5))
        population = n_psus + rng.choice((0, 1, 5, 20))
        home, level = rng.randrange(n_psus), rng.uniform(-3, 9)
        for i in range(n_psus):
            psu_number += 1
            effect, without_b = rng.gauss(0, 2), rng.random() < 0.5
            n_units = rng.choice((1, 2, 3, 4)) if two_stages else 1
            unit_population = n_units + rng.choice((0, 2, 9))
            for s in range(n_units):
                for _ in range(rng.randint(1, 3 if two_stages else 7)):
                    domain = rng.choice("aab" if not without_b else "a")
                    if i == home and rng.random() < 0.3:
                        domain = "c"
                    rows.append({
                        "h": "s%d" % (h + 1), "c": "p%d" % psu_number, "s": "u%d" % (s + 1), "d": domain,
                        "N": str(population) if finite else "", "M": str(unit_population) if finite else "",
                        "w": "0" if rng.random() < 0.03 else "%.4f" % rng.uniform(0.5, 90),
                        "y": "" if rng.random() < 0.04 else "%.5f" % (level + effect + rng.gauss(0, 3)),
                        "x": "" if rng.random() < 0.02 else "%.5f" % rng.uniform(1, 30)})
    rng.shuffle(rows)
    return rows


def random_design(seed):
    """(design, arguments that declare it to `est survey`)"""
    rng = random.Random(seed)
    two_stages, finite = seed % 3 == 2, seed % 2 == 1
    rows = random_rows(rng, two_stages, finite)
    units, fpc = (["c", "s"], ["N", "M"]) if two_stages else (["c"], ["N"])
    design = Design(rows, "w", units, ["h"], fpc if finite else None)
    arguments = ["--weight", "w", "--strata", "h", "--psu", ",".join(units)]
    return design, arguments + (["--fpc", ",".join(fpc)] if finite else [])


def expected_rows(design, policy, replacement=True):
    """{(estimand, domain): {estimate, se, df, deff}}"""
    y, x, answers = design.column("y"), design.column("x"), {}
    for domain in [None] + sorted({row["d"] for row in design.rows}):
        inside = None if domain is None else [row["d"] == domain for row in design.rows]
        for estimand in ("mean(y)", "total(y)", "ratio(y/x)"):
            kind = estimand.split("(")[0]
            cases = design.counted(y, x, domain=inside) if kind == "ratio" else design.counted(y, domain=inside)
            if not any(cases):
                continue
            statistic = (ratio(design.weights, y, x, cases) if kind == "ratio" else
                         mean(design.weights, y, cases) if kind == "mean" else total(design.weights, y, cases))
            v = variance(design, statistic[1], cases, policy=policy)
            answers[estimand, domain] = {
                "estimate": statistic[0], "se": math.sqrt(v) if v >= 0 else math.nan, "df": degrees_of_freedom(design, cases),
                "deff": design_effect(design.weights, kind, v, y, cases, x, replacement)}
    return answers


def is_near(found, expected, scale, tolerance=1e-10):
    if expected is None or math.isnan(expected):
        return found is None
    return found is not None and abs(found - expected) <= tolerance * max(abs(expected), scale)


def run_survey(est_program, rows, arguments, policy):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sample.csv")
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        command = [est_program, "survey", path, *arguments, "--by", "d", "--mean", "y", "--total", "y", "--ratio", "y/x",
                   "--format", "json", "--internal", "--lonely", policy]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def compare_rows(found, expected, where):
    """Faults, and how many numbers were held against each other."""
    faults, compared, largest = [], 0, {}
    for (estimand, _), answer in expected.items():
        largest[estimand] = max(largest.get(estimand, 0), abs(answer["estimate"]))
    told = {key for key, row in found.items() if row.get("estimate") is not None}
    if told != set(expected):
        faults.append("%s: other rows than expected: %r" % (where, sorted(map(str, told ^ set(expected)))))
    for (estimand, domain), answer in expected.items():
        row = found.get((estimand, domain))
        if row is None:
            continue
        for key in ("estimate", "se", "df", "deff"):
            if key == "deff" and key not in row:
                continue
            # A standard error that is zero by cancellation is held against the size of the estimates.
            scale = 1e-4 * largest[estimand] if key in ("estimate", "se") else 1e-4
            if not is_near(row.get(key), answer[key], scale):
                faults.append("%s: %s of %s, domain %s: found %r, expected %.15g" %
                              (where, key, estimand, domain, row.get(key), answer[key]))
            compared += 1
    return faults, compared


def compare(est_program, seed, extra=(), replacement=True):
    """Runs `est survey` under every policy on the design of a seed. (faults, numbers compared)"""
    design, arguments = random_design(seed)
    faults, compared = [], 0
    for policy in POLICIES:
        where = "seed %d, lonely %s" % (seed, policy)
        try:
            expected = expected_rows(design, policy, replacement)
        except LonelyStratum:
            expected = None
        run = run_survey(est_program, design.rows, arguments + list(extra), policy)
        if run.returncode != (3 if expected is None else 0):
            faults.append("%s: status %d: %s" % (where, run.returncode, run.stderr.strip()))
            continue
        compared += 1
        if expected is not None:
            found = {(row["estimand"], (row.get("domain") or {}).get("d")): row for row in json.loads(run.stdout)["rows"]}
            faults_here, compared_here = compare_rows(found, expected, where)
            faults += faults_here
            compared += compared_here
    return faults, compared


# --- Self-check against the tables of other software ---------------------------------------------------------------------------

class Oracle:
    def __init__(self, folder):
        self.folder, self.faults, self.checked = folder, 0, 0
        with open(os.path.join(folder, "expected.csv"), newline="", encoding="utf-8") as file:
            self.expected = {(r["case"], r["dataset"], r["design"], r["estimator"], r["domain"], r["quantity"]): r["value"]
                             for r in csv.DictReader(file)}

    def rows(self, name):
        with open(os.path.join(self.folder, name + ".csv"), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def check(self, key, found, tolerance=1e-9):
        if key not in self.expected:
            return
        expected = float(self.expected[key])
        self.checked += 1
        if not abs(found - expected) <= tolerance * abs(expected):
            self.faults += 1
            print("%s: found %.15g, expected %.15g" % (" ".join(key), found, expected))

    def check_statistic(self, case, name, label, estimator, domain, design, statistic, cases, kind=None, y=None, x=None, **how):
        v = variance(design, statistic[1], cases, **how)
        self.check((case, name, label, estimator, domain, "estimate"), statistic[0])
        self.check((case, name, label, estimator, domain, "se"), math.sqrt(v))
        if kind:
            self.check((case, name, label, estimator, domain, "deff"),
                       design_effect(design.weights, kind, v, y, cases, x, replacement=False), 1e-8)
            self.check((case, name, label, estimator, domain, "deff_replace"),
                       design_effect(design.weights, kind, v, y, cases, x), 1e-8)


def check_api(oracle):
    for name, stem, units, strata in (("apisrs", "srs", [None], None), ("apistrat", "strat", [None], ["stype"]),
                                      ("apiclus1", "clus1", ["dnum"], None)):
        rows = oracle.rows(name)
        for label, fpc in ((stem + "_fpc", ["fpc"]), (stem + "_wr", None)):
            design = Design(rows, "pw", units, strata, fpc)
            oracle.check(("T1", name, label, "degf", "", "df"), degrees_of_freedom(design, design.counted()))
            for variable in ("api00", "enroll"):
                y = design.column(variable)
                cases = design.counted(y)
                for kind, statistic in (("mean", mean), ("total", total)):
                    oracle.check_statistic("T1", name, label, kind, variable, design, statistic(design.weights, y, cases), cases,
                                           kind, y)
            y, x = design.column("api.stu"), design.column("enroll")
            cases = design.counted(y, x)
            oracle.check_statistic("T1", name, label, "ratio", "api.stu/enroll", design, ratio(design.weights, y, x, cases), cases,
                                   "ratio", y, x)
            check_differences(oracle, name, label, design)
            for estimator, how in (("quantile_math_mean", "math"), ("quantile_hf7_mean", "hf7")):
                y = design.column("api00")
                _, lower, upper, se = woodruff(design, y, 0.5, design.counted(y), how)
                for quantity, value in (("ci95_lo", lower), ("ci95_hi", upper), ("se", se)):
                    oracle.check(("Q2", name, label, estimator, "api00:q0.5", quantity), value)


def check_differences(oracle, name, label, design):
    y = design.column("api00")
    of_type = {t: design.counted(y, domain=[row["stype"] == t for row in design.rows]) for t in "EH"}
    both = [e or h for e, h in zip(of_type["E"], of_type["H"])]
    change = difference(mean(design.weights, y, of_type["E"]), mean(design.weights, y, of_type["H"]))
    oracle.check_statistic("T3", name, label, "diff", "E-H", design, change, both)


def check_stages(oracle):
    design = Design(oracle.rows("mu284_weighted"), "w", ["id1", "id2"], None, ["n1", "n2"])
    y = design.column("y1")
    cases = design.counted(y)
    oracle.check_statistic("M1", "mu284", "2stage_fpc12", "total", "y1", design, total(design.weights, y, cases), cases)
    oracle.check_statistic("M1", "mu284", "2stage_fpc12", "mean", "y1", design, mean(design.weights, y, cases), cases)
    oracle.check_statistic("M1", "mu284", "2stage_fpc12_ultimate.cluster", "total", "y1", design, total(design.weights, y, cases),
                           cases, ultimate=True)
    for label, fpc in (("strat_psu_fpc", ["Nh"]), ("strat_psu_wr", None)):
        design = Design(oracle.rows("fpc"), "weight", ["psuid"], ["stratid"], fpc)
        y = design.column("x")
        cases = design.counted(y)
        for kind, statistic in (("mean", mean), ("total", total)):
            oracle.check_statistic("M1", "fpc", label, kind, "x", design, statistic(design.weights, y, cases), cases)


def check_lonely(oracle):
    ways = [(fpc, policy, in_domain, peer) for fpc in (None, ["Nh"]) for policy in POLICIES[1:] for in_domain in (False, True)
            for peer in ("TRUE", "FALSE")]
    for fpc, policy, in_domain, peer in ways:
        design = Design(oracle.rows("lonely"), "w", ["psu"], ["h"], fpc)
        y, group = design.column("y"), [row["g"] == "1" for row in design.rows]
        label = "lonely=%s,adjust.domain=%s,rcpp=%s%s" % (policy, str(in_domain).upper(), peer, ",fpc=Nh" if fpc else "")
        for domain, cases in (("y", design.counted(y)), ("g=1:y", design.counted(y, domain=group))):
            for kind, statistic in (("mean", mean), ("total", total)):
                oracle.check_statistic("L1", "lonely", label, kind, domain, design, statistic(design.weights, y, cases), cases,
                                       policy=policy, lonely_domain=in_domain)
            oracle.check(("L1", "lonely", label, "degf", domain.split(":")[0], "df"), degrees_of_freedom(design, cases))


def check_replicates(oracle):
    design = Design(oracle.rows("apiclus1"), "pw", ["dnum"])
    y = design.column("api00")
    cases = design.counted(y)
    for label, mse in (("JK1_centred", False), ("JK1_mse", True)):
        v = replicate_variance(design, lambda w: mean(w, y, cases)[0], *jackknife1(design), mse=mse)
        oracle.check(("R1", "apiclus1", label, "mean", "api00", "se"), math.sqrt(v))
    for name, units, strata in (("apistrat", [None], ["stype"]),):
        design = Design(oracle.rows(name), "pw", units, strata, ["fpc"])
        y = design.column("api00")
        cases = design.counted(y)
        for label, finite in (("JKn_centred", False), ("JKn_fpc_centred", True)):
            v = replicate_variance(design, lambda w: mean(w, y, cases)[0], *jackknife_n(design, finite))
            oracle.check(("R1", name, label, "mean", "api00", "se"), math.sqrt(v))
    # A mean over strata of the same weight is linear: balanced half samples and the linearised variance are the same number.
    rows = [dict(row, w="1") for row in oracle.rows("scd")]
    design = Design(rows, "w", ["ambulance"], ["ESA"])
    y = design.column("arrests")
    cases = design.counted(y)
    v = replicate_variance(design, lambda w: mean(w, y, cases)[0], *balanced_half_samples(design))
    oracle.check(("M1", "scd", "strat_psu_wr", "mean", "arrests", "se"), math.sqrt(v))
    v = replicate_variance(design, lambda w: mean(w, y, cases)[0], *balanced_half_samples(design, 0.3))
    oracle.check(("M1", "scd", "strat_psu_wr", "mean", "arrests", "se"), math.sqrt(v))


def check_calibrated(oracle):
    population = oracle.rows("apipop")
    count = {}
    for column in ("stype", "sch.wide", "comp.imp"):
        count[column] = {}
        for row in population:
            count[column][row[column]] = count[column].get(row[column], 0) + 1
    design = Design(oracle.rows("apiclus1"), "pw", ["dnum"], None, ["fpc"])
    labels = [row["stype"] for row in design.rows]
    weights = post_stratified(design, labels, count["stype"])
    for variable, kind, statistic in (("api00", "mean", mean), ("enroll", "total", total)):
        y = design.column(variable)
        value, e = statistic(weights, y, design.counted(y))
        v = calibrated_variance(design, weights, e, dummies(labels))
        oracle.check(("C1", "apiclus1", "poststrat_stype", kind, variable, "estimate"), value)
        oracle.check(("C1", "apiclus1", "poststrat_stype", kind, variable, "se"), math.sqrt(v))
    design = Design(oracle.rows("apistrat"), "pw", [None], ["stype"])
    columns = [[row[name] for row in design.rows] for name in ("sch.wide", "comp.imp")]
    weights = raked(design, [(columns[0], count["sch.wide"]), (columns[1], count["comp.imp"])])
    for variable in ("api00", "enroll", "ell"):
        y = design.column(variable)
        value, e = mean(weights, y, design.counted(y))
        v = calibrated_variance(design, weights, e, dummies(columns[0]) + dummies(columns[1]))
        key = ("C3", "apistrat", "calibrate_raking_schwide_compimp", "mean", variable)
        oracle.check(key + ("estimate",), value, 1e-7)
        oracle.check(key + ("se",), math.sqrt(v), 1e-6)


def selfcheck():
    folder = os.path.join(os.environ["LIBEST_ORACLES"], "survey")
    oracle = Oracle(folder)
    original = oracle.rows

    def rows(name):
        if name != "mu284_weighted":
            return original(name)
        # The weights follow from the two fpc columns: three units were drawn in each of five.
        return [dict(row, w=repr(float(row["n1"]) / 5 * float(row["n2"]) / 3)) for row in original("mu284")]

    oracle.rows = rows
    for part in (check_api, check_stages, check_lonely, check_replicates, check_calibrated):
        before = oracle.checked
        part(oracle)
        print("%s: %d numbers" % (part.__name__, oracle.checked - before))
        if oracle.checked == before:
            oracle.faults += 1
            print("%s found nothing to compare" % part.__name__)
    print("%d numbers compared, %d differ" % (oracle.checked, oracle.faults))
    return oracle.faults == 0


def compare_many(est_program, n, first):
    faults, compared = [], 0
    for seed in range(first, first + n):
        more, numbers = compare(est_program, seed)
        faults += more
        compared += numbers
    for fault in faults[:40]:
        print(fault)
    print("%d designs, %d numbers compared, %d faults" % (n, compared, len(faults)))
    return not faults and compared >= 20 * n


def main(arguments):
    if arguments[:1] == ["selfcheck"]:
        return selfcheck()
    if len(arguments) >= 2 and arguments[0] == "compare":
        return compare_many(arguments[1], *(int(a) for a in (arguments[2:] + ["40", "1"][len(arguments[2:]):])[:2]))
    print(__doc__)
    return False


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
