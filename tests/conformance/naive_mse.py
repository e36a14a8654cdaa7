#!/usr/bin/env python3
"""Naive reference implementation of multiple systems estimation, used by tests only.

It shares no code with the library: explicit 0/1 design matrices, dense Newton steps, and exact rational
arithmetic for every yes/no question (rank, existence of the MLE, estimability). Clarity goes before speed.

Usage, with the environment variable LIBEST_ORACLES naming the folder of reference tables:
    naive_mse.py selfcheck [--all]   compare with the reference tables; the last line is "N passed, N failed"
    naive_mse.py order4              write order4_reference.csv beside this file
    naive_mse.py joint               write joint_reference.csv beside this file

Capture histories and terms are bit masks: bit i stands for list i + 1. A capture history w contains the term
theta when theta is a subset of w. Cells with the history 0 are never observed.
"""
import csv
import itertools
import math
import os
import random
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = np.longdouble


# ---------------------------------------------------------------------------------------------------------
# Terms, models and their names
# ---------------------------------------------------------------------------------------------------------

def size(mask):
    return bin(mask).count("1")


def lists_of(mask):
    """The list numbers (from 1) in a mask."""
    return [i + 1 for i in range(mask.bit_length()) if mask >> i & 1]


def mask_of(lists):
    return sum(1 << (number - 1) for number in lists)


def subsets(mask):
    """All subsets of a mask, the empty one and the mask itself included."""
    return [sub for sub in range(mask + 1) if sub & mask == sub]


def in_order(terms):
    """Terms by size, then by list numbers."""
    return sorted(terms, key=lambda term: (size(term), lists_of(term)))


def parse_model(text):
    """'[123,14]' -> every term of the hierarchical model, the intercept (0) first."""
    terms = {0}
    for generator in text.strip().strip("[]").split(","):
        terms.update(subsets(mask_of(int(digit) for digit in generator)))
    return in_order(terms)


def generators(terms):
    def inside_another(term):
        return any(term != other and term & other == term for other in terms)
    return {term for term in terms if term and not inside_another(term)}


def model_name(terms):
    """Generators, the largest first, then in lexicographic order; a digit is a list (at most 9 lists)."""
    ordered = sorted(generators(terms), key=lambda term: (-size(term), lists_of(term)))
    return "[" + ",".join("".join(str(number) for number in lists_of(term)) for term in ordered) + "]"


def hierarchical_models(lists, max_order):
    """Every hierarchical model with all main effects, terms up to max_order lists, not the saturated one."""
    full = (1 << lists) - 1
    candidates = in_order(mask for mask in range(1, full) if 2 <= size(mask) <= max_order)
    models = [frozenset([0] + [1 << i for i in range(lists)])]
    for term in candidates:
        parents = [term & ~(1 << i) for i in range(lists) if term >> i & 1]
        models += [model | {term} for model in models if all(parent in model for parent in parents)]
    return [in_order(model) for model in models]


# ---------------------------------------------------------------------------------------------------------
# The design matrix
# ---------------------------------------------------------------------------------------------------------

@dataclass
class Design:
    x: np.ndarray          # integers, one row per block and nonzero history, one column per parameter
    block: np.ndarray      # block of each row
    history: np.ndarray    # capture history of each row
    labels: list           # per column: (kind, block or None, term)
    ridge: np.ndarray      # per column: penalty weight 1/s^2; 0 = not penalised

    def intercept(self, block):
        return self.labels.index(("local", block, 0))


def make_design(lists, blocks, local, shared=(), exchangeable=False, drift=(), drift_sd=None):
    """One or more blocks (periods, strata).

    local         terms with one parameter per block (0 is the intercept)
    shared        terms with one parameter for all blocks
    exchangeable  adds one column C(|w|, 2) with one parameter for all blocks
    drift         terms with one penalised parameter per block: penalty e^2 / (2 drift_sd^2)
    """
    cells = 1 << lists
    block = np.repeat(np.arange(blocks), cells - 1)
    history = np.tile(np.arange(1, cells), blocks)
    columns, labels, ridge = [], [], []

    def add(label, column, weight=0.0):
        labels.append(label)
        columns.append(column.astype(int))
        ridge.append(weight)

    for b in range(blocks):
        for term in local:
            add(("local", b, term), (block == b) & (history & term == term))
    for term in shared:
        add(("shared", None, term), history & term == term)
    if exchangeable:
        add(("exchangeable", None, None), np.array([math.comb(size(int(w)), 2) for w in history]))
    for b in range(blocks):
        for term in drift:
            add(("drift", b, term), (block == b) & (history & term == term), drift_sd ** -2.0)
    return Design(np.column_stack(columns), block, history, labels, np.array(ridge))


