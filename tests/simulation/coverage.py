#!/usr/bin/env python3
"""Coverage of the 95 % intervals of `est mse` where the truth is known.

Usage: EST=path/to/est coverage.py [REPETITIONS]        (default 400; about two minutes)

Each scenario draws every person's capture history from a log-linear model over four lists. `est mse` then selects a model by BIC,
and its profile interval (which takes that model as known) and its bootstrap with reselection are compared with the truth. Prints
the Markdown table of docs/simulation.md. Standard library only; the same seed gives the same table.
"""
import csv
import io
import itertools
import math
import os
import random
import subprocess
import sys

EST = os.environ.get("EST", "est")
LISTS = "ABCD"
# name, population, log odds of each list, {pair or triple: log odds ratio}
SCENARIOS = [
    ("independent lists", 2000, (-1.4, -1.6, -1.8, -2.0), {}),
    ("one pair, odds ratio 3", 2000, (-1.4, -1.6, -1.8, -2.0), {"AB": math.log(3)}),
    ("two pairs, odds ratios 3 and 1/2", 2000, (-1.4, -1.6, -1.8, -2.0), {"AB": math.log(3), "CD": -math.log(2)}),
    ("one weak pair, odds ratio 1.5", 2000, (-1.4, -1.6, -1.8, -2.0), {"AB": math.log(1.5)}),
    ("a triple on top of its pairs", 2000, (-1.4, -1.6, -1.8, -2.0),
     {"AB": .5, "AC": .5, "BC": .5, "ABC": 1.0}),
    ("sparse lists, one pair", 1000, (-2.6, -2.8, -3.0, -3.2), {"AB": math.log(3)}),
]


def probabilities(activity, terms):
    histories = list(itertools.product((0, 1), repeat=len(LISTS)))
    weights = []
    for history in histories:
        on = {name for name, seen in zip(LISTS, history) if seen}
        value = sum(a for a, seen in zip(activity, history) if seen)
        value += sum(effect for term, effect in terms.items() if set(term) <= on)
        weights.append(math.exp(value))
    return histories, weights


def table(rng, population, histories, weights):
    counts = {}
    for history in rng.choices(histories, weights, k=population):
        counts[history] = counts.get(history, 0) + 1
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(list(LISTS) + ["count"])
    for history in histories[1:]:
        writer.writerow(list(history) + [counts.get(history, 0)])
    return out.getvalue()


def estimate(data, *options):
    run = subprocess.run([EST, "mse", "-", "--internal", "--quiet", "--threads", "1", "--format", "csv", *options], input=data,
                         capture_output=True, text=True)
    if run.returncode == 4:
        return None
    run.check_returncode()
    row = next(r for r in csv.DictReader(io.StringIO(run.stdout)) if r["estimand"] == "population")
    upper = math.inf if "upper_unbounded" in row["flags"] else float(row["upper"])
    return float(row["estimate"]), float(row["lower"]), upper


def study(scenario, repetitions):
    name, population, activity, terms = scenario
    rng = random.Random(20261122)
    histories, weights = probabilities(activity, terms)
    points, covered, widths, refused = [], {"profile": 0, "bootstrap": 0}, {"profile": [], "bootstrap": []}, 0
    for _ in range(repetitions):
        data = table(rng, population, histories, weights)
        answers = {kind: estimate(data, "--ci", kind, "--replicates", "500") for kind in covered}
        if answers["profile"] is None:
            refused += 1
            continue
        points.append(math.log(answers["profile"][0] / population))
        for kind, (_, lower, upper) in answers.items():
            covered[kind] += lower <= population <= upper
            widths[kind].append(upper / lower)
    done = repetitions - refused
    middle = {kind: sorted(values)[len(values) // 2] for kind, values in widths.items()}
    bias = sum(points) / done
    spread = math.sqrt(sum((p - bias) ** 2 for p in points) / (done - 1))
    seen = 100 * (1 - weights[0] / sum(weights))
    return (f"| {name} | {population:,} | {seen:.0f} % | {bias:+.3f} | {spread:.3f} | {100 * covered['profile'] / done:.1f} % | "
            f"{100 * covered['bootstrap'] / done:.1f} % | {middle['profile']:.2f} | {middle['bootstrap']:.2f} | {refused} |")


def main():
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print("| scenario | N | on a list | mean log(N-hat/N) | sd | profile covers | bootstrap covers | profile upper/lower | "
          "bootstrap upper/lower | refused |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for scenario in SCENARIOS:
        print(study(scenario, repetitions), flush=True)


if __name__ == "__main__":
    main()
