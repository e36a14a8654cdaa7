"""Proofs behind the rows of check_survey.py that are left out or held to a wider tolerance: each computes the other program's
figure by the way that it took, or ours by another way."""
import math
from fractions import Fraction

import naive_survey as naive


def near(found, expected, tolerance):
    return abs(found - expected) <= tolerance * abs(expected)


# --- Quantiles ------------------------------------------------------------------------------------------------------------------

def exact_quantile(values, rule, p):
    """Equal weights, p n a whole number: the definition by fractions, so that no rounding decides a tie. values: whole numbers."""
    y, k = sorted(values), Fraction(p) * len(values)
    assert k.denominator == 1
    k = int(k)
    if rule in ("school", "hf2"):
        return (y[k - 1] + y[k]) / 2
    if rule == "hf3":
        distinct = sorted(set(y))
        place = distinct.index(y[k - 1])
        return y[k - 1] if place % 2 == 1 else distinct[place + 1]
    return y[k - 1]


def shah_vaish(values, weights, p):
    """As the other program has it: steps at (S_k + 1/2 - w_k / 2) / (n + 1), S_k of weights with mean 1 but w_k as given."""
    pairs = sorted(zip(values, weights), key=lambda pair: pair[0])
    n, average = len(pairs), math.fsum(weights) / len(weights)
    steps = sorted(((math.fsum(w for _, w in pairs[:k + 1]) / average + 0.5 - pairs[k][1] / 2) / (n + 1), pairs[k][0])
                   for k in range(n))
    return ([value for step, value in steps if step <= p] or [steps[0][1]])[-1]


def score_ends(design, values, p, t):
    """[(exact end, what the other program may print for it)] of the interval by test inversion (Francisco and Fuller 1991). The
    share below jumps at values of the sample, so that a root is one of them; the other program turns the root back through the
    share of rows, not of weights, at or below it, and its root may stop on either side of the jump."""
    distinct, ends = sorted(set(values)), []
    score = []
    for theta in distinct:
        share, e = naive.mean(design.weights, [float(v <= theta) for v in values], [True] * len(values))
        v = naive.variance(design, e, [True] * len(values))
        score.append((share - p) / math.sqrt(v) if v > 1e-20 else math.copysign(math.inf, share - p))
    for limit in (-t, t):
        at = next(k for k, s in enumerate(score) if s >= limit)
        shares = [sum(v <= distinct[k] for v in values) / len(values) for k in (at - 1, at)]
        ends.append((distinct[at], [naive.weighted_quantile("math", values, design.weights, share) for share in shares]))
    return ends


# --- Intervals ------------------------------------------------------------------------------------------------------------------

def likelihood_interval(p, variance, n, t):
    """2 n (p ln(p / q) + (1 - p) ln((1 - p) / (1 - q))) / delta = t^2, delta = variance n / (p (1 - p)) n / (n - 1); bisection."""
    bound = t * t * variance * n / (p * (1 - p)) * n / (n - 1) / (2 * n)
    ends = []
    for edge in (0.0, 1.0):
        inside, outside = p, edge
        for _ in range(200):
            q = (inside + outside) / 2
            far = q in (0.0, 1.0) or p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q)) > bound
            inside, outside = (inside, q) if far else (q, outside)
        ends.append(inside)
    return ends


# --- Tests of association -------------------------------------------------------------------------------------------------------

def eigenvalues(matrix):
    """By the QR method: those of a matrix that is similar to a symmetric one."""
    n, a = len(matrix), [list(row) for row in matrix]
    for _ in range(400):
        q, r = [], [[0.0] * n for _ in range(n)]
        for j in range(n):
            column = [a[i][j] for i in range(n)]
            for i, basis in enumerate(q):
                r[i][j] = math.fsum(x * y for x, y in zip(basis, column))
                column = [x - r[i][j] * y for x, y in zip(column, basis)]
            r[j][j] = math.sqrt(math.fsum(x * x for x in column))
            q.append([x / r[j][j] for x in column])
        a = [[math.fsum(r[i][k] * q[j][k] for k in range(n)) for j in range(n)] for i in range(n)]
    return [a[i][i] for i in range(n)]


def empty_units(strata, psus, zero):
    """{stratum: {PSU: zero()}} of all rows: a PSU without a case counts too."""
    units = {}
    for stratum, psu in zip(strata, psus):
        units.setdefault(stratum, {}).setdefault(psu, zero())
    return units


