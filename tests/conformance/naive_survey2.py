#!/usr/bin/env python3
"""`est survey` against a second naive implementation, which knows no formula of linearisation.

    naive_survey2.py EST [N] [FIRST]   N random designs, seeds FIRST, FIRST + 1, ...

A statistic is a function of the weights. Its influence values are the derivatives by the weight of each row, taken by complex steps
(Squire and Trapp 1998, SIAM Review 40:110-112: exact to rounding), through whatever lies between: domains, contrasts, ratios of
domains, calibration by iteration, regressions. The variance is that of their weighted total under the design, by a recursion over the
rows. So no derivation is shared with the library or with naive_survey.py.
"""
import cmath
import csv
import json
import math
import os
import random
import subprocess
import sys
import tempfile

STEP = 1e-30
TOLERANCE = 1e-8


# --- The design -------------------------------------------------------------------------------------------------------------------

class Lonely(Exception):
    """A stratum of one unit, and the policy is to fail."""


def split(rows, key):
    parts = {}
    for i in rows:
        parts.setdefault(key(i), []).append(i)
    return list(parts.values())


def variance(design, z, case, stage=0, rows=None):
    """Of the total of z (weight times influence) by the stages from `stage` on, within `rows`."""
    rows = range(len(z)) if rows is None else rows
    strata = split(rows, lambda i: design.stratum(i, stage))
    strata = [s for s in strata if any(case[i] for i in s)]
    units = [split(s, lambda i: design.unit(i, stage)) for s in strata]
    sums = [[sum(z[i] for i in u) for u in us] for us in units]
    total, alone, usable = 0.0, 0, 0
    centre = sum(sum(s) for s in sums) / max(1, sum(len(s) for s in sums))
    for us, s in zip(units, sums):
        n, size = len(s), design.size(us[0][0], stage)
        rest = 1 - n / size
        with_cases = sum(any(case[i] for i in u) for u in us)
        if rest < 1e-7:
            usable += 1
        elif n == 1 or (design.lonely_domain and with_cases == 1 and design.lonely in ("adjust", "average")):
            alone += 1
            if n == 1 and design.lonely == "fail":
                raise Lonely()
            if design.lonely == "adjust":
                total += rest * (n / (n - 1) if n > 1 else 1) * sum((v - centre) ** 2 for v in s)
        else:
            usable += 1
            mean = sum(s) / n
            total += rest * n / (n - 1) * sum((v - mean) ** 2 for v in s)
    if alone and design.lonely == "average":
        total = total * (alone + usable) / usable if usable else math.nan
    if stage + 1 < design.stages:
        for us in units:
            fraction = len(us) / design.size(us[0][0], stage)
            if fraction > 0:
                total += fraction * sum(variance(design, z, case, stage + 1, u) for u in us if any(case[i] for i in u))
    return total


def degrees_of_freedom(design, case):
    rows = [i for i, c in enumerate(case) if c]
    strata = split(rows, lambda i: design.stratum(i, 0))
    return sum(len(split(s, lambda i: design.unit(i, 0))) - 1 for s in strata)


