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
LABELS = {"korn-graubard": "Korn-Graubard", "beta-uncapped": "beta, no cap", "wilson": "Wilson", "two-se": "R-2SE, R+2SE",
          "taylor": "Taylor", "jkn": "JKn", "rao-wu": "Rao-Wu"}
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


def spread(values, decimals):
    return f"{min(values):.{decimals}f} to {max(values):.{decimals}f}"


def bounds(folder):
    print("### All truths\n\nHow many of the domains and truths have a coverage in these bounds, in how many the misses of one side alone "
          "are more than 5 %, and the most that they are.\n")
    lines = []
    for df in ("domain", "design"):
        cells = [(interval, row) for _, _, rows, _, _ in every(folder, "proportions")
                 for of in by_proportion(rows, df).values() for interval, row in of.items()]
        for name in INTERVALS:
            rows = [row for interval, row in cells if interval == name]
            if not rows or (df == "design" and name == "two-se"):
                continue
            covers = [100 * float(row["covers"]) for row in rows]
            sides = [100 * max(float(row["below"]), float(row["above"])) for row in rows]
            lines.append([label(name), "none" if name == "two-se" else df, f"{min(covers):.1f}"] +
                         [str(n) for n in (sum(c < 90 for c in covers), sum(90 <= c < 94 for c in covers),
                                           sum(94 <= c <= 97 for c in covers), sum(c > 97 for c in covers),
                                           sum(side > 5 for side in sides))] + [f"{max(sides):.1f}"])
    table(["interval", "degrees of freedom", "lowest, %", "below 90 %", "90 to 94 %", "94 to 97 %", "above 97 %", "one side above 5 %",
           "most of one side, %"], lines)


def ranges(folder, title, df, intervals, cell):
    print(title + "\n")
    lines = []
    for case, icc, rows, _, _ in every(folder, "proportions"):
        if df == "design" and case.endswith("national"):
            continue
        found = by_proportion(rows, df)
        lines.append([case, icc] + [cell([of[i] for of in found.values()], [of[INTERVALS[0]] for of in found.values()])
                                    for i in intervals])
    table(["domain", "ICC"] + [label(i) for i in intervals], lines)


def covers(rows, _):
    return spread([100 * float(row["covers"]) for row in rows], 1)


def relative(rows, base):
    return spread([float(row["width"]) / float(of["width"]) for row, of in zip(rows, base)], 2)


def summary(folder):
    ranges(folder, "### Coverage over the ten proportions, %\n\nLowest to highest, with the degrees of freedom of the domain.", "domain",
           INTERVALS, covers)
    ranges(folder, "### Width over the ten proportions\n\nMean width as a multiple of that of the Korn-Graubard interval, lowest to "
           "highest.", "domain", INTERVALS[1:], relative)
    ranges(folder, "### Coverage with the degrees of freedom of the whole design, %\n\nThe same samples with 1,600 degrees of freedom, or "
           "183 in the small survey. In the two domains that are the whole country both are the same.", "design", INTERVALS[:-1], covers)


def coverage(folder):
    print("### Coverage with the degrees of freedom of the domain\n\nCovers, %, and in brackets the samples of which the whole interval "
          "lies below / above the truth, %. At 0 or 1: samples with that estimate, %. Deff: mean of the estimated design effects, without "
          "estimates of 0 and 1. Width: mean width of the Korn-Graubard interval, points.\n")
    for case, icc, rows, _, text in every(folder, "proportions"):
        found = by_proportion(rows, "domain")
        first = next(iter(found.values()))[INTERVALS[0]]
        print(f"**{case}, ICC {icc}**: {text}. Degrees of freedom {float(first['mean_df']):.1f} (least {first['least_df']}).\n")
        lines = []
        for p, of in found.items():
            main = of[INTERVALS[0]]
            cells = [f"{percent(of[i]['covers'])} ({percent(of[i]['below'])}/{percent(of[i]['above'])})" for i in INTERVALS]
            lines.append([p, percent(main["edge"]), number(main["mean_deff"], 2), percent(main["width"], 2)] + cells)
        table(["proportion", "at 0 or 1", "deff", "width"] + [label(i) for i in INTERVALS], lines)


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
    print("### Standard errors against the standard deviation of the estimates\n\nMean standard error over standard deviation / "
          "root of the mean variance over it; in brackets the share of Korn-Graubard intervals from that standard error that hold the "
          "truth, %, here without a design effect at 0 and 1.\n")
    lines, samples = [], ""
    for case, icc, rows, samples, _ in every(folder, "errors"):
        found = {}
        for row in rows:
            found.setdefault(row["proportion"], {})[row["variance"]] = row
        for p, of in found.items():
            line = [case, icc, p, number(of["taylor"]["sd"], 5)]
            for kind in ("taylor", "jkn", "rao-wu"):
                row = of[kind]
                line.append(f"{number(row['mean_se_by_sd'], 3)} / {number(row['root_mean_variance_by_sd'], 3)} "
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
    for part in (bounds, summary, coverage, edges, errors, medians):
        part(folder)


if __name__ == "__main__":
    main()
