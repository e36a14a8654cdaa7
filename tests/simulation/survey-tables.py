#!/usr/bin/env python3
"""The tables of docs/simulation.md on surveys, from the files of tests/simulation/survey.

Usage: survey-tables.py FOLDER        prints Markdown. Standard library only.
"""
import csv
import math
import os
import sys

CASES = ["national", "county_40", "county_20", "women_40", "women_20", "small_national", "small_county"]
ICC = ["0.02", "0.1"]
INTERVALS = ["korn-graubard", "beta-uncapped", "t", "logit", "wilson", "arcsine", "likelihood", "two-se"]
BARE = "korn-graubard, n at 0 and 1"
LABELS = {"korn-graubard": "Korn-Graubard", "beta-uncapped": "beta, no cap", "wilson": "Wilson", "two-se": "R-2SE, R+2SE", "taylor": "Taylor",
          "jkn": "JKn", "rao-wu": "Rao-Wu"}
SEEN = 0.01  # a share of samples with 0 or 1 from which on the edge is worth a row


def read(folder, kind, case, icc):
    """Rows, the number of samples and what the domain is; nothing where the file is not there."""
    path = os.path.join(folder, f"{kind}-{case}-{icc}.csv")
    if not os.path.exists(path):
        return [], "", ""
    with open(path, encoding="utf-8", newline="") as file:
        samples, text = file.readline()[2:].strip().split(" samples of each truth; ")
        return list(csv.DictReader(file)), samples, text


def label(name):
    return LABELS.get(name, name)


def percent(text, decimals=1):
    value = float(text)
    return "-" if math.isnan(value) else f"{100 * value:.{decimals}f}"


def number(text, decimals):
    value = float(text)
    return "-" if math.isnan(value) else f"{value:.{decimals}f}"


def table(heading, rows):
    print("| " + " | ".join(heading) + " |")
    print("|" + "---|" * len(heading))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def by_proportion(rows, df):
    """{proportion: {interval: row}}, the design-based degrees of freedom or those of the domain."""
    found = {}
    for row in rows:
        if row["df"] in (df, "none"):
            found.setdefault(row["proportion"], {})[row["interval"]] = row
    return found


def every(folder, kind):
    for case in CASES:
        for icc in ICC:
            rows, samples, text = read(folder, kind, case, icc)
            if rows:
                yield case, icc, rows, samples, text


def summary(folder):
    print("### Coverage over the ten proportions, %\n\nLowest to highest.\n")
    lines = []
    for case, icc, rows, _, _ in every(folder, "proportions"):
        line = [case, icc]
        found = by_proportion(rows, "domain")
        for interval in INTERVALS:
            values = [float(found[p][interval]["covers"]) for p in found]
            line.append(f"{100 * min(values):.1f} to {100 * max(values):.1f}")
        lines.append(line)
    table(["domain", "ICC"] + [label(i) for i in INTERVALS], lines)


def coverage(folder):
    print("### Coverage with the degrees of freedom of the domain\n\nCovers, %, and in brackets the samples of which the whole interval "
          "lies below / above the truth, %. At 0 or 1: share of the samples with that estimate, %.\n")
    for case, icc, rows, _, text in every(folder, "proportions"):
        found = by_proportion(rows, "domain")
        first = next(iter(found.values()))[INTERVALS[0]]
        print(f"**{case}, ICC {icc}**: {text}. Degrees of freedom {float(first['mean_df']):.1f} (least {first['least_df']}).\n")
        lines = []
        for p, of in found.items():
            cells = [f"{percent(of[i]['covers'])} ({percent(of[i]['below'])}/{percent(of[i]['above'])})" for i in INTERVALS]
            lines.append([p, percent(of[INTERVALS[0]]["edge"])] + cells)
        table(["proportion", "at 0 or 1"] + [label(i) for i in INTERVALS], lines)


def widths(folder):
    print("### Width\n\nMean width of the Korn-Graubard interval in points, and of the others as a multiple of it. Deff: mean of the "
          "design effects estimated, without estimates of 0 or 1.\n")
    for case, icc, rows, _, _ in every(folder, "proportions"):
        print(f"**{case}, ICC {icc}**\n")
        lines = []
        for p, of in by_proportion(rows, "domain").items():
            base = float(of[INTERVALS[0]]["width"])
            lines.append([p, number(of[INTERVALS[0]]["mean_deff"], 2), f"{100 * base:.2f}"] +
                         [f"{float(of[i]['width']) / base:.2f}" for i in INTERVALS[1:]])
        table(["proportion", "deff"] + [label(i) for i in INTERVALS], lines)


