#!/usr/bin/env python3
"""The area model of Fay and Herriot once more, by brute force, against `est small-area`.

The variance between areas: the criterion itself on a grid of values, then golden section round the highest maximum in 40
digits; the equation of moments by halving. Everything that follows: the formulas of Rao and Molina (2015), sections 6.1 and 6.2,
as they stand, in 40 digits. Nothing is shared with the library, whose search works on the slope of the criterion.

Usage: check_small_area.py EST [TABLES]     TABLES random tables (default 40), and the milk data of LIBEST_ORACLES where they are
"""
import csv
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from decimal import Decimal as Dec
from decimal import getcontext

import numpy as np

getcontext().prec = 40
EST = sys.argv[1]
TABLES = int(sys.argv[2]) if len(sys.argv) > 2 else 40
FITS = ("reml", "ml", "moment")
GOLDEN = (Dec(5).sqrt() - 1) / 2
PI = Dec("3.14159265358979323846264338327950288419716939937510")
worst = {}


# ---- the model, in 40 digits ----

def solve(matrix, columns):
    """matrix^-1 columns, and the determinant: elimination with pivots."""
    n = len(matrix)
    a = [list(matrix[i]) + list(columns[i]) for i in range(n)]
    determinant = Dec(1)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(a[i][k]))
        if pivot != k:
            a[k], a[pivot] = a[pivot], a[k]
            determinant = -determinant
        determinant *= a[k][k]
        for i in range(n):
            if i != k:
                factor = a[i][k] / a[k][k]
                a[i] = [x - factor * y for x, y in zip(a[i], a[k])]
    return [[x / a[i][i] for x in a[i][n:]] for i in range(n)], determinant