class Design:
    """Stages: one, or two with --fpc at both. Waves that were drawn apart have strata and units of their own."""

    def __init__(self, rng, calibrated):
        self.lonely = "fail" if calibrated else rng.choice(("fail", "certainty", "remove", "adjust", "average"))
        self.finite, self.waves = rng.random() < 0.6, rng.choice(("", "", "apart", "shared"))
        self.stages = 2 if self.finite and self.lonely in ("fail", "remove", "certainty") and rng.random() < 0.5 else 1
        self.lonely_domain = self.lonely in ("adjust", "average") and rng.random() < 0.5
        self.rows = []
        thin = self.lonely != "fail"
        for h in range(rng.randint(1, 4)):
            n = rng.choice((1, 2, 3) if thin else (2, 3, 5))
            big = n + rng.choice((0, 1, 6, 60)) if rng.random() < 0.9 else n
            for p in range(n):
                self.add_unit(rng, "h%d" % h, "%d-%d" % (h, p), big, thin)
        rng.shuffle(self.rows)
        self.weight = [float(r["w"]) for r in self.rows]

    def add_unit(self, rng, stratum, unit, big, thin):
        level, parts = rng.gauss(10, 4), rng.choice((1, 2, 3) if thin else (2, 3)) if self.stages > 1 else 1
        within = parts + rng.choice((0, 2, 9))
        for wave in ("1", "2") if self.waves else ("1",):
            for s in range(parts):
                for _ in range(rng.choice((1, 2, 4))):
                    y = level + rng.gauss(0, 3)
                    self.rows.append({"h": stratum, "p": unit, "s": str(s), "wave": wave, "N1": big, "N2": within,
                                      "w": "%.4f" % (0 if rng.random() < 0.04 else rng.uniform(0.4, 30)),
                                      "y": "" if rng.random() < 0.06 else "%.5f" % y, "x": "%.4f" % rng.uniform(1, 9),
                                      "v": "%.4f" % (y + rng.gauss(6, 3)), "b": "1" if rng.gauss(y - 10, 6) > 0 else "0",
                                      "a": rng.choice(("u", "u", "v", "")), "c": rng.choice("klm"), "k": rng.choice("pqq")})

    def stratum(self, i, stage):
        r = self.rows[i]
        return (r["h"] if stage == 0 else "", r["wave"] if stage == 0 and self.waves == "apart" else "")

    def unit(self, i, stage):
        r = self.rows[i]
        return (r["p"] if stage == 0 else r["s"], r["wave"] if stage == 0 and self.waves == "apart" else "")

    def size(self, i, stage):
        return float(self.rows[i]["N%d" % (stage + 1)]) if self.finite else math.inf

    def arguments(self):
        said = ["--weight", "w", "--strata", "h", "--psu", "p,s" if self.stages > 1 else "p", "--lonely", self.lonely]
        said += ["--fpc", "N1,N2" if self.stages > 1 else "N1"] if self.finite else []
        said += ["--lonely-domain"] if self.lonely_domain else []
        return said + (["--wave", "wave"] + ["--shared-psu"] * (self.waves == "shared") if self.waves else [])

    def number(self, column):
        return [float(r[column]) if r[column] else None for r in self.rows]


# --- Statistics as functions of the weights ---------------------------------------------------------------------------------------

def total_of(rows, w, y):
    return sum(w[i] * y[i] for i in rows)


class Totals:
    """kind: mean, total, ratio, proportion; rows: those that count."""

    def __init__(self, design, kind, domain):
        y, x = design.number("y"), design.number("x")
        inside = [i for i, r in enumerate(design.rows) if all(r[c] == v for c, v in domain.items()) and design.weight[i] > 0]
        needed = {"mean": [y], "total": [y], "ratio": [y, x], "proportion": []}[kind]
        self.rows = [i for i in inside if all(column[i] is not None for column in needed)]
        self.top = [float(r["k"] == "p") for r in design.rows] if kind == "proportion" else y
        self.below = {"mean": [1.0] * len(y), "proportion": [1.0] * len(y), "ratio": x, "total": None}[kind]

    def __call__(self, w):
        top = total_of(self.rows, w, self.top)
        return top / total_of(self.rows, w, self.below) if self.below else top


class Combined:
    """Sum of coefficient times statistic, or the logarithm of the ratio of two."""

    def __init__(self, coefficients, parts, logarithm=False):
        self.coefficients, self.parts, self.logarithm = coefficients, parts, logarithm
        self.rows = sorted(set(i for part in parts for i in part.rows))

    def __call__(self, w):
        values = [part(w) for part in self.parts]
        if self.logarithm:
            return cmath.log(values[0]) - cmath.log(values[1])
        return sum(c * v for c, v in zip(self.coefficients, values))


def solve(matrix, right):
    n = len(right)
    m = [list(line) + [value] for line, value in zip(matrix, right)]
    for i in range(n):
        best = max(range(i, n), key=lambda r: abs(m[r][i]))
        m[i], m[best] = m[best], m[i]
        for r in range(i + 1, n):
            factor = m[r][i] / m[i][i]
            for c in range(i, n + 1):
                m[r][c] -= factor * m[i][c]
    for i in reversed(range(n)):
        m[i][n] = (m[i][n] - sum(m[i][c] * m[c][n] for c in range(i + 1, n))) / m[i][i]
    return [line[n] for line in m]


