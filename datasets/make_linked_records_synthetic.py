#!/usr/bin/env python3
"""Make synthetic linked records, with known errors of the linkage, from a stated truth.

    make_linked_records_synthetic.py [FOLDER]

writes linked_records_synthetic.csv and linked_records_synthetic_rates.csv into FOLDER (default: the folder of this script).
Nobody in the files exists.

The same bytes come out on every Python from 3.8 on: the only source of chance is random.Random(SEED).random(),
whose sequence the Python manual guarantees for an integer seed, and the arithmetic is + - * / on doubles.

For each period:
  1. TRUE_N persons; each is on each list, independently, with the chance SHARE (one call of random() each).
  2. A person's records fall apart: with several records one of them, each with the same chance, is the anchor (one
     call); every other record stays with it with the chance SENSITIVITY (one call each), else it stands alone.
  3. False matches: two records that stand alone, on different lists and of different persons, are joined, until the share
     FALSE_MATCH of all links is wrong (two calls each; a pair that does not fit is drawn again).
  4. Each record gets a month (one call). Ids run along each list in an order of chance, cluster numbers too.
"""
import os
import random
import sys

SEED = 194907
MARK = "not real persons"
LISTS = ("Police", "Children", "NGO")
PERIODS = (2019, 2023)
TRUE_N = {2019: 1500, 2023: 1500}
SHARE = {2019: (0.24, 0.30, 0.18), 2023: (0.26, 0.28, 0.22)}
SENSITIVITY = {2019: 0.80, 2023: 0.95}
FALSE_MATCH = {2019: 0.02, 2023: 0.02}


def shuffled(generator, items):
    """The items in an order of chance: one call of random() each, sorted by it."""
    keyed = [(generator.random(), index) for index in range(len(items))]
    return [items[index] for _, index in sorted(keyed)]


def fall_apart(generator, records, sensitivity):
    """The clusters that the linkage makes of one person's records."""
    if len(records) == 1:
        return [records]
    anchor = int(generator.random() * len(records))
    together, alone = [records[anchor]], []
    for index, record in enumerate(records):
        if index == anchor:
            continue
        if generator.random() < sensitivity:
            together.append(record)
        else:
            alone.append([record])
    return [together] + alone


def join_falsely(generator, clusters, share):
    links = sum(len(cluster) - 1 for cluster in clusters)
    wanted = int(links * share / (1.0 - share) + 0.5)
    while wanted > 0:
        first = int(generator.random() * len(clusters))
        second = int(generator.random() * len(clusters))
        if first == second or len(clusters[first]) > 1 or len(clusters[second]) > 1:
            continue
        one, other = clusters[first][0], clusters[second][0]
        if one["list"] == other["list"] or one["person"] == other["person"]:
            continue
        clusters[first].append(other)
        del clusters[second]
        wanted -= 1


def make_period(generator, period, first_person):
    clusters, person = [], first_person
    for _ in range(TRUE_N[period]):
        on = [index for index in range(len(LISTS)) if generator.random() < SHARE[period][index]]
        if on:
            records = [{"period": period, "list": index, "person": person} for index in on]
            clusters += fall_apart(generator, records, SENSITIVITY[period])
            person += 1
    join_falsely(generator, clusters, FALSE_MATCH[period])
    return clusters, person


def make_records():
    generator = random.Random(SEED)
    records, person, number = [], 1, 1
    for period in PERIODS:
        clusters, person = make_period(generator, period, person)
        for cluster in shuffled(generator, clusters):
            for record in cluster:
                record["cluster"] = number
                record["month"] = 1 + int(generator.random() * 12)
                records.append(record)
            number += 1
    for index in range(len(LISTS)):
        for identifier, record in enumerate(shuffled(generator, [r for r in records if r["list"] == index]), 1):
            record["id"] = identifier
    return sorted(records, key=lambda r: (r["period"], r["list"], r["id"]))


def data_csv():
    lines = ["SYNTHETIC,period,list,id,cluster,date,person"]
    for r in make_records():
        lines.append("%s,%d,%s,%s%04d,c%04d,%d-%02d,%d" % (MARK, r["period"], LISTS[r["list"]], LISTS[r["list"]][0], r["id"],
                                                         r["cluster"], r["period"], r["month"], r["person"]))
    return "\n".join(lines) + "\n"


def rates_csv():
    lines = ["SYNTHETIC,period,sensitivity,false_match"]
    lines += ["%s,%d,%s,%s" % (MARK, period, SENSITIVITY[period], FALSE_MATCH[period]) for period in PERIODS]
    return "\n".join(lines) + "\n"


def write_whole(path, text):
    """Write a file whole or not at all."""
    partial = path + ".partial"
    try:
        with open(partial, "w", encoding="ascii", newline="\n") as stream:
            stream.write(text)
        os.replace(partial, path)
    finally:
        if os.path.exists(partial):
            os.remove(partial)


def main(arguments):
    if len(arguments) > 2:
        sys.stderr.write("usage: make_linked_records_synthetic.py [FOLDER]\n")
        return 2
    folder = arguments[1] if len(arguments) == 2 else os.path.dirname(os.path.abspath(__file__))
    write_whole(os.path.join(folder, "linked_records_synthetic.csv"), data_csv())
    write_whole(os.path.join(folder, "linked_records_synthetic_rates.csv"), rates_csv())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