class Model:
    def __init__(self, y, d, x):
        self.y, self.d, self.x = [Dec(v) for v in y], [Dec(v) for v in d], [[Dec(v) for v in row] for row in x]
        self.m, self.p = len(y), len(x[0])
        self.fy, self.fd, self.fx = np.array(y, float), np.array(d, float), np.array(x, float)

    def weighted(self, a):
        w = [1 / (a + d) for d in self.d]
        p = range(self.p)
        gram = [[sum(wi * r[j] * r[k] for wi, r in zip(w, self.x)) for k in p] for j in p]
        right = [[sum(wi * r[j] * yi for wi, r, yi in zip(w, self.x, self.y))] for j in p]
        beta, determinant = solve(gram, right)
        beta = [b[0] for b in beta]
        residual = [yi - sum(b * v for b, v in zip(beta, r)) for yi, r in zip(self.y, self.x)]
        return w, gram, beta, residual, determinant

    def criterion(self, a, kind):
        w, _, _, residual, determinant = self.weighted(a)
        value = sum(wi.ln() for wi in w) / 2 - sum(wi * r * r for wi, r in zip(w, residual)) / 2
        if kind == "adjusted":
            value += a.ln()
        return value - (determinant.ln() / 2 if kind != "ml" else 0)

    def rough(self, a, kind):
        """The same in double precision; "adjusted" too."""
        w = 1 / (a + self.fd)
        root = np.sqrt(w)
        q, r = np.linalg.qr(self.fx * root[:, None])
        left = self.fy * root
        left = left - q @ (q.T @ left)
        value = np.log(w).sum() / 2 - left @ left / 2
        if kind != "ml":
            value -= np.log(np.abs(np.diag(r))).sum()
        if kind == "adjusted":
            value += math.log(a) if a > 0 else -math.inf
        return value

    def grid(self):
        scale = max(self.fd.max(), np.var(self.fy))
        return np.concatenate([[0], np.geomspace(1e-7 * self.fd.min(), 50 * scale, 1500)])

    def maxima(self, kind):
        """Local maxima on the grid as brackets, each with its value."""
        grid = self.grid()
        values = [self.rough(a, kind) for a in grid]
        found = []
        for i, value in enumerate(values):
            if (i == 0 or value > values[i - 1]) and (i == len(grid) - 1 or value >= values[i + 1]):
                found.append((value, grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)], i == 0))
        return sorted(found, reverse=True)

    def variance(self, kind):
        if kind == "moment":
            return self.moment()
        value, low, high, at_zero = self.maxima(kind)[0]
        low, high = Dec(low), Dec(high)
        if at_zero and self.criterion(Dec(0), kind) >= self.criterion(high * Dec("1e-9"), kind):
            return Dec(0)
        for _ in range(100):
            step = GOLDEN * (high - low)
            if self.criterion(high - step, kind) > self.criterion(low + step, kind):
                high = low + step
            else:
                low = high - step
            if high - low < Dec("1e-17") * high:
                break
        return (low + high) / 2

    def moment(self):
        def above(a):
            w, _, _, residual, _ = self.weighted(a)
            return sum(wi * r * r for wi, r in zip(w, residual)) > self.m - self.p
        if not above(Dec(0)):
            return Dec(0)
        low, high = Dec(0), Dec(1)
        while above(high):
            high *= 2
        while high - low > Dec("1e-20") * high:
            middle = (low + high) / 2
            low, high = (middle, high) if above(middle) else (low, middle)
        return (low + high) / 2

    def answer(self, a, kind, others):
        """Predictions for the fitted areas, then for the rows `others`."""
        w, gram, beta, residual, _ = self.weighted(a)
        p = range(self.p)
        inverse, _ = solve(gram, [[Dec(int(j == k)) for k in p] for j in p])
        square = [[sum(wi * wi * r[j] * r[k] for wi, r in zip(w, self.x)) for k in p] for j in p]
        s1, s2, m = sum(w), sum(wi * wi for wi in w), Dec(self.m)
        of_a, bias = 2 / s2, Dec(0)
        if kind == "ml":
            bias = -sum(inverse[j][k] * square[k][j] for j in p for k in p) / s2
        elif kind == "moment":
            of_a, bias = 2 * m / s1 ** 2, 2 * (m * s2 - s1 ** 2) / s1 ** 3
        areas = []
        for r, d, e in zip(self.x, self.d, residual):
            b = d / (a + d)
            spread = sum(r[j] * inverse[j][k] * r[k] for j in p for k in p)
            foretold = sum(v * c for v, c in zip(r, beta))
            mse = max(a * b - bias * b * b, Dec(0)) + b * b * spread + 2 * b * b * of_a / (a + d)
            areas.append((foretold + (1 - b) * e, mse, e / (a + d - spread).sqrt()))
        for r in others:
            r = [Dec(v) for v in r]
            spread = sum(r[j] * inverse[j][k] * r[k] for j in p for k in p)
            areas.append((sum(v * c for v, c in zip(r, beta)), max(a - bias, Dec(0)) + spread, Dec("NaN")))
        loglik = -sum((2 * PI / wi).ln() for wi in w) / 2 - sum(wi * e * e for wi, e in zip(w, residual)) / 2
        return areas, beta, [inverse[j][j].sqrt() for j in p], loglik


# ---- est ----

