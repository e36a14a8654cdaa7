#!/usr/bin/env python3
"""Joint models of strata, written for clarity: one dense Poisson regression, and every hierarchical model in turn.

Compares `est mse --by` on the bundled table of people who inject drugs in Scotland 2006: log likelihood, parameters, every stratum's
unseen number, the total and its standard error, with list activity full and additive; and the best of the 113 common dependence
structures by BIC against fitting all of them. Tables with empty margins are left to the exact tests of the engine.
"""
import csv
import itertools
import json
import math
import os
import subprocess
import sys

import numpy as np

LISTS = ["enquiry", "hospital", "SDMD", "HCV"]
DATASET = "scotland_pwid_2006"
PAIRS = [frozenset(pair) for pair in itertools.combinations(range(4), 2)]
TRIPLES = [frozenset(triple) for triple in itertools.combinations(range(4), 3)]


def read(by):
    counts = {}
    with open(os.path.join(os.environ["DATASETS"], DATASET + ".csv"), newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (tuple(row[column] for column in by), tuple(int(row[name]) for name in LISTS))
            counts[key] = counts.get(key, 0) + float(row["count"])
    return counts


def columns(stratum, history, strata, levels, additive, terms):
    line = [float(stratum == other) for other in strata]
    if additive:
        for place, values in enumerate(levels):
            for value in values if place == 0 else values[1:]:
                line += [float(stratum[place] == value) * on for on in history]
    else:
        for other in strata:
            line += [float(stratum == other) * on for on in history]
    return line + [float(all(history[i] for i in term)) for term in terms]


def newton(x, y):
    """Damped Newton; the start is a weighted regression on log(y + 0.1)."""
    weight = np.sqrt(y + 0.1)
    beta = np.linalg.lstsq(weight[:, None] * x, weight * np.log(y + 0.1), rcond=None)[0]

    def objective(at):
        return float(y @ (x @ at) - np.exp(x @ at).sum())

    for _ in range(100):
        mu = np.exp(x @ beta)
        information = x.T @ (mu[:, None] * x)
        step = np.linalg.lstsq(information, x.T @ (y - mu), rcond=None)[0]
        scale = 1.0
        while objective(beta + scale * step) < objective(beta) - 1e-12 and scale > 1e-9:
            scale /= 2
        beta = beta + scale * step
    mu = np.exp(x @ beta)
    return beta, mu, x.T @ (mu[:, None] * x)


class Fit:
    def __init__(self, by, additive, terms):
        counts = read(by)
        self.strata = sorted({stratum for stratum, _ in counts})
        levels = [sorted({stratum[i] for stratum in self.strata}) for i in range(len(by))]
        histories = [history for history in itertools.product((0, 1), repeat=4) if any(history)]
        cells = [(stratum, history) for stratum in self.strata for history in histories]
        x = np.array([columns(s, w, self.strata, levels, additive, terms) for s, w in cells])
        y = np.array([counts.get(cell, 0.0) for cell in cells])
        beta, mu, information = newton(x, y)
        self.exists = mu.min() > 1e-4
        self.loglik = float(sum(n * math.log(m) - m - math.lgamma(n + 1) for n, m in zip(y, mu)))
        self.n, self.size = float(y.sum()), len(beta)
        self.unseen = np.exp(beta[:len(self.strata)])
        gradient = np.zeros(len(beta))
        gradient[:len(self.strata)] = self.unseen
        self.total_se = math.sqrt(self.unseen.sum() + gradient @ np.linalg.pinv(information) @ gradient)
        self.bic = self.size * math.log(self.n) - 2 * self.loglik


def run(*options):
    command = [os.environ["EST"], "mse", "dataset:" + DATASET, "--lists", ",".join(LISTS), "--format", "json", "--quiet",
               "--replicates", "0", *options]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def near(name, found, expected, tolerance=1e-8):
    off = abs(found - expected) / max(1.0, abs(expected))
    if not off <= tolerance:
        print("%s: found %.12g, expected %.12g" % (name, found, expected))
    return 0 if off <= tolerance else 1


def compare(by, additive):
    naive = Fit(by, additive, PAIRS)
    answer = run("--by", ",".join(by), "--model", "all-pairs", "--effects", "additive" if additive else "full")
    name = "+".join(by)
    faults = near(name + " loglik", answer["stats"]["loglik"], naive.loglik)
    faults += near(name + " parameters", answer["stats"]["n_parameters"], naive.size)
    total = next(row for row in answer["rows"] if row["estimand"] == "population" and not row["domain"])
    faults += near(name + " total", total["estimate"], naive.n + naive.unseen.sum())
    faults += near(name + " standard error", total["se"], naive.total_se, 1e-6)
    for row in answer["rows"]:
        if row["estimand"] == "unobserved" and row["domain"]:
            place = naive.strata.index(tuple(row["domain"][column] for column in by))
            faults += near(name + " unseen", row["estimate"], naive.unseen[place])
    return faults


def structures():
    for size in range(len(PAIRS) + 1):
        for pairs in itertools.combinations(PAIRS, size):
            may = [t for t in TRIPLES if all(frozenset(p) in pairs for p in itertools.combinations(sorted(t), 2))]
            for count in range(len(may) + 1):
                for triples in itertools.combinations(may, count):
                    yield list(pairs) + list(triples)


def compare_search(by, additive):
    fits = [Fit(by, additive, terms) for terms in structures()]
    best = min((fit for fit in fits if fit.exists), key=lambda fit: fit.bic)
    answer = run("--by", ",".join(by), "--max-order", "3", "--effects", "additive" if additive else "full")
    faults = near("structures", answer["stats"]["models_considered"], len(fits))
    faults += near("best bic", answer["stats"]["bic"], best.bic)
    return faults + near("best total", answer["rows"][0]["estimate"], best.n + best.unseen.sum())


def main():
    faults = compare(["sex", "age"], False) + compare(["region", "sex", "age"], True) + compare(["sex"], False)
    faults += compare_search(["sex"], False) + compare_search(["sex", "age"], True)
    print("strata: %d faults" % faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
