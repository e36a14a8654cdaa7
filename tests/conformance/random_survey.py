#!/usr/bin/env python3
"""`est survey` against naive_survey.py on random designs of every kind, to 1e-9.

    random_survey.py EST [N] [FIRST]   N seeds, FIRST, FIRST + 1, ...; seed modulo the number of kinds gives the kind

Kinds: stages (two or three, strata below the first, sizes or fractions, each policy for single units), unequal probabilities,
jackknife, half samples and bootstraps as supplied replicates, calibrated weights by residuals and by replicates, quantiles,
intervals of proportions, contrasts, regressions, tables.
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

import naive_survey as naive
import survey_reasons as reasons

TOLERANCE = 1e-9
DOMAINS = ("a", "b")


# --- Data -----------------------------------------------------------------------------------------------------------------------

def draw_rows(rng, stages, finite, shape, lonely=False):
    """shape: sizes or fractions. Columns h, g (strata of stage 1 and 2), c, s, e (units), N1.. and f1.. (fpc), w, values."""
    rows, psu = [], 0
    for h in range(rng.randint(2, 4)):
        n1 = rng.choice((1, 2, 3)) if lonely else rng.choice((2, 2, 3, 4))
        big1, level = n1 + rng.choice((0, 2, 9)), rng.uniform(2, 9)
        for _ in range(n1):
            psu += 1
            shift = rng.gauss(0, 2)
            for g in range(rng.choice((1, 2)) if stages > 1 else 1):
                n2 = rng.choice((1, 2, 3) if lonely else (2, 3)) if stages > 1 else 1
                big2 = n2 + rng.choice((0, 3, 8))
                for s in range(n2):
                    n3 = rng.choice((1, 2) if lonely else (2, 3)) if stages > 2 else 1
                    big3 = n3 + rng.choice((0, 1, 7))
                    for e in range(n3):
                        for _ in range(rng.randint(1, 2) if stages > 1 else rng.randint(2, 7)):
                            rows.append({"h": "h%d" % h, "c": "c%d" % psu, "g": "g%d" % g, "s": "s%d_%d_%d" % (psu, g, s),
                                         "e": "e%d_%d_%d_%d" % (psu, g, s, e),
                                         "N1": big1, "N2": big2, "N3": big3, "n1": n1, "n2": n2, "n3": n3, "level": level + shift})
    for row in rows:
        fill_row(rng, row, finite, shape)
    rng.shuffle(rows)
    return rows


def fill_row(rng, row, finite, shape):
    level = row.pop("level")
    for stage in "123":
        n, population = row.pop("n" + stage), row.pop("N" + stage)
        row["f" + stage] = "" if not finite else repr(n / population) if shape == "fractions" else str(population)
    row["w"] = "0" if rng.random() < 0.04 else "%.4f" % rng.uniform(0.5, 60)
    row["y"] = "" if rng.random() < 0.05 else "%.5f" % (level + rng.gauss(0, 3))
    row["x"] = "" if rng.random() < 0.03 else "%.5f" % rng.uniform(1, 20)
    row["v"] = "%.4f" % (level + rng.gauss(5, 2))
    row["z"] = rng.choice("0001")
    row["k"] = rng.choice("pqr")
    row["d"] = rng.choice(("a", "a", "b", "b", "b", ""))


def make_design(rng, stages=1, finite=True, shape="sizes", lonely=False):
    """(design, arguments). Fractions of exactly 1 are kept out: a lone 1 reads as a size of 1."""
    rows = draw_rows(rng, stages, finite, shape, lonely)
    if finite and shape == "fractions" and any(row["f%d" % s] == "1.0" for row in rows for s in range(1, stages + 1)):
        return make_design(rng, stages, finite, "sizes", lonely)
    units, strata, fpc = ["c", "s", "e"][:stages], ["h", "g"][:stages], ["f1", "f2", "f3"][:stages]
    arguments = ["--weight", "w", "--psu", ",".join(units), "--strata", ",".join(strata)]
    return naive.Design(rows, "w", units, strata, fpc if finite else None), arguments + (["--fpc", ",".join(fpc)] if finite else [])


def run(est_program, design, arguments, extra_files=()):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sample.csv")
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(design.rows[0]))
            writer.writeheader()
            writer.writerows(design.rows)
        for name, lines in extra_files:
            with open(os.path.join(folder, name), "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(lines)
        command = [est_program, "survey", path, "--format", "json", "--internal", "--quiet"]
        command += [argument.replace("FOLDER", folder) for argument in arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)


class Check:
    """Holds the rows of one run against expected numbers."""

    def __init__(self, where, answer):
        self.where, self.faults, self.compared = where, [], 0
        self.failed = answer.returncode != 0
        if self.failed:
            self.faults.append("%s: status %d: %s" % (where, answer.returncode, answer.stderr.strip()[:300]))
            return
        self.result = json.loads(answer.stdout)
        self.rows = {(row["estimand"],) + tuple(sorted(row["domain"].values())): row for row in self.result["rows"]}

    def number(self, estimand, domain, quantity, expected, scale=0.0, tolerance=TOLERANCE):
        """domain: None or a label. scale: what a number that is zero up to rounding is measured by."""
        if self.failed:
            return
        row = self.rows.get((estimand,) if domain is None else (estimand, domain))
        self.compared += 1
        found = row.get(quantity) if row else "no row"
        nothing = expected is None or math.isnan(expected)
        if nothing and (found is None or row is None):
            return
        if nothing or not isinstance(found, (int, float)) or not abs(found - expected) <= tolerance * max(abs(expected), scale):
            self.faults.append("%s: %s of %s, %s: found %r, expected %r" %
                               (self.where, quantity, estimand, domain, found, expected))


def nothing(where):
    """Of a seed whose design admits no answer."""
    return Check(where, subprocess.CompletedProcess([], 0, '{"rows": []}', ""))


def domains_of(design):
    return [(None, None)] + [(d, [row["d"] == d for row in design.rows]) for d in DOMAINS]


def statistics(design, weights, inside):
    """[(estimand, estimate, influence values, cases)]"""
    y, x = design.column("y"), design.column("x")
    one, both = design.counted(y, domain=inside), design.counted(y, x, domain=inside)
    levels = design.counted(domain=inside)
    k = [row["k"] for row in design.rows]
    found = [("mean(y)", *naive.mean(weights, y, one), one), ("total(y)", *naive.total(weights, y, one), one),
             ("ratio(y/x)", *naive.ratio(weights, y, x, both), both),
             ("proportion(k=p)", *naive.proportion(weights, k, "p", levels), levels)]
    return [item for item in found if any(item[3])]


ESTIMANDS = ["--mean", "y", "--total", "y", "--ratio", "y/x", "--proportion", "k=p", "--by", "d"]


def error_of(v):
    return math.sqrt(v) if v >= 0 else math.nan


# --- Kinds ----------------------------------------------------------------------------------------------------------------------

def stages_kind(rng, est_program, where):
    policy, lonely_domain = rng.choice(naive.POLICIES), rng.random() < 0.4
    design, arguments = make_design(rng, rng.choice((2, 2, 3)), rng.random() < 0.8, rng.choice(("sizes", "fractions")), True)
    ultimate, by_design = rng.random() < 0.2, rng.random() < 0.3
    lonely_domain, ultimate = lonely_domain and policy in ("adjust", "average"), ultimate and "--fpc" in arguments
    options = ["--lonely", policy] + ["--lonely-domain"] * lonely_domain + ["--ultimate-cluster"] * ultimate
    options += ["--df", "design"] * by_design
    how = {"policy": policy, "lonely_domain": lonely_domain, "ultimate": ultimate}
    answer = run(est_program, design, arguments + options + ESTIMANDS)
    expected = []
    try:
        for domain, inside in domains_of(design):
            for name, estimate, e, cases in statistics(design, design.weights, inside):
                v = naive.variance(design, e, cases, **how)
                df = naive.degrees_of_freedom(design, [True] * len(cases) if by_design else cases)
                expected.append((name, domain, estimate, error_of(v), df))
    except naive.LonelyStratum:
        fine = answer.returncode == 3
        check = nothing(where)
        check.compared += 1
        check.faults += [] if fine else ["%s: status %d, expected 3: %s" % (where, answer.returncode, answer.stderr.strip()[:200])]
        return check
    check = Check(where + " " + " ".join(options), answer)
    for name, domain, estimate, se, df in expected:
        check.number(name, domain, "estimate", estimate)
        check.number(name, domain, "se", se, 1e-4 * abs(estimate))
        check.number(name, domain, "df", df)
    return check


def joint_probability(form, p, q, n, squares):
    if form == "overton":
        return p * q * (n - 1) / (n - (p + q) / 2)
    return p * q * (n - 1) / (n - p - q + squares / n)


def unequal_variance(z, p, form, yates_grundy):
    """One stratum. z: unit totals of weight times influence, weight with 1 / p in it."""
    n, squares = len(z), fsum(p)  # the sum of p^2 over the population, from the sample
    if form == "brewer":
        centre = fsum(z) / n
        return n / (n - 1) * fsum((1 - q) * (u - centre) ** 2 for u, q in zip(z, p))
    terms = [(1 - p[i]) * z[i] ** 2 for i in range(n)] if not yates_grundy else []
    for i in range(n):
        for j in range(n):
            if i != j:
                joint = 1 - p[i] * p[j] / joint_probability(form, p[i], p[j], n, squares)
                terms.append(-joint / 2 * (z[i] - z[j]) ** 2 if yates_grundy else joint * z[i] * z[j])
    return fsum(terms)


def unequal_kind(rng, est_program, where):
    design, arguments = make_design(rng, 1, False)
    probability = {}
    for row in design.rows:
        row["f1"] = probability.setdefault(row["c"], "%.6f" % rng.uniform(0.05, 0.9))
    form, yates_grundy = rng.choice(("brewer", "overton", "hartley-rao")), rng.random() < 0.5
    options = ["--fpc", "f1", "--pps", form]
    options += ["--pps-form", "yates-grundy" if yates_grundy else "horvitz-thompson"] if form != "brewer" else []
    check = Check(where + " " + form, run(est_program, design, arguments + options + ESTIMANDS))
    for domain, inside in domains_of(design):
        for name, estimate, e, _ in statistics(design, design.weights, inside):
            v = 0.0
            for _, units in design.tree.values():
                z = [fsum(design.weights[i] * e[i] for i in unit) for unit in units.values()]
                v += unequal_variance(z, [float(probability[unit]) for unit in units], form, yates_grundy)
            check.number(name, domain, "estimate", estimate)
            check.number(name, domain, "se", error_of(v), 1e-4 * abs(estimate), 1e-8)
    return check


def population_totals(rng, design, columns):
    sums = {}
    for column in columns:
        for w, row in zip(design.weights, design.rows):
            if w > 0:
                sums.setdefault(column, {}).setdefault(row[column], []).append(w)
    scaled = {}
    for column, levels in sums.items():
        raw = {level: fsum(w) * rng.uniform(0.9, 1.2) for level, w in sorted(levels.items())}
        scaled[column] = {level: value * 1000 / fsum(raw.values()) for level, value in raw.items()}
    return scaled


def calibration(rng, design, kinds):
    """(options, margin lines, function of base weights giving calibrated weights, auxiliary columns)"""
    kind = rng.choice([kind for kind in kinds if kind != "cluster"])
    columns = ("k",) if kind == "poststratify" else ("k", "z")
    known = population_totals(rng, design, columns)
    lines = [("variable", "level", "total")] + [(c, l, repr(t)) for c in columns for l, t in known[c].items()]
    labels = [[row[c] for row in design.rows] for c in columns]
    if kind == "linear":
        v, total = design.column("v"), 1000 * 9.7
        lines = lines[:1 + len(known["k"])] + [("v", "", repr(total))]
        x = naive.dummies(labels[0]) + [v]
        goal = [known["k"][level] for level in sorted(known["k"])] + [total]
        if kinds[-1] == "cluster" and rng.random() < 0.5:
            x = by_cluster(design, x)
            return ["linear", "--by-cluster"], lines, lambda w: linear(w, x, goal), x
        return ["linear"], lines, lambda w: meeting(linear(w, x, goal), x, goal), x
    x = [column for label in labels for column in naive.dummies(label)]
    goal = [known[c][level] for c in columns for level in sorted(known[c])]
    return [kind], lines, lambda w: meeting(raked(w, list(zip(labels, [known[c] for c in columns]))), x, goal), x


def meeting(weights, x, goal):
    """The weights, or None where the totals are not met: a replicate that lost all cases of a level."""
    met = all(abs(fsum(w * v for w, v in zip(weights, column)) - t) <= 1e-8 * abs(t) for column, t in zip(x, goal))
    return weights if met else None


def by_cluster(design, x):
    """Means of the auxiliary columns over each PSU, by the weights: factors are then the same in a PSU, and totals of x are met."""
    means = [list(column) for column in x]
    for units in naive.psus_by_stratum(design).values():
        for unit in units:
            weight = fsum(design.weights[i] for i in unit)
            for column, mean in zip(x, means):
                value = fsum(design.weights[i] * column[i] for i in unit) / weight if weight else 0.0
                for i in unit:
                    mean[i] = value
    return means


def linear(weights, x, goal):
    left = [[fsum(w * p * q for w, p, q in zip(weights, a, b)) for b in x] for a in x]
    right = [t - fsum(w * p for w, p in zip(weights, a)) for a, t in zip(x, goal)]
    slope = naive.solve(left, right)
    return [w * (1 + fsum(s * a[i] for s, a in zip(slope, x))) for i, w in enumerate(weights)]


def raked(weights, margins):
    weights = list(weights)
    for _ in range(400):
        for labels, totals in margins:
            sums = dict.fromkeys(totals, 0.0)
            for w, label in zip(weights, labels):
                sums[label] = sums.get(label, 0.0) + w
            weights = [w * totals[label] / sums[label] if w else 0.0 for w, label in zip(weights, labels)]
        if all(abs(fsum(w for w, l in zip(weights, labels) if l == level) / total - 1) < 1e-15 for labels, totals in margins
               for level, total in totals.items()):
            break
    return weights


def calibrated_kind(rng, est_program, where):
    design, arguments = make_design(rng, rng.choice((1, 2)), rng.random() < 0.5)
    kind, lines, calibrate, x = calibration(rng, design, ("poststratify", "rake", "exponential", "linear", "cluster"))
    weights = calibrate(design.weights)
    if weights is None or max(abs(w) for w in weights) > 1e6:
        return nothing(where)
    options = ["--calibrate", *kind, "--margins", "FOLDER/margins.csv"]
    check = Check(where + " " + kind[0], run(est_program, design, arguments + options + ESTIMANDS, [("margins.csv", lines)]))
    for domain, inside in domains_of(design):
        for name, estimate, e, cases in statistics(design, weights, inside):
            v = naive.calibrated_variance(design, weights, e, x)
            check.number(name, domain, "estimate", estimate, tolerance=1e-8)
            check.number(name, domain, "se", error_of(v), 1e-4 * abs(estimate), 1e-7)
            check.number(name, domain, "n", sum(cases))
    if min(weights) < 0:  # no quantile then
        refused = run(est_program, design, arguments + options + ["--quantile", "y@0.5"], [("margins.csv", lines)])
        check.compared += 1
        if refused.returncode != 3 or "negative" not in refused.stderr:
            check.faults.append("%s: quantiles are not refused" % where)
    return check


def jackknife_kind(rng, est_program, where):
    design, arguments = make_design(rng, 1, rng.random() < 0.5)
    stratified, mse, again = rng.random() < 0.6, rng.random() < 0.5, rng.random() < 0.6
    options = ["--variance", "jkn" if stratified else "jk1"] + ["--mse"] * mse
    if not stratified:
        arguments, design = ["--weight", "w", "--psu", "c"], naive.Design(design.rows, "w", ["c"])
    replicates = naive.jackknife_n(design) if stratified else naive.jackknife1(design)
    lines, calibrate = [], lambda w: w
    if again:
        kind, lines, calibrate, _ = calibration(rng, design, ("poststratify", "rake", "linear"))
        options += ["--calibrate", *kind, "--margins", "FOLDER/margins.csv"]
    kept = [calibrate([w * f for w, f in zip(design.weights, factors)]) for factors in replicates[0]]
    whole = calibrate(design.weights)
    if whole is None or None in kept or not max(replicates[2]) > 0:  # a level lost; every stratum taken whole
        return nothing(where)
    answer = run(est_program, design, arguments + options + ESTIMANDS, [("margins.csv", lines)])
    check = Check(where + " " + " ".join(options[:4]), answer)
    hold_replicates(check, design, whole, kept, replicates, mse)
    return check


def hold_replicates(check, design, whole, kept, replicates, mse):
    for domain, inside in domains_of(design):
        theta = [{item[0]: item[1] for item in statistics(design, weights, inside)} for weights in kept]
        for name, estimate, _, _ in statistics(design, whole, inside):
            values = [t[name] for t in theta]
            if any(math.isnan(value) for value in values):
                continue  # a replicate without a case: left out of the variance by the library, with a warning
            used = [t for t, r in zip(values, replicates[2]) if r > 0]
            centre = estimate if mse or not used else fsum(used) / len(used)
            v = replicates[1] * fsum(r * (t - centre) ** 2 for t, r in zip(values, replicates[2]))
            check.number(name, domain, "estimate", estimate, tolerance=1e-8)
            check.number(name, domain, "se", error_of(v), 1e-3 * abs(estimate), 1e-7)


def supplied_kind(rng, est_program, where):
    """Half samples, Fay's, or a rescaled bootstrap with the correction for finite populations, as columns of factors or weights."""
    how, mse, as_factors = rng.choice(("brr", "fay", "bootstrap")), rng.random() < 0.5, rng.random() < 0.5
    design, _ = make_design(rng, 1, True)
    if how == "bootstrap":
        sizes = {name: len(group) for name, group in naive.psus_by_stratum(design).items()}
        drawn = []
        for _ in range(12):
            times = {name: [0] * n for name, n in sizes.items()}
            for name, n in sizes.items():
                for _ in range(max(1, n - 1)):
                    times[name][rng.randrange(n)] += 1
            drawn.append(times)
        replicates = naive.rao_wu_factors(design, drawn)
        options = ["--replicate-type", "bootstrap"]
    else:
        rows = [row for row in design.rows if row["c"] in [unit for _, units in design.tree.values() for unit in list(units)[:2]]]
        design = naive.Design(rows, "w", ["c"], ["h"])
        replicates = naive.balanced_half_samples(design, 0.3 if how == "fay" else 0.0)
        options = ["--replicate-type", how] + (["--fay", "0.3"] if how == "fay" else [])
    for r, factors in enumerate(replicates[0]):
        for row, w, f in zip(design.rows, design.weights, factors):
            row["r%02d" % r] = repr(f if as_factors else w * f)
    options += ["--variance", "supplied", "--replicates", "r*", "--weight", "w"]
    options += ["--replicate-factors"] * as_factors + ["--mse"] * mse
    check = Check(where + " " + how, run(est_program, design, options + ESTIMANDS))
    kept = [[w * f for w, f in zip(design.weights, factors)] for factors in replicates[0]]
    hold_replicates(check, design, design.weights, kept, replicates, mse)
    return check