def design_df(folder):
    print("### Coverage with the degrees of freedom of the whole design, %\n\nThe same samples with 1,600 degrees of freedom, or 183 in "
          "the small survey. The two domains that are the whole country are left out: there both are the same.\n")
    for case, icc, rows, _, _ in every(folder, "proportions"):
        if case.endswith("national"):
            continue
        print(f"**{case}, ICC {icc}**\n")
        found = by_proportion(rows, "design")
        table(["proportion"] + [label(i) for i in INTERVALS[:-1]],
              [[p] + [percent(of[i]["covers"]) for i in INTERVALS[:-1]] for p, of in found.items()])


def edges(folder):
    print(f"### Estimates of 0 and 1\n\nDomains and truths of which at least {100 * SEEN:.0f} % of the samples have such an estimate. "
          "Reach: mean distance of the other limit from the estimate, in points. Alone: n not divided by the design effect of the "
          "country.\n")
    lines = []
    for case, icc, rows, _, _ in every(folder, "proportions"):
        for p, of in by_proportion(rows, "domain").items():
            row, bare = of[INTERVALS[0]], of[BARE]
            if float(row["edge"]) < SEEN:
                continue
            lines.append([case, icc, p, percent(row["edge"]), number(row["parent_deff"], 2), percent(row["edge_width"], 2),
                          percent(row["edge_covers"]), percent(bare["edge_width"], 2), percent(bare["edge_covers"]),
                          percent(row["covers"]), percent(bare["covers"])])
    table(["domain", "ICC", "proportion", "at 0 or 1, %", "design effect of the country", "reach", "covers, %", "reach alone",
           "covers alone, %", "all samples cover, %", "all cover alone, %"], lines)


def errors(folder):
    print("### Standard errors against the standard deviation of the estimates\n\nMean standard error over standard deviation, and "
          "behind the bar the root of the mean variance over it; in brackets the share of Korn-Graubard intervals from that standard "
          "error that hold the truth, %.\n")
    lines, samples = [], ""
    for case, icc, rows, samples, _ in every(folder, "errors"):
        found = {}
        for row in rows:
            found.setdefault(row["proportion"], {})[row["variance"]] = row
        for p, of in found.items():
            line = [case, icc, p, number(of["taylor"]["sd"], 5)]
            for kind in ("taylor", "jkn", "rao-wu"):
                row = of[kind]
                line.append(f"{number(row['mean_se_by_sd'], 3)} \\| {number(row['root_mean_variance_by_sd'], 3)} "
                            f"({percent(row['covers'])})")
            lines.append(line)
    print(f"{int(samples or 0):,} samples of each truth; 200 draws for Rao-Wu.\n")
    table(["domain", "ICC", "proportion", "standard deviation"] + [label(k) for k in ("taylor", "jkn", "rao-wu")], lines)


def medians(folder):
    print("### Woodruff intervals of medians\n\nCovers, %, and in brackets the samples of which the whole interval lies below / above the "
          "median, %; behind it the mean width as a multiple of that of t. Open: samples of which a limit is not available, for t, %. "
          "SE: mean standard error over the standard deviation of the estimates, for t.\n")
    lines, samples = [], ""
    for case, icc, rows, samples, _ in every(folder, "medians"):
        found = {}
        for row in rows:
            found.setdefault(row["variable"], {})[row["interval"]] = row
        for variable, of in found.items():
            base = of["t"]
            cells = [f"{percent(of[i]['covers'])} ({percent(of[i]['below'])}/{percent(of[i]['above'])}) "
                     f"{float(of[i]['width']) / float(base['width']):.2f}" for i in ("t", "logit", "korn-graubard")]
            lines.append([case, icc, variable, percent(base["open"])] + cells + [number(base["mean_se_by_sd"], 3)])
    print(f"{int(samples or 0):,} samples of each truth.\n")
    table(["domain", "ICC", "variable", "open", "t", "logit", "Korn-Graubard", "SE"], lines)


def main():
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        sys.exit(__doc__)
    folder = sys.argv[1]
    for part in (summary, coverage, widths, design_df, edges, errors, medians):
        part(folder)


if __name__ == "__main__":
    main()