def single_design(lists, terms):
    return make_design(lists, 1, terms)


# ---------------------------------------------------------------------------------------------------------
# Exact linear algebra over the rationals
# ---------------------------------------------------------------------------------------------------------

def reduced_row_echelon(rows):
    """Gauss-Jordan elimination. Returns the nonzero rows of the reduced form and their pivot columns."""
    rows = [[Fraction(int(v)) if not isinstance(v, Fraction) else v for v in row] for row in rows]
    pivots = []
    width = len(rows[0]) if rows else 0
    for column in range(width):
        top = len(pivots)
        found = next((r for r in range(top, len(rows)) if rows[r][column]), None)
        if found is None:
            continue
        rows[top], rows[found] = rows[found], rows[top]
        scale = rows[top][column]
        rows[top] = [v / scale if v else v for v in rows[top]]
        for r in range(len(rows)):
            factor = rows[r][column]
            if r != top and factor:
                rows[r] = [v - factor * u if u else v for v, u in zip(rows[r], rows[top])]
        pivots.append(column)
    return rows[:len(pivots)], pivots


def null_space(rows, width):
    """A basis (list of vectors) of {z : rows z = 0}."""
    reduced, pivots = reduced_row_echelon(rows)
    basis = []
    for free in (column for column in range(width) if column not in pivots):
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for row, pivot in zip(reduced, pivots):
            vector[pivot] = -row[free]
        basis.append(vector)
    return basis


def maximise(objective, matrix, right):
    """Simplex method with Bland's rule: max objective.u with matrix u <= right, u >= 0, where right >= 0.

    Returns a maximising u. The caller makes sure that the problem is bounded.
    """
    n, m = len(objective), len(matrix)
    slack = [[Fraction(int(i == k)) for k in range(m)] for i in range(m)]
    table = [list(matrix[i]) + slack[i] + [right[i]] for i in range(m)]
    gain = list(objective) + [Fraction(0)] * (m + 1)
    basis = [n + i for i in range(m)]
    while True:
        enter = next((j for j in range(n + m) if gain[j] > 0), None)
        if enter is None:
            break
        ratios = [(table[i][-1] / table[i][enter], basis[i], i) for i in range(m) if table[i][enter] > 0]
        leave = min(ratios)[2]
        scale = table[leave][enter]
        table[leave] = [v / scale for v in table[leave]]
        for row in table[:leave] + table[leave + 1:] + [gain]:
            factor = row[enter]
            if factor:
                row[:] = [v - factor * u if u else v for v, u in zip(row, table[leave])]
        basis[leave] = enter
    solution = [Fraction(0)] * (n + m)
    for i in range(m):
        solution[basis[i]] = table[i][-1]
    return solution[:n]


def cells_off_the_face(positive, zero):
    """Which rows w of `zero` have (X z)_w < 0 for some z with X z = 0 on `positive` and X z <= 0 on `zero`.

    Fienberg and Rinaldo (2012): these zero cells are fitted by 0 in the extended MLE; the MLE exists when
    there are none. The values s = -X z on the zero cells fill a linear space. In its reduced echelon basis
    the coordinates are the entries of s at the pivots, so "s >= 0" is a small system of inequalities.
    """
    width = len(positive[0])
    basis = null_space(positive, width)
    if not basis or not zero:
        return set()
    images = [[sum(x * z for x, z in zip(row, vector) if x) for row in zero] for vector in basis]
    space, pivots = reduced_row_echelon(images)
    if not space:
        return set()
    others = [w for w in range(len(zero)) if w not in pivots]
    matrix = [[-vector[w] for vector in space] for w in others] + [[Fraction(1)] * len(space)]
    right = [Fraction(0)] * len(others) + [Fraction(1)]
    off = set()
    while True:
        todo = [w for w in range(len(zero)) if w not in off]
        total = [sum((vector[w] for w in todo), Fraction(0)) for vector in space]
        coordinates = maximise(total, matrix, right)
        s = [sum(c * vector[w] for c, vector in zip(coordinates, space)) for w in range(len(zero))]
        new = {w for w in todo if s[w] > 0}
        if not new:
            return off
        off |= new