def rao_scott_eigenvalues(weights, strata, psus, first, second):
    """Generalised design effects of the test of independence; PSUs drawn with replacement. first, second: levels of every row;
    rows outside the domain have the weight 0."""
    cells = [(a, b) for a in sorted(set(first)) for b in sorted(set(second))]
    cases = [i for i, w in enumerate(weights) if w > 0]
    n, total = len(cases), math.fsum(weights)
    share = {cell: math.fsum(w for w, a, b in zip(weights, first, second) if (a, b) == cell) / total for cell in cells}
    sums = empty_units(strata, psus, lambda: dict.fromkeys(cells, 0.0))
    for i in cases:
        at = sums[strata[i]][psus[i]]
        for cell in cells:
            at[cell] += weights[i] * (((first[i], second[i]) == cell) - share[cell]) / total
    covariance = {(c, d): 0.0 for c in cells for d in cells}
    for units in sums.values():
        size = len(units)
        for c in cells:
            for d in cells:
                centre = [math.fsum(z[x] for z in units.values()) / size for x in (c, d)]
                covariance[c, d] += size / (size - 1) * math.fsum((z[c] - centre[0]) * (z[d] - centre[1]) for z in units.values())
    contrasts = [{(a, b): ((a == x) - (a == cells[0][0])) * ((b == y) - (b == cells[0][1])) for a, b in cells}
                 for x, y in cells if x != cells[0][0] and y != cells[0][1]]
    simple = [[math.fsum(p[c] * q[c] / share[c] for c in cells) / n for q in contrasts] for p in contrasts]
    actual = [[math.fsum(p[c] / share[c] * covariance[c, d] * q[d] / share[d] for c in cells for d in cells) for q in contrasts]
              for p in contrasts]
    columns = [naive.solve(simple, [row[j] for row in actual]) for j in range(len(contrasts))]
    return eigenvalues([[column[i] for column in columns] for i in range(len(contrasts))])


def saddlepoint_tail(effects, x2, ddf, copies):
    """P(sum of effects times chi-squared > x2 chi-squared(ddf) / ddf) by Lugannani and Rice, the last with `copies` squares."""
    terms = [(a, 1.0) for a in effects] + [(-x2 / ddf, copies)]

    def cumulant(t, order):
        if order == 0:
            return -0.5 * math.fsum(m * math.log(1 - 2 * t * a) for a, m in terms)
        return math.fsum(m * (a if order == 1 else 2 * a * a) / (1 - 2 * t * a) ** order for a, m in terms)

    low, high = -0.5 * ddf / x2, 0.5 / max(effects)
    for _ in range(200):
        t = (low + high) / 2
        low, high = (t, high) if cumulant(t, 1) < 0 else (low, t)
    w, v = math.copysign(math.sqrt(-2 * cumulant(t, 0)), t), t * math.sqrt(cumulant(t, 2))
    return 0.5 * math.erfc((w + math.log(v / w) / w) / math.sqrt(2))


# --- Weights --------------------------------------------------------------------------------------------------------------------

def swept_variance(design, weights, influence, margins, sweeps=10):
    """Residuals as the other program takes them after raking: unweighted means of each margin subtracted in turn."""
    e = list(influence)
    for _ in range(sweeps):
        for labels in margins:
            for level in set(labels):
                inside = [i for i, label in enumerate(labels) if label == level]
                centre = math.fsum(e[i] for i in inside) / len(inside)
                for i in inside:
                    e[i] -= centre
    return naive.variance(design, e, [True] * len(e), weights)


# --- Logistic regression --------------------------------------------------------------------------------------------------------

def inverse(matrix):
    n = len(matrix)
    columns = [naive.solve(matrix, [float(i == j) for i in range(n)]) for j in range(n)]
    return [[column[i] for column in columns] for i in range(n)]


def logistic(x, y, weights, strata, psus):
    """(coefficients, standard errors): Newton steps to the end, then the sandwich with PSU totals of the scores. x: columns; rows
    outside the domain have the weight 0."""
    k, cases = len(x), [i for i, w in enumerate(weights) if w > 0]
    beta = [0.0] * k
    for _ in range(30):
        mu = {i: 1 / (1 + math.exp(-math.fsum(b * column[i] for b, column in zip(beta, x)))) for i in cases}
        score = [math.fsum(weights[i] * column[i] * (y[i] - mu[i]) for i in cases) for column in x]
        information = [[math.fsum(weights[i] * mu[i] * (1 - mu[i]) * a[i] * b[i] for i in cases) for b in x] for a in x]
        step = naive.solve(information, score)
        beta = [b + s for b, s in zip(beta, step)]
        if max(abs(s) for s in step) < 1e-14:
            break
    bread, sums = inverse(information), empty_units(strata, psus, lambda: [0.0] * k)
    for i in cases:
        at = sums[strata[i]][psus[i]]
        for j in range(k):
            at[j] += weights[i] * x[j][i] * (y[i] - mu[i])
    errors = []
    for j in range(k):
        v = 0.0
        for units in sums.values():
            z = [math.fsum(b * s for b, s in zip(bread[j], unit)) for unit in units.values()]
            centre = math.fsum(z) / len(z)
            v += len(z) / (len(z) - 1) * math.fsum((u - centre) ** 2 for u in z) if len(z) > 1 else 0.0
        errors.append(math.sqrt(v))
    return beta, errors
