#!/usr/bin/env python3
"""Do standard errors after `est weight` say how much the estimates vary? Samples from a population whose truth is known, through
est weight and est survey; the mean standard error over the standard deviation of the estimates, for each way of telling est survey
what was done to the weights. docs/weighting.md holds the table.

Usage: weighting.py EST [SAMPLES]        (default 500: about five minutes of one processor; Monte Carlo error about 3 %)

Population: 4 strata of 300 clusters of 40 persons. Persons belong to one of three cells, mixed anew in every cluster, and to one of
two sexes. The outcome depends on cell, sex, cluster and chance; the chance of a response on the cell alone. Sample: 12 clusters a
stratum with replacement, 15 persons in each."""
import json
import math
import os
import random
import subprocess
import sys
import tempfile

EST = sys.argv[1]
SAMPLES = int(sys.argv[2]) if len(sys.argv) > 2 else 500
RESPONSE = {"a": 0.95, "b": 0.7, "c": 0.45}
MEAN = {"a": 20.0, "b": 40.0, "c": 60.0}
CLUSTERS, SIZE, DRAWN, TAKEN = 300, 40, 12, 15


def make_population(draw):
    population = []
    for stratum in range(4):
        clusters = []
        for _ in range(CLUSTERS):
            effect = draw.gauss(0, 4)
            share = [draw.gammavariate(3, 1) for _ in "abc"]
            persons = []
            for _ in range(SIZE):
                cell = draw.choices("abc", share)[0]
                sex = draw.choice("fm")
                persons.append((cell, sex, MEAN[cell] + (30 if sex == "f" else 0) + effect + 2 * stratum + draw.gauss(0, 10)))
            clusters.append(persons)
        population.append(clusters)
    return population


def write_totals(path, population, columns):
    totals = {}
    for clusters in population:
        for persons in clusters:
            for cell, sex, _ in persons:
                for name, level in (("cell", cell), ("sex", sex)):
                    if name in columns:
                        totals[name, level] = totals.get((name, level), 0) + 1
    with open(path, "w") as file:
        file.write("variable,level,total\n")
        for (name, level), total in sorted(totals.items()):
            file.write(f"{name},{level},{total}\n")


def draw_sample(path, population, draw):
    rows, psu = [], 0
    weight = CLUSTERS / DRAWN * SIZE / TAKEN
    for stratum, clusters in enumerate(population):
        for _ in range(DRAWN):
            psu += 1
            for cell, sex, y in draw.sample(draw.choice(clusters), TAKEN):
                rows.append((stratum, psu, cell, sex, int(draw.random() < RESPONSE[cell]), y, weight))
    with open(path, "w") as file:
        file.write("stratum,psu,cell,sex,r,y,w,yall\n")
        for stratum, psu_, cell, sex, r, y, w in rows:
            file.write(f"{stratum},{psu_},{cell},{sex},{r},{y if r else ''},{w},{y}\n")
    return rows