# ---------------------------------------------------------------------------------------------------------
# Existence, identifiability, the face
# ---------------------------------------------------------------------------------------------------------

@dataclass
class Existence:
    code: int              # 0 ok, 1 the MLE does not exist, 2 not identifiable, 3 both
    live: list             # unpenalised columns without a zero margin
    kept: list             # rows that no zero margin removes
    face: list             # rows of the facial set
    rank_kept: int
    rank_face: int
    pivots: list           # columns (of the design) that make the face's design one of full rank
    estimable: list        # per block: the intercept is a function of the means on the face


def existence(design, counts):
    """Zero margins, then the exact facial set. Penalised columns take no part: their effects stay finite."""
    x = design.x
    rows = range(len(counts))
    free = [j for j in range(x.shape[1]) if design.ridge[j] == 0.0]
    dead = [j for j in free if not (counts * x[:, j]).any()]
    live = [j for j in free if j not in dead]
    kept = [i for i in rows if not x[i, dead].any()]
    part = {i: [int(v) for v in x[i, live]] for i in kept}
    zero = [i for i in kept if counts[i] == 0]
    off = cells_off_the_face([part[i] for i in kept if counts[i] > 0], [part[i] for i in zero])
    off_rows = {zero[w] for w in off}
    face = [i for i in kept if i not in off_rows]
    reduced, pivots = reduced_row_echelon([part[i] for i in face])
    rank_kept = len(pivots) if not off else len(reduced_row_echelon([part[i] for i in kept])[1])
    estimable = []
    for b in range(int(design.block.max()) + 1):
        column = design.intercept(b)
        unit = [Fraction(int(j == column)) for j in live]
        # a unit vector lies in the row space only as one of the reduced rows
        estimable.append(column in live and unit in reduced)
    code = (1 if off else 0) + (2 if rank_kept < len(live) else 0)
    return Existence(code, live, kept, face, rank_kept, len(pivots), [live[j] for j in pivots], estimable)


# ---------------------------------------------------------------------------------------------------------
# The Poisson fit
# ---------------------------------------------------------------------------------------------------------

def newton(x, y, ridge, start=None):
    """Maximise sum(y eta - exp(eta)) - sum(ridge b^2) / 2, eta = x b, x of full column rank (with the ridge).

    Steps are solved in double precision. The gradient is formed in extended precision where the machine has
    it, so the last steps correct the rounding of the earlier ones. Returns b and eta.
    """
    x_long, y_long, ridge_long = x.astype(LONG), y.astype(LONG), ridge.astype(LONG)
    x_double = x.astype(float)

    def value(b):
        eta = x_long @ b
        with np.errstate(over="ignore"):
            return (y_long * eta - np.exp(eta)).sum() - (ridge_long * b * b).sum() / 2

    def solve(weights, right):
        hessian = (x_double * weights[:, None]).T @ x_double + np.diag(ridge)
        scale = 1.0 / np.sqrt(np.diag(hessian))
        return scale * np.linalg.solve(hessian * scale[:, None] * scale[None, :], scale * right)

    if start is None:
        rough = y.astype(float) + 0.1
        start = solve(rough, x_double.T @ (rough * np.log(rough)))
    b = start.astype(LONG)
    current, decrement = value(b), math.inf
    for _ in range(300):
        mu = np.exp(x_long @ b)
        gradient = x_long.T @ (y_long - mu) - ridge_long * b
        step = solve(mu.astype(float), gradient.astype(float)).astype(LONG)
        previous, decrement = decrement, float(gradient @ step)
        trial = value(b + step)
        while not trial >= current - 1e-13 * (1 + abs(current)):
            step = step / 2
            trial = value(b + step)
        b, current = b + step, trial
        if decrement < 1e-30 or (decrement < 1e-16 and decrement > previous / 4):
            return b, x_long @ b
    raise ArithmeticError("Newton's method did not converge")