class Regression:
    """Coefficient j, by Newton steps in complex numbers."""

    def __init__(self, design, logistic, inside, j):
        y = design.number("b" if logistic else "y")
        self.logistic, self.j, self.y = logistic, j, y
        self.x = [[1.0, float(r["x"]), float(r["c"] == "l"), float(r["c"] == "m")] for r in design.rows]
        self.rows = [i for i, r in enumerate(design.rows) if y[i] is not None and design.weight[i] > 0 and inside(r)]

    def __call__(self, w, all_of_them=False):
        beta = [0j] * 4
        for _ in range(30 if self.logistic else 2):
            left, right = [[0j] * 4 for _ in range(4)], [0j] * 4
            for i in self.rows:
                eta = sum(b * a for b, a in zip(beta, self.x[i]))
                if abs(eta.real) > 30:
                    raise OverflowError
                mu = 1 / (1 + cmath.exp(-eta)) if self.logistic else eta
                slope = mu * (1 - mu) if self.logistic else 1.0
                for a in range(4):
                    right[a] += w[i] * self.x[i][a] * (self.y[i] - mu)
                    for b in range(4):
                        left[a][b] += w[i] * slope * self.x[i][a] * self.x[i][b]
            step = solve(left, right)
            beta = [b + s for b, s in zip(beta, step)]
        return beta if all_of_them else beta[self.j]


class Calibrated:
    """A statistic of the weights that a calibration makes of w."""

    def __init__(self, statistic, calibrate):
        self.statistic, self.calibrate, self.rows = statistic, calibrate, statistic.rows

    def __call__(self, w):
        return self.statistic(self.calibrate(w))


def influence(statistic, w):
    found = []
    for i in range(len(w)):
        moved = [complex(v, 0) for v in w]
        moved[i] += STEP * 1j
        found.append(statistic(moved).imag / STEP if w[i] > 0 else 0.0)
    return found


# --- Calibration ------------------------------------------------------------------------------------------------------------------

def calibration(rng, design):
    """(options, margin lines, function of the weights). Residuals by w are the derivative for the linear distance and post-strata;
    those by w g for the exponential one, whose slope is g itself: so that is asked with --g-weighted."""
    kind = rng.choice(("poststratify", "rake", "linear", "exponential"))
    goals = {c: {} for c in "ck"}
    for c in "ck":
        for r, w in zip(design.rows, design.weight):
            goals[c][r[c]] = goals[c].get(r[c], 0) + w
        raw = {level: t * rng.uniform(0.9, 1.1) for level, t in goals[c].items() if t > 0}
        goals[c] = {level: 1.05 * sum(design.weight) * t / sum(raw.values()) for level, t in raw.items()}
    columns = ["c"] if kind == "poststratify" else ["c", "k"]
    names = [(c, level) for c in columns for level in sorted(goals[c])]
    x = [[float(r[c] == level) for c, level in names] for r in design.rows]
    goal = [goals[c][level] for c, level in names]
    lines = [(c, level, repr(goals[c][level])) for c, level in names]
    keep = list(range(len(names)))
    if len(columns) == 2:
        keep.remove(len(goals["c"]))  # the second margin's sum follows from the first
    if kind in ("linear", "exponential"):
        v = [float(r["v"]) for r in design.rows]
        shift = 1.02 * 1.05 * sum(w * a for w, a in zip(design.weight, v))
        lines.append(("v", "", repr(shift)))
        keep.append(len(names))
        goal.append(shift)
        x = [line + [a] for line, a in zip(x, v)]
    x, goal = [[line[j] for j in keep] for line in x], [goal[j] for j in keep]
    options = ["--calibrate", kind] + ["--g-weighted"] * (kind in ("rake", "exponential"))
    return options, lines, lambda w: newton(w, x, goal, kind)