def run(folder, header, rows, *options):
    path = os.path.join(folder, "areas.csv")
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    done = subprocess.run([EST, "small-area", path, "--quiet", "--format", "json", *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"est small-area failed: {done.stderr}")
    return json.loads(done.stdout)


def frame(result, name):
    of = result["frames"][name]
    return [dict(zip(of["columns"], row)) for row in of["rows"]]


def compare(what, found, expected, tolerance, scale=0):
    found, expected = float(found), float(expected)
    off = abs(found - expected) / max(abs(expected), float(scale), 1e-300) if found != expected else 0
    worst[what] = max(worst.get(what, 0), off)
    if not off <= tolerance:
        sys.exit(f"{what}: found {found!r}, expected {expected!r}, off by {off:.3g}")


def check_model(result, model, kind, others, fitted, unfitted, tolerance=1e-9):
    a = model.variance(kind)
    areas, beta, se, loglik = model.answer(a, kind, others)
    fit = frame(result, "fit")[0]
    compare("model variance", fit["model_variance"], a, tolerance, 1e-3 * min(model.fd))
    compare("log likelihood", fit["log_likelihood"], loglik, tolerance, 1)
    p, m = Dec(model.p), Dec(model.m)
    compare("AIC", fit["aic"], -2 * loglik + 2 * (p + 1), tolerance, 1)
    compare("BIC", fit["bic"], -2 * loglik + (p + 1) * m.ln(), tolerance, 1)
    compare("KIC", fit["kic"], -2 * loglik + 3 * (p + 1), tolerance, 1)
    for row, b, s in zip(frame(result, "coefficients"), beta, se):
        compare("beta", row["beta"], b, tolerance, s)
        compare("SE of beta", row["se"], s, tolerance)
    parts = frame(result, "areas")
    for i, (estimate, mse, standardised) in zip(fitted + unfitted, areas):
        compare("small_area", parts[i]["small_area"], estimate, tolerance, mse.sqrt())
        compare("MSE", parts[i]["mse"], mse, tolerance)
        if not standardised.is_nan():
            compare("standardised residual", parts[i]["standardised"], standardised, tolerance, 1)
    return a, areas


# ---- random tables ----

def draw(rng):
    m, p = rng.randint(6, 47), rng.randint(1, 4)
    truth = rng.choice([0, 0, 0.1, 1, 5])
    wide = rng.choice([0.2, 1, 2.5])
    d = [math.exp(rng.gauss(0, wide)) for _ in range(m)]
    x = [[1] + [rng.gauss(10, 3) for _ in range(p - 1)] for _ in range(m)]
    beta = [rng.gauss(5, 2) for _ in range(p)]
    y = [sum(b * v for b, v in zip(beta, row)) + rng.gauss(0, math.sqrt(truth)) + rng.gauss(0, math.sqrt(v))
         for row, v in zip(x, d)]
    gone = [i for i in range(m) if rng.random() < 0.15] if m - p > 8 else []
    return m, p, y, d, x, gone


def random_tables(folder):
    several = zero = 0
    for number in range(TABLES):
        rng = random.Random(100 + number)
        m, p, y, d, x, gone = draw(rng)
        fitted = [i for i in range(m) if i not in gone]
        shares = [rng.random() for _ in range(m)]
        header = ["area", "estimate", "variance", "share"] + [f"x{j}" for j in range(1, p)]
        rows = []
        for i in range(m):
            direct, variance = y[i], d[i]
            if i in gone:
                direct, variance = rng.choice([("", ""), (y[i], ""), (y[i], 0), ("", d[i])])
            rows.append([f"A{i}", repr(direct) if direct != "" else "", variance, shares[i], *x[i][1:]])
        model = Model([y[i] for i in fitted], [d[i] for i in fitted], [x[i] for i in fitted])
        options = ["--covariates", ",".join(header[4:])] if p > 1 else []
        for kind in FITS:
            way = rng.choice(["ratio", "difference", "optimal"])
            national = rng.choice([[], ["--national", "60.5"]]) if not gone else ["--national", "60.5"]
            result = run(folder, header, rows, "--fit", kind, "--share", "share", "--benchmark", way, *national, *options)
            a, areas = check_model(result, model, kind, [x[i] for i in gone], fitted, gone)
            zero += a == 0
            check_benchmark(result, model, a, dict(zip(fitted + gone, areas)), shares, way, national, [y, d, x])
            if kind != "moment":
                count = len(model.maxima(kind))
                shown = len(result["frames"]["optima"]["rows"]) if "optima" in result["frames"] else 1
                several += count > 1
                if count != shown:
                    sys.exit(f"table {number}, {kind}: {shown} maxima, expected {count}")
        if model.variance("reml") == 0 and model.m - p > 2:
            result = run(folder, header, rows, "--zero-model-variance", "adjust", *options)
            check_model(result, model, "adjusted", [x[i] for i in gone], fitted, gone)
    print(f"{TABLES} random tables, three fits each: {zero} fits at 0, {several} with several maxima")


def check_benchmark(result, model, a, areas, shares, way, national, data):
    y, d, x = data
    total = sum(Dec(s) for s in shares)
    w = [Dec(s) / total for s in shares]
    theta = [areas[i][0] for i in range(len(w))]
    mse = [areas[i][1] for i in range(len(w))]
    moves = {"ratio": theta, "difference": [Dec(1)] * len(w), "optimal": [wi * e for wi, e in zip(w, mse)]}[way]
    before = sum(wi * t for wi, t in zip(w, theta))
    target = Dec(national[1]) if national else sum(wi * Dec(v) for wi, v in zip(w, y))
    if way == "ratio" and (before <= 0 or target <= 0):
        return
    gap = target - before
    if national:
        variance = gap * gap
    else: # the gap as a linear function of y: its model variance from its coefficients
        weights, gram, _, _, _ = model.weighted(a)
        p = range(model.p)
        b = [1 - a * v for v in weights]
        c = [sum(wi * bi * r[j] for wi, bi, r in zip(w, b, model.x)) for j in p]
        back, _ = solve(gram, [[v] for v in c])
        on_y = [wi * bi - v * sum(r[j] * back[j][0] for j in p) for wi, bi, v, r in zip(w, b, weights, model.x)]
        variance = sum(q * q / v for q, v in zip(on_y, weights))
    spread = sum(wi * l for wi, l in zip(w, moves))
    shown = [row for row in result["rows"] if row["estimand"] == "small_area_benchmarked"]
    for i, row in enumerate(shown):
        part = moves[i] / spread
        compare("benchmarked", row["estimate"], theta[i] + part * gap, 1e-9, mse[i].sqrt())
        compare("its MSE", row["se"] ** 2, mse[i] + part * part * variance, 1e-9)
    met = sum(wi * Dec(row["estimate"]) for wi, row in zip(w, shown))
    compare("the national figure", met, target, 1e-12, 1)


# ---- other software ----

def milk(folder, oracles):
    path = os.path.join(oracles, "other", "sae_milk.csv")
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    with open(os.path.join(oracles, "other", "expected_sae.csv"), newline="") as file:
        expected = list(csv.DictReader(file))
    header, rows = rows[0], rows[1:]
    names = {"reml": "eblupFH_REML", "ml": "eblupFH_ML", "moment": "eblupFH_FH"}
    count = 0
    major = sorted({row[5] for row in rows})
    model = Model([row[2] for row in rows], [Dec(row[3]) ** 2 for row in rows],
                  [[1] + [int(row[5] == level) for level in major[1:]] for row in rows])
    for kind, name in names.items():
        result = run(folder, header, rows, "--area", "SmallArea", "--estimate", "yi", "--se", "SD", "--n", "ni", "--covariates",
                     "factor(MajorArea)", "--fit", kind)
        check_model(result, model, kind, [], list(range(len(rows))), [])
        fit, parts, beta = frame(result, "fit")[0], frame(result, "areas"), frame(result, "coefficients")
        for row in expected:
            if row["dataset"] != "milk" or row["method"] != name:
                continue
            at = int(row["area"]) - 1 if row["area"] != "NA" else 0
            found = {"refvar": lambda: fit["model_variance"], "beta": lambda: beta[at]["beta"], "se_beta": lambda: beta[at]["se"],
                     "gof_loglike": lambda: fit["log_likelihood"], "gof_AIC": lambda: fit["aic"], "gof_BIC": lambda: fit["bic"],
                     "gof_KIC": lambda: fit["kic"], "eblup": lambda: parts[at]["small_area"],
                     "mse": lambda: parts[at]["mse"]}[row["quantity"]]()
            compare("sae 1.3: " + row["quantity"], found, row["value"], 1e-9)
            count += 1
    print(f"milk data: {count} values of sae 1.3 agree to 1e-9")


def main():
    oracles = os.environ.get("LIBEST_ORACLES", "")
    with tempfile.TemporaryDirectory() as folder:
        if os.path.isfile(os.path.join(oracles, "other", "expected_sae.csv")):
            milk(folder, oracles)
        random_tables(folder)
    for what in sorted(worst):
        print(f"  {what}: at most {worst[what]:.1e} off")


main()