def poisson_loglik(y, eta):
    return float((y.astype(LONG) * eta - np.exp(eta)).sum()) - math.fsum(math.lgamma(v + 1.0) for v in y)


@dataclass
class Fit:
    status: Existence
    p: int                 # unpenalised parameters, the intercepts and the ones at -infinity included
    loglik: float          # Poisson, over the observed cells, with lgamma(y + 1)
    penalty: float         # sum of (e / s)^2 / 2
    aic: float
    bic: float
    n_hat: list            # per block: observed + exp(intercept); NaN when the intercept is not estimable
    columns: list          # fitted columns
    beta: np.ndarray       # their coefficients
    fitted: np.ndarray     # all rows; 0 off the face


def fit(design, counts):
    counts = np.asarray(counts)
    status = existence(design, counts)
    columns = status.pivots + [j for j in range(design.x.shape[1]) if design.ridge[j] > 0.0]
    x, y, ridge = design.x[np.ix_(status.face, columns)], counts[status.face], design.ridge[columns]
    beta, eta = newton(x, y, ridge)
    loglik = poisson_loglik(y, eta)
    p = int((design.ridge == 0.0).sum())
    n_hat = []
    for b, known in enumerate(status.estimable):
        unseen = float(np.exp(beta[columns.index(design.intercept(b))])) if known else math.nan
        n_hat.append(int(counts[design.block == b].sum()) + unseen)
    fitted = np.zeros(len(counts))
    fitted[status.face] = np.exp(eta).astype(float)
    return Fit(status, p, loglik, float((ridge * beta * beta).sum() / 2), -2 * loglik + 2 * p,
               -2 * loglik + p * math.log(int(counts.sum())), n_hat, columns, beta, fitted)


# ---------------------------------------------------------------------------------------------------------
# Profile interval
# ---------------------------------------------------------------------------------------------------------

def digamma(v):
    """Recurrence up to 20, then the asymptotic series."""
    shift = 0.0
    while v < 20.0:
        shift -= 1.0 / v
        v += 1.0
    r = 1.0 / (v * v)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r / 132))))
    return shift + math.log(v) - 0.5 / v - series


def bisect(increasing, low, high):
    """The root of a function that is negative at low and positive at high."""
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if increasing(middle) < 0 else (low, middle)
    return 0.5 * (low + high)


@dataclass
class Profile:
    n_max: float           # the maximiser (the multinomial MLE)
    lower: float
    upper: float


def profile_interval(design, counts, block=0, level=0.95):
    """Profile likelihood interval for the size of one block; the others stay Poisson on their observed cells.

    l(N) = lgamma(N + 1) - lgamma(N - n + 1) - N log N + N + f(N), where f is the maximal Poisson loglik of
    the observed cells and of the block's unseen cell with the count N - n, that cell's lgamma left out. The
    limits are where l falls by half the chi-square quantile (1 df) below its own maximum.
    """
    counts = np.asarray(counts)
    point = fit(design, counts)
    if not point.status.estimable[block]:
        raise ArithmeticError("the intercept is not estimable")
    observed = int(counts[design.block == block].sum())
    unseen_row = np.array([[int(j == design.intercept(block)) for j in point.columns]])
    x = np.vstack([unseen_row, design.x[np.ix_(point.status.face, point.columns)]])
    ridge = design.ridge[point.columns]
    seen = counts[point.status.face].astype(float)
    constant = math.fsum(math.lgamma(v + 1.0) for v in seen)

    def complete(unseen):
        y = np.concatenate([[unseen], seen])
        beta, eta = newton(x, y, ridge, point.beta)
        value = (y.astype(LONG) * eta - np.exp(eta)).sum() - (ridge * beta * beta).sum() / 2
        return float(value) - constant, float(eta[0])

    def loglik(unseen):
        total = observed + unseen
        return (math.lgamma(total + 1) - math.lgamma(unseen + 1) - total * math.log(total) + total
                + complete(unseen)[0])

    def slope(unseen):
        total = observed + unseen
        return digamma(total + 1) - digamma(unseen + 1) - math.log(total) + complete(unseen)[1]

    least, most = 1e-6, 1e9 * observed
    high = 2.0 * (point.n_hat[block] - observed) + 1.0
    while slope(high) > 0:
        high *= 2.0
        if high > most:
            return Profile(math.inf, math.nan, math.inf)
    best = bisect(lambda v: -slope(v), least, high) if slope(least) > 0 else 0.0
    target = loglik(max(best, least)) - NormalDist().inv_cdf(0.5 + level / 2) ** 2 / 2
    lower, upper = 0.0, math.inf
    if best > 0.0 and loglik(least) < target:
        lower = bisect(lambda v: loglik(v) - target, least, best)
    high = 2.0 * best + 1.0
    while loglik(high) > target and high < most:
        high *= 2.0
    if high < most:
        upper = bisect(lambda v: target - loglik(v), max(best, least), high)
    return Profile(observed + best, observed + lower, observed + upper)