def factor_of(kind, u):
    """F(u) and its derivative."""
    return (1 + u, 1.0) if kind in ("linear", "poststratify") else (cmath.exp(u), cmath.exp(u))


def newton(w, x, goal, kind):
    p = len(goal)
    slope = [0j] * p
    for _ in range(2 if kind in ("linear", "poststratify") else 25):
        left, right = [[0j] * p for _ in range(p)], [complex(g) for g in goal]
        for i, v in enumerate(w):
            f, d = factor_of(kind, sum(s * a for s, a in zip(slope, x[i])))
            for a in range(p):
                right[a] -= v * f * x[i][a]
                for b in range(p):
                    left[a][b] += v * d * x[i][a] * x[i][b]
        slope = [s + t for s, t in zip(slope, solve(left, right))]
    return [v * factor_of(kind, sum(s * a for s, a in zip(slope, x[i])))[0] for i, v in enumerate(w)]


# --- The comparison ---------------------------------------------------------------------------------------------------------------

def run(est_program, design, arguments, margins):
    with tempfile.TemporaryDirectory() as folder:
        path, known = os.path.join(folder, "sample.csv"), os.path.join(folder, "margins.csv")
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(design.rows[0]))
            writer.writeheader()
            writer.writerows(design.rows)
        with open(known, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("variable", "level", "total")] + margins)
        command = [est_program, "survey", path, "--format", "json", "--internal", "--quiet"] + arguments
        command += ["--margins", known] if margins else []
        return subprocess.run(command, capture_output=True, text=True, check=False)


def asked(rng, design):
    """(arguments, [(row, statistic, row's transformation)]); a row is (estimand, labels)."""
    by = rng.choice((["a"], ["a", "c"], ["a", "c", "k"], ["wave"], ["wave", "a"]) if design.waves else (["a"], ["a", "c"], ["a", "c", "k"]))
    kinds = {"mean": "mean(y)", "total": "total(y)", "ratio": "ratio(y/x)", "proportion": "proportion(k=p)"}
    arguments = ["--mean", "y", "--total", "y", "--ratio", "y/x", "--proportion", "k=p", "--by", ",".join(by)]
    domains = [dict(zip(by, key)) for key in sorted(set(tuple(r[b] for b in by) for r in design.rows)) if all(key)]
    some = rng.sample(domains, min(len(domains), 3))
    wanted = [((name, tuple(sorted(d.items()))), Totals(design, kind, d), False) for d in [{}] + some for kind, name in kinds.items()]
    if len(some) >= 2:
        texts = [",".join("%s=%s" % item for item in d.items()) for d in some]
        numbers = [rng.choice((1.0, 0.5, 2.25, 3.0)) for _ in some]
        text = " - ".join(t if c == 1 else "%g * %s" % (c, t) for c, t in zip(numbers, texts)) + " + 0.125 * all"  # as it is printed
        signs = [numbers[0]] + [-c for c in numbers[1:]] + [0.125]
        ratio = "%s / %s" % (texts[0], texts[1])
        arguments += ["--contrast", text + "; " + ratio]
        for kind, name in kinds.items():
            parts = [Totals(design, kind, d) for d in some] + [Totals(design, kind, {})]
            wanted.append((("contrast(%s)" % name, (("contrast", text),)), Combined(signs, parts), False))
            wanted.append((("contrast(%s)" % name, (("contrast", ratio),)), Combined([], parts[:2], True), True))
    return arguments, wanted


def regressions(rng, design):
    subset = rng.random() < 0.5
    inside = (lambda r: r["a"] == "u") if subset else (lambda r: True)
    names = ("(intercept)", "x", "c=l", "c=m")
    entering = [r for r, w in zip(design.rows, design.weight) if inside(r) and r["y"] and w > 0]
    if set(r["c"] for r in entering) != set("klm"):
        return ["--mean", "y"], []
    arguments = ["--linear", "y ~ x + factor(c)", "--logistic", "b ~ x + factor(c)"] + (["--where", "a == 'u'"] if subset else [])
    return arguments, [(("coefficient(%s)" % name, model), Regression(design, model.startswith("b"), inside, j), False)
                       for model in ("y ~ x + factor(c)", "b ~ x + factor(c)") for j, name in enumerate(names)]


