#!/usr/bin/env python3
"""Naive reference for sample coverage, pairs of lists and Chao's bounds, used by tests only.

It shares no code with the library: persons are written out one by one, sample coverage is exact in fractions, the
estimator for high coverage is the root of its equation found from two points, and standard errors come from
numerical derivatives and the multinomial covariance.

Usage:
    naive_sample_coverage.py [FILE]   write sample_coverage_reference.csv (default: beside this file)
"""
import csv
import itertools
import math
import os
import random
import sys
from fractions import Fraction
from statistics import NormalDist

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ["lists", "counts", "coverage", "without_one", "independent", "high", "low", "covariation",
           "chapman", "chapman_se", "petersen", "petersen_se", "petersen_lower", "petersen_upper",
           "chao", "chao_se", "chao_corrected", "chao_corrected_se", "chao_lists", "chao_lists_se",
           "chao_lists_corrected", "chao_unlimited"]
Z = NormalDist().inv_cdf(0.975)


def persons_of(counts):
    """One set of list numbers a person; counts[w - 1] persons have the history w."""
    return [frozenset(j for j in range(20) if w >> j & 1) for w, count in enumerate(counts, 1) for _ in range(count)]


def how_many(persons, condition):
    return Fraction(sum(1 for person in persons if condition(person)))


class Coverage:
    """D, C and the sum over pairs of A times r."""

    def __init__(self, persons, t):
        self.n, self.t, self.pairs = Fraction(len(persons)), t, list(itertools.combinations(range(t), 2))
        self.on = [how_many(persons, lambda p: j in p) for j in range(t)]
        alone = [how_many(persons, lambda p: p == {j}) for j in range(t)]
        self.both = {(i, j): how_many(persons, lambda p: i in p and j in p) for i, j in self.pairs}
        others = [set(range(t)) - {i, j} for i, j in self.pairs]
        # On i and on no list but j, and the other way round: those on both count twice.
        self.weight = {(i, j): how_many(persons, lambda p: i in p and not p & rest)
                       + how_many(persons, lambda p: j in p and not p & rest)
                       for (i, j), rest in zip(self.pairs, others)}
        self.defined = all(self.on)
        if self.defined:
            self.C = 1 - sum(s / m for s, m in zip(alone, self.on)) / t
            self.D = self.n - sum(alone) / t

    def r(self, pair, population):
        return population * self.both[pair] / (self.on[pair[0]] * self.on[pair[1]]) - 1

    def step(self, population):
        """The right-hand side of N = D / C + sum of A r(N) / (t C)."""
        return self.D / self.C + sum(self.weight[p] * self.r(p, population) for p in self.pairs) / (self.t * self.C)

    def estimates(self):
        if not self.defined or self.C == 0:
            return [None] * 3
        independent = self.D / self.C
        slope = self.step(Fraction(1)) - self.step(Fraction(0))
        high = self.step(Fraction(0)) / (1 - slope) if slope < 1 else None
        low = self.step(self.step(independent))
        return [value if value is not None and value >= self.n else None for value in (independent, high, low)]


def standard_error(counts, estimate):
    """Delta method: the cells and the unseen are multinomial with N = estimate(counts)."""
    population = estimate(counts)
    gradient = []
    for i, count in enumerate(counts):
        step = 1e-4 * max(1.0, count)
        up, down = list(counts), list(counts)
        up[i] += step
        down[i] -= step
        gradient.append((estimate(up) - estimate(down)) / (2 * step))
    squares = sum(x * g * g for x, g in zip(counts, gradient))
    product = sum(x * g for x, g in zip(counts, gradient))
    return math.sqrt(max(0.0, squares - product * product / population))


def log_normal(n, population, se):
    unseen = population - n
    factor = math.exp(Z * math.sqrt(math.log(1 + se * se / (unseen * unseen))))
    return n + unseen / factor, n + unseen * factor


def bound_with_error(counts, estimate):
    """A bound and its standard error; None where nobody was met twice or nobody is unseen."""
    if estimate is None:
        return [None, None]
    return [estimate(counts), standard_error(counts, estimate)]


def chao_rows(persons, t):
    """Bounds from the numbers met once (by list), twice and more often: cells of one multinomial."""
    single = [float(how_many(persons, lambda p: p == {j})) for j in range(t)]
    twice, more = (float(how_many(persons, condition)) for condition in (lambda p: len(p) == 2, lambda p: len(p) > 2))
    cells, share = single + [twice, more], (t - 1) / t

    def plain(x):
        return sum(x) + share * sum(x[:t]) ** 2 / (2 * x[t])

    def corrected(x):
        return sum(x) + share * sum(x[:t]) * (sum(x[:t]) - 1) / (2 * (x[t] + 1))

    def pairs(x, added):
        return sum(a * b for a, b in itertools.combinations(x[:t], 2)) / (x[t] + added)

    rows = bound_with_error(cells, plain if twice else None) + bound_with_error(cells, corrected)
    rows += bound_with_error(cells, (lambda x: sum(x) + pairs(x, 0)) if twice else None)
    rows.append(sum(cells) + pairs(cells, 1))
    rows.append(sum(cells) + sum(single) ** 2 / (2 * twice) if twice else None)
    return rows


def pair_rows(persons):
    """Lists 0 and 1: Chapman with Seber's variance, Lincoln-Petersen with the delta method and its limits."""
    first, second = how_many(persons, lambda p: 0 in p), how_many(persons, lambda p: 1 in p)
    both = how_many(persons, lambda p: 0 in p and 1 in p)
    if not first or not second:
        return [None] * 6
    chapman = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    rows = [chapman, math.sqrt(variance) if both else None, None, None, None, None]
    if both:
        cells = [float(first - both), float(second - both), float(both)]

        def petersen(x):
            return (x[0] + x[2]) * (x[1] + x[2]) / x[2]

        se = standard_error(cells, petersen)
        rows[2:4] = [first * second / both, se]
        if cells[0] and cells[1]:
            rows[4:6] = log_normal(sum(cells), petersen(cells), se)
    return rows


def random_counts(generator, t):
    """Cells shrink with the number of lists; some tables are sparse, some have an empty list or no overlap."""
    size, thin = 10 ** generator.uniform(0.7, 2.7), generator.uniform(0.15, 0.8)
    kept = generator.random()
    counts = []
    for w in range(1, 1 << t):
        lists = bin(w).count("1")
        mean = size * thin ** (lists - 1) * generator.uniform(0.2, 2)
        counts.append(0 if generator.random() > kept + 0.4 else int(mean))
    if generator.random() < 0.08:
        counts = [count if bin(w).count("1") == 1 else 0 for w, count in enumerate(counts, 1)]
    return counts if sum(counts) else random_counts(generator, t)


def shown(value):
    return "NA" if value is None else repr(float("%.13g" % float(value)))


def row_of(counts, t):
    persons = persons_of(counts)
    coverage = Coverage(persons, t)
    estimates = coverage.estimates()
    covariation = None if estimates[0] is None else coverage.r((0, 1), estimates[0])
    head = [coverage.C if coverage.defined else None, coverage.D if coverage.defined else None]
    numbers = head + estimates + [covariation] + pair_rows(persons) + chao_rows(persons, t)
    return [str(t), ";".join(map(str, counts))] + [shown(number) for number in numbers]


def main():
    generator = random.Random(20011107)
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "sample_coverage_reference.csv")
    with open(path + ".part", "w", encoding="ascii", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for case in range(120):
            t = 3 + case % 4
            writer.writerow(row_of(random_counts(generator, t), t))
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main()