# ---------------------------------------------------------------------------------------------------------
# Tables
# ---------------------------------------------------------------------------------------------------------

def oracle(*parts):
    folder = os.environ.get("LIBEST_ORACLES")
    if not folder:
        sys.exit("naive_mse.py: set LIBEST_ORACLES to the folder of the reference tables")
    return os.path.join(folder, *parts)


def read_table(path, block_column=None):
    """A table of 0/1 list columns and `count`. Returns list names, block labels and counts by design row."""
    with open(path, newline="", encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    names = [name for name in records[0] if name not in (block_column, "count")]
    label = (lambda record: record[block_column]) if block_column else (lambda record: "")
    labels = list(dict.fromkeys(label(record) for record in records))
    cells = (1 << len(names)) - 1
    counts = np.zeros(cells * len(labels), dtype=int)
    for record in records:
        history = sum(1 << i for i, name in enumerate(names) if int(record[name]))
        counts[labels.index(label(record)) * cells + history - 1] += int(record["count"])
    return names, labels, counts


def read_capture_table(dataset):
    names, _, counts = read_table(oracle("mse", dataset + ".csv"))
    return len(names), counts


def read_colombian_table():
    return read_table(oracle("other", "trend_colombia_5lists_by_period.csv"), "period")


def digits12(value):
    if isinstance(value, (int, np.integer)):
        return str(value)
    return "NA" if math.isnan(value) else "%.12g" % value


def write_csv(name, header, rows):
    """The whole file or nothing: a temporary file in the same folder, then a rename."""
    handle, temporary = tempfile.mkstemp(dir=HERE, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        os.chmod(temporary, 0o644)
        os.replace(temporary, os.path.join(HERE, name))
    except BaseException:
        os.unlink(temporary)
        raise
    print("%s: %d rows" % (name, len(rows)))


# ---------------------------------------------------------------------------------------------------------
# Reference tables made by this code
# ---------------------------------------------------------------------------------------------------------

ORDER4_SEEDS = {"UKdat_5": 20130405, "Ned_5": 20100405}
ORDER4_HEADER = ["dataset", "model", "verdict", "p", "loglik", "bic", "n_hat"]


def order4_rows():
    with_four = [model for model in hierarchical_models(5, 4) if any(size(term) == 4 for term in model)]
    rows = []
    for dataset, seed in ORDER4_SEEDS.items():
        lists, counts = read_capture_table(dataset)
        for model in random.Random(seed).sample(with_four, 150):
            answer = fit(single_design(lists, model), counts)
            rows.append([dataset, model_name(model), answer.status.code, answer.p, digits12(answer.loglik),
                         digits12(answer.bic), digits12(answer.n_hat[0])])
    return rows


SIX_TRIPLES = [("in_23", "in_1", "in_28"), ("in_23", "in_28", "in_6"), ("in_1", "in_28", "in_6"),
               ("in_1", "in_28", "in_21"), ("in_23", "in_6", "in_21"), ("in_28", "in_6", "in_21")]
PROFILED_PERIOD = "2010-2014"
JOINT_CASES = ("pairs_common", "pairs_and_six_triples_common", "pairs_common_drift_ridge",
               "exchangeable_common")
PROFILED_CASES = ("pairs_common", "pairs_and_six_triples_common")
JOINT_HEADER = ["case", "quantity", "value"]


def terms_up_to(lists, order):
    return in_order(mask for mask in range(1 << lists) if size(mask) <= order)


def joint_designs(names, periods):
    """The joint models of the Colombian table, by name."""
    t, b = len(names), len(periods)
    mains, pairs = terms_up_to(t, 1), [mask for mask in terms_up_to(t, 2) if size(mask) == 2]
    triples = [mask_of(names.index(name) + 1 for name in triple) for triple in SIX_TRIPLES]
    return {
        "independence": make_design(t, b, mains),
        "pairs_by_period": make_design(t, b, mains + pairs),
        "pairs_common": make_design(t, b, mains, pairs),
        "pairs_and_six_triples_common": make_design(t, b, mains, pairs + triples),
        "pairs_common_drift_ridge": make_design(t, b, mains, pairs, drift=pairs, drift_sd=0.5),
        "exchangeable_common": make_design(t, b, mains, exchangeable=True),
    }


def joint_rows():
    names, periods, counts = read_colombian_table()
    designs = joint_designs(names, periods)
    rows = []
    for case in JOINT_CASES:
        design = designs[case]
        answer = fit(design, counts)
        values = {"verdict": answer.status.code, "loglik": answer.loglik}
        if design.ridge.any():
            values["penalty"] = answer.penalty
            values["penalised_loglik"] = answer.loglik - answer.penalty
        else:
            values.update({"p": answer.p, "bic": answer.bic, "aic": answer.aic})
        if ("exchangeable", None, None) in design.labels:
            column = answer.columns.index(design.labels.index(("exchangeable", None, None)))
            values["coefficient_exchangeable"] = float(answer.beta[column])
        for period, n_hat in zip(periods, answer.n_hat):
            values["n_hat[%s]" % period] = n_hat
        if case in PROFILED_CASES:
            profile = profile_interval(design, counts, periods.index(PROFILED_PERIOD))
            values["profile_n_max[%s]" % PROFILED_PERIOD] = profile.n_max
            values["profile_lower[%s]" % PROFILED_PERIOD] = profile.lower
            values["profile_upper[%s]" % PROFILED_PERIOD] = profile.upper
        rows += [[case, quantity, digits12(value)] for quantity, value in values.items()]
    return rows


# ---------------------------------------------------------------------------------------------------------
# Self-check
# ---------------------------------------------------------------------------------------------------------

class Checks:
    def __init__(self):
        self.passed = self.failed = 0
        self.worst = 0.0

    def equal(self, what, found, expected):
        self.record(found == expected, what, found, expected)

    def close(self, what, found, expected, relative):
        error = abs(found - expected) / abs(expected)
        self.worst = max(self.worst, error)
        self.record(error <= relative, what, found, expected)

    def record(self, ok, what, found, expected):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED %s: found %r, expected %r" % (what, found, expected))

    def section(self, title):
        print("%-58s largest relative difference %.1e" % (title, self.worst))
        self.worst = 0.0


def check_catalogue(checks, dataset, sample_size):
    """Every verdict that is not 0, and a sample of the others (all of them when sample_size is None)."""
    lists, counts = read_capture_table(dataset)
    with open(oracle("mse", "existence_%s.txt" % dataset), encoding="utf-8") as file:
        lines = [line.strip().split(";") for line in file if line.strip()]
    codes = {model_name(parse_model(text)): int(code) for text, code in lines}
    with open(oracle("mse", "bicall_%s.csv" % dataset), newline="", encoding="utf-8") as file:
        expected = {model_name(parse_model(record["model"])): (float(record["N"]), float(record["BIC"]))
                    for record in csv.DictReader(file)}
    models = {model_name(model): model for model in hierarchical_models(lists, 3)}
    checks.equal(dataset + " catalogue", sorted(models), sorted(codes))
    checks.equal(dataset + " strings", {text for text, _ in lines}, set(models))
    chosen = sorted(name for name in models if codes[name] != 0)
    rest = sorted(name for name in models if codes[name] == 0)
    chosen += rest if sample_size is None else random.Random(1).sample(rest, min(sample_size, len(rest)))
    for name in chosen:
        design = single_design(lists, models[name])
        answer = fit(design, counts)
        checks.equal("%s %s verdict" % (dataset, name), answer.status.code, codes[name])
        check_stationary(checks, "%s %s" % (dataset, name), design, counts, answer)
        if name in expected:
            checks.close("%s %s N" % (dataset, name), answer.n_hat[0], expected[name][0], 1e-7)
            checks.close("%s %s BIC" % (dataset, name), answer.bic, expected[name][1], 1e-7)
    checks.section("%s: %d of %d models, verdict, N, BIC" % (dataset, len(chosen), len(models)))


def check_stationary(checks, what, design, counts, answer):
    """Fitted margins equal observed ones, every mean on the face is positive: the face is not too large."""
    gap = np.abs(design.x[:, answer.status.live].T @ (answer.fitted - counts)).max()
    least = answer.fitted[answer.status.face].min()
    ok = gap < 1e-8 * counts.sum() and least > 1e-9
    checks.record(ok, what + " margins on the face", (gap, least), "0 and more than 0")


def check_korea(checks):
    lists, counts = read_capture_table("Korea")
    for model in hierarchical_models(lists, 2):
        name = model_name(model)
        answer = fit(single_design(lists, model), counts)
        expected = 1 if name in ("[12,13]", "[12,13,23]") else 0
        checks.equal("Korea %s verdict" % name, answer.status.code, expected)
    checks.section("Korea: 8 models, verdicts")


def check_closed_forms(checks):
    """Answers known without any reference table. Rows: histories 1, 2, 3, ... as masks."""
    two = single_design(2, parse_model("[1,2]"))
    checks.close("Lincoln-Petersen", fit(two, [30, 50, 20]).n_hat[0], 50 * 70 / 20, 1e-13)
    apart = fit(two, [30, 50, 0])
    checks.equal("two lists apart", (apart.status.code, apart.status.estimable, apart.status.face),
                 (1, [False], [0, 1]))
    y = [41, 54, 6, 37, 8, 11, 3]
    unseen = y[0] * y[1] * y[3] * y[6] / (y[2] * y[4] * y[5])
    checks.close("three lists, all pairs", fit(single_design(3, parse_model("[12,13,23]")), y).n_hat[0],
                 sum(y) + unseen, 1e-13)
    empty_pair = fit(single_design(3, parse_model("[12,3]")), [10, 20, 0, 30, 4, 6, 0])
    checks.equal("empty pair in the model", (empty_pair.status.kept, empty_pair.p), ([0, 1, 3, 4, 5], 5))
    blocks = make_design(2, 2, [0, 1, 2], drift=[1], drift_sd=0.7)
    counts = np.array([30, 50, 20, 5, 60, 7])
    answer = fit(blocks, counts)
    gradient = blocks.x.T @ (counts - answer.fitted)
    shrunk = np.zeros(len(gradient))
    shrunk[answer.columns] = blocks.ridge[answer.columns] * answer.beta.astype(float)
    checks.record(np.abs(gradient - shrunk).max() < 1e-9, "ridge: gradient", gradient, shrunk)
    checks.close("digamma(1)", digamma(1.0), -0.57721566490153286, 1e-14)
    checks.section("closed forms")


def check_counts_of_models(checks):
    sizes = [(2, 1, 1), (3, 2, 8), (4, 2, 64), (4, 3, 113), (5, 2, 1024), (5, 3, 6212), (5, 4, 6893)]
    for lists, order, expected in sizes:
        names = {model_name(model) for model in hierarchical_models(lists, order)}
        checks.equal("%d lists, order %d" % (lists, order), len(names), expected)
    checks.section("numbers of hierarchical models")


def check_profiles(checks):
    expected = [("Kosovo", "[12,13,14,23,24,34]", 14402.488952, 12523.273999, 16667.928282),
                ("UKdat_5", "[1,2,3,4,5]", 13444.131209, 11985.115757, 15165.899055)]
    for dataset, text, n_hat, lower, upper in expected:
        lists, counts = read_capture_table(dataset)
        design = single_design(lists, parse_model(text))
        profile = profile_interval(design, counts)
        checks.close(dataset + " N", fit(design, counts).n_hat[0], n_hat, 1e-10)
        checks.close(dataset + " profile lower", profile.lower, lower, 1e-9)
        checks.close(dataset + " profile upper", profile.upper, upper, 1e-9)
    checks.section("profile intervals of Kosovo and UKdat_5")


COLOMBIAN = {
    "independence": (8673.15473070, [903.926920, 3723.685957, 6879.542625, 2810.902998, 2258.432634,
                                     500.354843]),
    "pairs_common": (2056.08195382, [1666.763362, 6757.183285, 15943.79432, 5588.897925, 4593.455829,
                                     1184.293809]),
    "pairs_by_period": (1958.313491, [1471.289251, 6977.359788, 13172.75963, 4830.22467, 6241.17432,
                                      1835.502117]),
    "pairs_and_six_triples_common": (1805.423475, [1943.839201, 7826.383827, 19183.276358, 6529.602851,
                                                   5201.260142, 1389.519624]),
}


def check_colombian(checks):
    names, periods, counts = read_colombian_table()
    designs = joint_designs(names, periods)
    for case, (bic, sizes) in COLOMBIAN.items():
        answer = fit(designs[case], counts)
        checks.close("Colombian %s BIC" % case, answer.bic, bic, 1e-9)
        for period, found, expected in zip(periods, answer.n_hat, sizes):
            checks.close("Colombian %s N %s" % (case, period), found, expected, 2e-9)
        check_stationary(checks, "Colombian " + case, designs[case], counts, answer)
        boundary = case == "pairs_by_period"
        checks.equal("Colombian %s verdict" % case, answer.status.code, 1 if boundary else 0)
        if case == "pairs_common":
            checks.equal("Colombian pairs_common p and n", (answer.p, int(counts.sum())), (46, 14094))
        if boundary:
            status = answer.status
            kept = int((designs[case].block[status.kept] == 0).sum())
            face = int((designs[case].block[status.face] == 0).sum())
            checks.equal("kept cells and face of 1990-1994", (kept, face), (31, 23))
            dead = [label for j, label in enumerate(designs[case].labels) if j not in status.live]
            checks.equal("zero margins by period", [label[1] for label in dead], [5, 5, 5])
    first = fit(single_design(len(names), terms_up_to(len(names), 2)), counts[:31])
    found = (first.status.rank_face, first.p, first.status.code, first.status.estimable)
    checks.equal("1990-1994, all pairs: rank on the face, p, verdict, estimable", found, (15, 16, 1, [True]))
    checks.section("Colombian table, joint models")


def check_own_table(checks, name, rows, values_from):
    """A shipped table equals what this code computes now."""
    with open(os.path.join(HERE, name), newline="", encoding="utf-8") as file:
        shipped = list(csv.reader(file))[1:]
    checks.equal(name + " keys", [row[:values_from] for row in shipped],
                 [[str(v) for v in row[:values_from]] for row in rows])
    for old, new in zip(shipped, rows):
        for found, expected in zip(new[values_from:], old[values_from:]):
            if "NA" in (found, expected) or float(expected) == 0.0:
                checks.equal("%s %s" % (name, old[:values_from]), str(found), expected)
            else:
                checks.close("%s %s" % (name, old[:values_from]), float(found), float(expected), 1e-10)
    checks.section(name)


def selfcheck(everything):
    checks = Checks()
    check_closed_forms(checks)
    check_counts_of_models(checks)
    check_catalogue(checks, "Artificial_3", None)
    check_catalogue(checks, "Kosovo", None)
    check_catalogue(checks, "UKdat_5", None if everything else 300)
    check_catalogue(checks, "Ned_5", None if everything else 300)
    check_korea(checks)
    check_profiles(checks)
    check_colombian(checks)
    check_own_table(checks, "order4_reference.csv", order4_rows(), 4)
    check_own_table(checks, "joint_reference.csv", joint_rows(), 2)
    print("%d passed, %d failed" % (checks.passed, checks.failed))
    return 1 if checks.failed else 0


def main(arguments):
    if arguments in (["selfcheck"], ["selfcheck", "--all"]):
        return selfcheck("--all" in arguments)
    if arguments == ["order4"]:
        write_csv("order4_reference.csv", ORDER4_HEADER, order4_rows())
        return 0
    if arguments == ["joint"]:
        write_csv("joint_reference.csv", JOINT_HEADER, joint_rows())
        return 0
    sys.stderr.write("usage: naive_mse.py selfcheck [--all] | order4 | joint\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