def quantile_by_rule(rule, pairs, p):
    """From the definitions of Hyndman and Fan (1996) with weights; pairs: (value, weight) sorted by value, weights above 0."""
    total, n = fsum(w for _, w in pairs), len(pairs)
    below = [fsum(w for _, w in pairs[:k]) for k in range(n + 1)]
    if rule in ("math", "school", "hf1", "hf2", "hf3"):
        return step_quantile(rule, pairs, below, p * total, total)
    last = pairs[-1][1]
    knots = {"hf4": lambda k: below[k + 1] / total, "hf5": lambda k: (below[k + 1] - pairs[k][1] / 2) / total,
             "hf6": lambda k: below[k + 1] / (total + last), "hf7": lambda k: below[k] / below[n - 1] if n > 1 else 0,
             "hf8": lambda k: (below[k] / 3 + 2 * below[k + 1] / 3) / (total + last / 3),
             "hf9": lambda k: (3 * below[k] / 8 + 5 * below[k + 1] / 8) / (total + last / 4)}[rule]
    if n == 1 or p <= knots(0):
        return pairs[0][0]
    for k in range(1, n):
        if p <= knots(k):
            share = (p - knots(k - 1)) / (knots(k) - knots(k - 1))
            return pairs[k - 1][0] + share * (pairs[k][0] - pairs[k - 1][0])
    return pairs[-1][0]