def est(*arguments):
    done = subprocess.run([EST, *arguments, "--quiet", "--threads", "1"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"est {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def mean_of(data, *arguments, y="y"):
    row = json.loads(est("survey", data, "--strata", "stratum", "--psu", "psu", "--mean", y, "--internal", "--format", "json",
                         *arguments))["rows"][0]
    return row["estimate"], row["se"]


def weight(data, copy, column, *arguments):
    est("weight", data, "--copy", copy, "--copy-column", column, "--internal", "--format", "json", *arguments)


def both_terms(rows):
    """The naive formula for an adjustment in cells, from both samples: z = d (mean of the cell - mean) over all rows, plus
    r d f (y - mean of the cell) over respondents."""
    base, responding, sums = {}, {}, {}
    for _, _, cell, _, r, y, w in rows:
        base[cell] = base.get(cell, 0) + w
        responding[cell] = responding.get(cell, 0) + r * w
        sums[cell] = sums.get(cell, 0) + r * w * y
    mean_in = {cell: sums[cell] / responding[cell] for cell in base}
    population = sum(base.values())
    mean = sum(base[cell] * mean_in[cell] for cell in base) / population
    z = {}
    for stratum, psu, cell, _, r, y, w in rows:
        term = w * (mean_in[cell] - mean) + r * w * base[cell] / responding[cell] * (y - mean_in[cell])
        z[stratum, psu] = z.get((stratum, psu), 0) + term / population
    variance = 0
    for h in range(4):
        of = [value for (stratum, _), value in z.items() if stratum == h]
        middle = sum(of) / len(of)
        variance += len(of) / (len(of) - 1) * sum((value - middle) ** 2 for value in of)
    return mean, math.sqrt(variance)


def one_sample(folder, population, draw):
    path = {name: os.path.join(folder, name + ".csv") for name in ("data", "sex", "both", "step1", "step2", "once", "full")}
    rows = draw_sample(path["data"], population, draw)
    response = ["--response", "r", "--response-cells", "cell"]
    rake = ["--calibrate", "rake", "--margins", path["sex"]]
    rake_both = ["--calibrate", "rake", "--margins", path["both"]]
    declared = ["--calibrate", "declared", "--weight"]
    weight(path["data"], path["full"], "weight_final", "--weight", "w", *rake)
    weight(path["data"], path["step1"], "weight_response", "--weight", "w", *response)
    weight(path["step1"], path["step2"], "weight_final", "--weight", "weight_response", *rake)
    weight(path["data"], path["once"], "weight_final", "--weight", "w", *response, *rake)
    return {
        "calibration, no nonresponse|the final weights alone": mean_of(path["full"], "--weight", "weight_final", y="yall"),
        "calibration, no nonresponse|--calibrate declared --calibrated sex --base-weight w":
            mean_of(path["full"], *declared, "weight_final", "--calibrated", "sex", "--base-weight", "w", y="yall"),
        "calibration, no nonresponse|--calibrate rake --margins, from w": mean_of(path["data"], "--weight", "w", *rake, y="yall"),
        "calibration, no nonresponse|the same with --variance jkn":
            mean_of(path["data"], "--weight", "w", *rake, "--variance", "jkn", y="yall"),
        "response cells|the final weights alone": mean_of(path["step1"], "--weight", "weight_response"),
        "response cells|--calibrate declared --calibrated cell --base-weight w --g-weighted":
            mean_of(path["step1"], *declared, "weight_response", "--calibrated", "cell", "--base-weight", "w", "--g-weighted"),
        "response cells|both terms, by the formula": both_terms(rows),
        "response cells, then raking by sex|the final weights alone": mean_of(path["step2"], "--weight", "weight_final"),
        "response cells, then raking by sex|--calibrate declared --calibrated sex --base-weight weight_response":
            mean_of(path["step2"], *declared, "weight_final", "--calibrated", "sex", "--base-weight", "weight_response"),
        "response cells, then raking by sex|--calibrate declared --calibrated sex --base-weight w --g-weighted":
            mean_of(path["once"], *declared, "weight_final", "--calibrated", "sex", "--base-weight", "w", "--g-weighted"),
        "response cells, then raking by sex|--calibrate rake --margins, from weight_response":
            mean_of(path["step1"], "--weight", "weight_response", *rake),
        "response cells, then raking by sex|the same with --variance jkn":
            mean_of(path["step1"], "--weight", "weight_response", *rake, "--variance", "jkn"),
        "response cells, then raking by sex and cell|--calibrate rake --margins, from weight_response":
            mean_of(path["step1"], "--weight", "weight_response", *rake_both),
        "response cells, then raking by sex and cell|the same with --variance jkn":
            mean_of(path["step1"], "--weight", "weight_response", *rake_both, "--variance", "jkn"),
    }


def main():
    draw = random.Random(20261122)
    population = make_population(draw)
    values = [y for clusters in population for persons in clusters for _, _, y in persons]
    truth = sum(values) / len(values)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        write_totals(os.path.join(folder, "sex.csv"), population, ("sex",))
        write_totals(os.path.join(folder, "both.csv"), population, ("sex", "cell"))
        for _ in range(SAMPLES):
            for name, pair in one_sample(folder, population, draw).items():
                found.setdefault(name, []).append(pair)
    print("| weights | what est survey is told | bias / SD | SD | mean SE / SD |\n|---|---|---|---|---|")
    for name, pairs in found.items():
        made, told = name.split("|")
        mean = sum(value for value, _ in pairs) / len(pairs)
        deviation = math.sqrt(sum((value - mean) ** 2 for value, _ in pairs) / (len(pairs) - 1))
        error = sum(se for _, se in pairs) / len(pairs)
        print(f"| {made} | {told} | {(mean - truth) / deviation:+.2f} | {deviation:.3f} | {error / deviation:.2f} |")


main()