def near(found, expected, scale):
    if found is None:
        return math.isnan(expected)
    return abs(found - expected) <= TOLERANCE * max(abs(expected), scale)


def hold(design, statistic, of_ratio, row, where, calibrated):
    """Faults of one row."""
    w = [complex(v, 0) for v in design.weight]
    value = statistic(w).real
    case = [False] * len(w)
    for i in statistic.rows:
        case[i] = True
    e = influence(statistic, design.weight)
    v = variance(design, [a * b for a, b in zip(design.weight, e)], [True] * len(w) if calibrated else case)
    df = degrees_of_freedom(design, case)
    estimate, se = (math.exp(value), math.exp(value) * math.sqrt(v)) if of_ratio else (value, math.sqrt(v))
    scale = max(abs(a * b) for a, b in zip(design.weight, e)) * (estimate if of_ratio else 1)
    faults = [] if near(row.get("estimate"), estimate, 1e-6 * scale + 0.01 * se) else ["%s: estimate %r, expected %r" % (where, row.get("estimate"), estimate)]
    nothing = 1e-12 * max(scale, abs(estimate))  # none can be told, or it is zero up to rounding
    unknown = (row.get("se") or 0) <= nothing and v <= nothing ** 2
    faults += [] if unknown or near(row.get("se"), se, 1e-5 * scale) else ["%s: se %r, expected %r" % (where, row.get("se"), se)]
    if not row["estimand"].startswith("coefficient"):
        faults += [] if row.get("df") == df else ["%s: df %r, expected %r" % (where, row.get("df"), df)]
    return faults


def compare(est_program, seed):
    rng = random.Random(seed)
    calibrated, regressed = rng.random() < 0.3, rng.random() < 0.25
    design = Design(rng, calibrated)
    arguments, wanted = regressions(rng, design) if regressed else asked(rng, design)
    options, margins, calibrate = calibration(rng, design) if calibrated else ([], [], None)
    answer = run(est_program, design, design.arguments() + arguments + options, margins)
    where = "seed %d %s" % (seed, " ".join(design.arguments()[6:] + options))
    faults, compared = [], 0
    if answer.returncode != 0:
        try:
            for _, statistic, _ in wanted:
                case = [i in statistic.rows for i in range(len(design.rows))]
                if statistic.rows:
                    variance(design, [0.0] * len(case), case)
        except Lonely:
            return [], 1
        expected = answer.returncode == 4 or "contradict each other in this sample" in answer.stderr  # too few rows for the margins
        return ([] if expected else ["%s: status %d: %s" % (where, answer.returncode, answer.stderr.strip()[:300])]), 0
    rows = {}
    for row in json.loads(answer.stdout)["rows"]:
        rows[row["estimand"], row.get("model") or tuple(sorted(row["domain"].items()))] = row
    for key, statistic, of_ratio in wanted:
        if calibrate:
            statistic = Calibrated(statistic, calibrate)
        row = rows.get(key)
        if row is None or row.get("estimate") is None or not statistic.rows:
            faults += ["%s %s: no row" % (where, key)] if row is None and statistic.rows else []
            continue
        try:
            faults += hold(design, statistic, of_ratio, row, "%s %s" % (where, key), calibrated)
            compared += 1
        except (OverflowError, ZeroDivisionError, ValueError):
            pass  # nearly separated, or a negative share
    return faults, compared


def main(arguments):
    if not arguments:
        print(__doc__)
        return False
    n, first = (int(a) for a in (arguments[1:] + ["40", "1"][len(arguments[1:]):])[:2])
    faults, compared = [], 0
    for seed in range(first, first + n):
        found, count = compare(arguments[0], seed)
        faults += found
        compared += count
    for fault in faults[:int(os.environ.get("SHOW", "40"))]:
        print(fault)
    print("%d designs, %d estimates compared, %d faults" % (n, compared, len(faults)))
    return not faults and compared >= 3 * n


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