def step_quantile(rule, pairs, below, goal, total):
    for k, (value, _) in enumerate(pairs):
        if below[k + 1] >= goal - 1e-9 * total:
            tie = abs(below[k + 1] - goal) <= 1e-9 * total and k + 1 < len(pairs)
            return (value + pairs[k + 1][0]) / 2 if tie and rule in ("school", "hf2") else value
    return pairs[-1][0]


def beta_share(x, a, b):
    """The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    value = 0.0
    for m in range(300, 0, -1):
        odd = -(a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1))
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        value = odd / (1 + even / (1 + value))
    return front / (1 + value)


def beta_quantile(q, a, b):
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle, a, b) < q else (low, middle)
    return (low + high) / 2


def proportion_limits(method, p, v, n, df, tail=0.025):
    """Limits inside (0, 1); n: rows of the domain; Korn and Graubard's sample size is at most n."""
    t, odds = naive.student_quantile(1 - tail, df), math.log(p / (1 - p))
    reach = t * math.sqrt(v)
    size = p * (1 - p) / v
    if method == "t":
        return p - reach, p + reach
    if method == "logit":
        return tuple(1 / (1 + math.exp(-odds - side * reach / (p * (1 - p)))) for side in (-1, 1))
    if method == "arcsine":
        angle, half = math.asin(math.sqrt(p)), reach / (2 * math.sqrt(p * (1 - p)))
        return math.sin(max(angle - half, 0)) ** 2, math.sin(min(angle + half, math.pi / 2)) ** 2
    if method == "wilson":
        spread = t / (2 * size) * math.sqrt(4 * size * p * (1 - p) + t * t)
        return tuple((p + t * t / (2 * size) + side * spread) / (1 + t * t / size) for side in (-1, 1))
    if method == "likelihood":
        return tuple(reasons.likelihood_interval(p, v, n, t))
    size *= (naive.student_quantile(1 - tail, n - 1) / t) ** 2
    size = min(size, n) if method == "korn-graubard" else size
    return beta_quantile(tail, size * p, size * (1 - p) + 1), beta_quantile(1 - tail, size * p + 1, size * (1 - p))


def quantile_kind(rng, est_program, where):
    design, arguments = make_design(rng, rng.choice((1, 2)), rng.random() < 0.5)
    rule = rng.choice(("math", "school", "hf1", "hf2", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9"))
    p = rng.choice((0.2, 0.37, 0.5, 0.8))
    method = rng.choice(("t", "logit", "arcsine", "wilson", "beta", "korn-graubard"))
    options = ["--quantile", "y@%g" % p, "--quantile-rule", rule, "--quantile-ci", method, "--by", "d"]
    check = Check("%s %s %s" % (where, rule, method), run(est_program, design, arguments + options))
    y = design.column("y")
    for domain, inside in domains_of(design):
        cases = design.counted(y, domain=inside)
        pairs = sorted((y[i], design.weights[i]) for i, c in enumerate(cases) if c)
        quantile = quantile_by_rule(rule, pairs, p)
        share, e = naive.mean(design.weights, [float(value <= quantile) for value in y], cases)
        df, v, name = naive.degrees_of_freedom(design, cases), naive.variance(design, e, cases), "quantile(y,%g)" % p
        check.number(name, domain, "estimate", quantile)
        if not (df > 0 and 0 < share < 1 and v > 1e-20):
            continue
        limits = proportion_limits(method, share, v, sum(cases), df)
        for quantity, limit in zip(("lower", "upper"), limits):
            if abs(limit) > 1e-9 and abs(limit - 1) > 1e-9:
                end = quantile_by_rule(rule, pairs, limit) if 0 < limit < 1 else None
                check.number(name, domain, quantity, end, tolerance=1e-7)
    return check


def interval_kind(rng, est_program, where):
    design, arguments = make_design(rng, rng.choice((1, 2)), rng.random() < 0.5)
    method = rng.choice(("t", "logit", "arcsine", "wilson", "beta", "korn-graubard", "likelihood"))
    check = Check(where + " " + method, run(est_program, design, arguments + ["--proportion", "k=p", "--by", "d", "--ci", method]))
    for domain, inside in domains_of(design):
        name, p, e, cases = statistics(design, design.weights, inside)[-1]
        v, df = naive.variance(design, e, cases), naive.degrees_of_freedom(design, cases)
        if 0 < p < 1 and df > 0 and v > 1e-20:
            for quantity, limit in zip(("lower", "upper"), proportion_limits(method, p, v, sum(cases), df)):
                check.number(name, domain, quantity, limit, 1e-3)
    return check


def contrast_kind(rng, est_program, where):
    design, arguments = make_design(rng, rng.choice((1, 2)), rng.random() < 0.5)
    check = Check(where, run(est_program, design, arguments + ESTIMANDS + ["--contrast", "d=a - d=b; d=a / d=b"]))
    first, second = (statistics(design, design.weights, inside) for _, inside in domains_of(design)[1:])
    for one, two in zip(first, second):
        cases = [a or b for a, b in zip(one[3], two[3])]
        name, change = "contrast(%s)" % one[0], naive.difference(one[1:3], two[1:3])
        check.number(name, "d=a - d=b", "estimate", change[0], 1e-3)
        check.number(name, "d=a - d=b", "se", error_of(naive.variance(design, change[1], cases)), 1e-6)
        check.number(name, "d=a - d=b", "df", naive.degrees_of_freedom(design, cases))
        if one[1] > 0 and two[1] > 0:
            e = [p / one[1] - q / two[1] for p, q in zip(one[2], two[2])]
            check.number(name, "d=a / d=b", "estimate", one[1] / two[1])
            check.number(name, "d=a / d=b", "se", one[1] / two[1] * error_of(naive.variance(design, e, cases)), 1e-6)
    return check


def fit(design, x, y, cases, logistic):
    """(coefficients, influence values of each): Newton steps, one for the linear model."""
    chosen, weights, k = [i for i, c in enumerate(cases) if c], design.weights, len(x)
    beta = [0.0] * k
    for _ in range(60 if logistic else 1):
        eta = {i: fsum(b * a[i] for b, a in zip(beta, x)) for i in chosen}
        if logistic and max(abs(e) for e in eta.values()) > 300:
            return [math.inf] * k, []
        mu = {i: 1 / (1 + math.exp(-eta[i])) if logistic else eta[i] for i in chosen}
        slope = {i: mu[i] * (1 - mu[i]) if logistic else 1.0 for i in chosen}
        left = [[fsum(weights[i] * slope[i] * a[i] * b[i] for i in chosen) for b in x] for a in x]
        step = naive.solve(left, [fsum(weights[i] * a[i] * (y[i] - mu[i]) for i in chosen) for a in x])
        beta = [b + s for b, s in zip(beta, step)]
        if max(abs(s) for s in step) < 1e-13 or max(abs(b) for b in beta) > 50:
            break
    eta = {i: fsum(b * a[i] for b, a in zip(beta, x)) for i in chosen}
    residual = {i: y[i] - (1 / (1 + math.exp(-eta[i])) if logistic else eta[i]) for i in chosen}
    bread = reasons.inverse(left)
    return beta, [[fsum(line[j] * x[j][i] for j in range(k)) * residual[i] if i in residual else 0.0 for i in range(len(cases))]
                  for line in bread]


def regression_kind(rng, est_program, where):
    design, arguments = make_design(rng, rng.choice((1, 2)), rng.random() < 0.5)
    logistic, subset = rng.random() < 0.5, rng.random() < 0.5
    options = ["--logistic", "z ~ v + factor(k)"] if logistic else ["--linear", "y ~ v + factor(k)"]
    options += ["--where", 'd == "b"'] if subset else []
    y = design.column("z" if logistic else "y")
    cases = design.counted(y, domain=[row["d"] == "b" for row in design.rows] if subset else None)
    x = [[1.0] * len(y), design.column("v")] + [[float(row["k"] == level) for row in design.rows] for level in "qr"]
    check = Check(where + " " + options[0], run(est_program, design, arguments + options))
    beta, influence = fit(design, x, y, cases, logistic)
    levels = {row["k"] for row, case in zip(design.rows, cases) if case}
    if len(levels) < 3 or max(abs(b) for b in beta) > 12:  # a level without a case; nearly separated
        return nothing(where)
    for name, b, e in zip(("(intercept)", "v", "k=q", "k=r"), beta, influence):
        check.number("coefficient(%s)" % name, None, "estimate", b, 1e-2, 1e-8)
        check.number("coefficient(%s)" % name, None, "se", error_of(naive.variance(design, e, cases)), 1e-4, 1e-7)
        df = naive.degrees_of_freedom(design, cases) + 1 - len(beta)
        check.number("coefficient(%s)" % name, None, "df", df if df > 0 else None)
    return check


def table_kind(rng, est_program, where):
    design, arguments = make_design(rng, rng.choice((1, 2)), rng.random() < 0.5)
    cases = design.counted(domain=[row["d"] != "" for row in design.rows])
    check = Check(where, run(est_program, design, arguments + ["--association", "d:k"]))
    cells = [(d, k) for d in DOMAINS for k in "pqr"]
    shares = {c: naive.mean(design.weights, [float((row["d"], row["k"]) == c) for row in design.rows], cases) for c in cells}
    if check.failed or any(s == 0 for s, _ in shares.values()):
        return check
    z = {c: [w * e for w, e in zip(design.weights, shares[c][1])] for c in cells}
    covariance = {(c, b): naive.taylor_covariance(design, z[c], z[b], cases) for c in cells for b in cells}
    margin = {c: fsum(shares[a, c[1]][0] for a in DOMAINS) * fsum(shares[c[0], b][0] for b in "pqr") for c in cells}
    n = sum(cases)
    x2 = n * fsum((shares[c][0] - margin[c]) ** 2 / margin[c] for c in cells)
    contrasts = [{(a, b): ((a == "b") - (a == "a")) * ((b == level) - (b == "p")) for a, b in cells} for level in "qr"]
    simple = [[fsum(s[c] * t[c] / shares[c][0] for c in cells) / n for t in contrasts] for s in contrasts]
    actual = [[fsum(s[c] / shares[c][0] * covariance[c, b] * t[b] / shares[b][0] for c in cells for b in cells) for t in contrasts]
              for s in contrasts]
    columns = [naive.solve(simple, [actual[i][j] for i in range(2)]) for j in range(2)]
    trace = columns[0][0] + columns[1][1]
    squares = fsum(columns[i][j] * columns[j][i] for i in range(2) for j in range(2))
    if not trace > 1e-12:  # everybody was asked
        return nothing(where)
    tests = {row[0]: row for row in check.result["frames"]["association_tests"]["rows"]}
    for name, place, expected in (("pearson", 1, x2), ("rao-scott-1", 1, 2 * x2 / trace), ("rao-scott-2", 1, x2 / trace),
                                  ("rao-scott-2", 2, trace ** 2 / squares)):
        check.compared += 1
        if not reasons.near(tests[name][place], expected, 1e-8):
            check.faults.append("%s: %s: found %r, expected %r" % (where, name, tests[name][place], expected))
    return check


KINDS = (stages_kind, unequal_kind, calibrated_kind, jackknife_kind, supplied_kind, quantile_kind, interval_kind, contrast_kind,
         regression_kind, table_kind)


def main(arguments):
    if not arguments:
        print(__doc__)
        return False
    n, first = (int(a) for a in (arguments[1:] + ["40", "1"][len(arguments[1:]):])[:2])
    faults, totals = [], {}
    for seed in range(first, first + n):
        kind = KINDS[seed % len(KINDS)]
        name = kind.__name__[:-5]
        check = kind(random.Random(seed), arguments[0], "seed %d, %s" % (seed, name))
        faults += check.faults
        totals.setdefault(name, [0, 0])
        totals[name][0] += 1
        totals[name][1] += check.compared
    for name, (designs, compared) in sorted(totals.items()):
        print("%-11s %4d designs, %6d numbers" % (name, designs, compared))
    for fault in faults[:int(os.environ.get("SHOW", "40"))]:
        print(fault)
    compared = sum(numbers for _, numbers in totals.values())
    print("%d designs, %d numbers compared, %d faults" % (n, compared, len(faults)))
    return not faults and compared >= 5 * n


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
