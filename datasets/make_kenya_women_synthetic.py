#!/usr/bin/env python3
"""Make the synthetic household survey of women aged 20 to 24 from a stated truth.

    make_kenya_women_synthetic.py [FOLDER]

writes kenya_women_synthetic.csv and kenya_women_synthetic_totals.csv into FOLDER (default: the folder of this script).
Nobody in the file exists and no record of any survey went into it.

The same bytes come out on every Python from 3.8 on: the only source of chance is random.Random(SEED).random(), whose sequence
the Python manual guarantees for an integer seed, and the arithmetic is +, -, * and / on doubles.

The design has the shape of a Kenyan household survey: 92 strata (47 counties by residence; Nairobi and Mombasa are urban only),
4 clusters a stratum, 8 women drawn in each cluster. A woman answers with probability 0.9; the weight of those who answer is
the women of the stratum / 32 times 8 / answers in the cluster.
"""
import os
import random
import sys

SEED = 120724
MARK = "not real persons"
COUNTIES = ("Mombasa,Kwale,Kilifi,Tana River,Lamu,Taita/Taveta,Garissa,Wajir,Mandera,Marsabit,Isiolo,Meru,Tharaka-Nithi,Embu,Kitui,"
            "Machakos,Makueni,Nyandarua,Nyeri,Kirinyaga,Murang'a,Kiambu,Turkana,West Pokot,Samburu,Trans Nzoia,Uasin Gishu,"
            "Elgeyo/Marakwet,Nandi,Baringo,Laikipia,Nakuru,Narok,Kajiado,Kericho,Bomet,Kakamega,Vihiga,Bungoma,Busia,Siaya,Kisumu,"
            "Homa Bay,Migori,Kisii,Nyamira,Nairobi City").split(",")
URBAN_ONLY = ("Mombasa", "Nairobi City")
CLUSTERS, WOMEN = 4, 8
AGES = (20, 21, 22, 23, 24)
ANSWERS = 0.9

# The truth. Women of a stratum; the probability to have been in union by 18 is BASE (urban, rural) times the county's factor
# times the cluster's, each of CLUSTER_FACTORS being equally likely (their mean is 1).
BASE = {"urban": 0.12, "rural": 0.22}
CLUSTER_FACTORS = (0.4, 0.9, 1.1, 1.6)
UNION_LATER = 0.35  # of the others: in union by the day of the interview
SCHOOLING = {"urban": (0.05, 0.45), "rural": (0.15, 0.65)}  # none, none or primary; the rest secondary


def women_of(number, residence):
    """Invented: between 4,000 and 60,000, more in some counties than in others."""
    base = 9000 + 1000 * ((number * 29) % 23)
    return base * 2 if COUNTIES[number] in URBAN_ONLY else base if residence == "rural" else base // 2


def county_factor(number):
    return 0.6 + 0.1 * ((number * 17) % 13)  # 0.6 to 1.8


def strata():
    for number, county in enumerate(COUNTIES):
        for residence in ("urban",) if county in URBAN_ONLY else ("urban", "rural"):
            yield number, county, residence


def truth():
    """Share in union by 18: over all women, and by residence."""
    sums = {}
    for number, _, residence in strata():
        women = women_of(number, residence)
        for key in ("all", residence):
            had, of = sums.get(key, (0.0, 0))
            sums[key] = had + women * BASE[residence] * county_factor(number), of + women
    return {key: had / of for key, (had, of) in sums.items()}


def woman(chance, residence, probability):
    early = chance() < probability
    later = not early and chance() < UNION_LATER
    age = AGES[int(chance() * len(AGES))]
    union = 12 + int(chance() * 6) if early else 18 + int(chance() * (age - 17)) if later else None
    none, primary = SCHOOLING[residence]
    draw = chance()
    schooling = "" if chance() < 0.01 else "none" if draw < none else "primary" if draw < primary else "secondary"
    wealth = 1 + int(chance() * 5)
    children = 0 if union is None else int(chance() * 4)
    return [age, wealth, schooling, "" if union is None else union, int(early), children]


def shortest(value):
    """Four decimals at most, in the shortest form: other texts are no numbers to a table."""
    return ("%.4f" % value).rstrip("0").rstrip(".")


def rows():
    chance = random.Random(SEED).random
    cluster = 0
    for stratum, (number, county, residence) in enumerate(strata(), 1):
        for _ in range(CLUSTERS):
            cluster += 1
            factor = CLUSTER_FACTORS[int(chance() * len(CLUSTER_FACTORS))]
            probability = BASE[residence] * county_factor(number) * factor
            answers = [woman(chance, residence, probability) for _ in range(WOMEN) if chance() < ANSWERS]
            for answer in answers:
                weight = women_of(number, residence) / (CLUSTERS * WOMEN) * WOMEN / len(answers)
                yield [MARK, county, residence, stratum, cluster, shortest(weight)] + answer


def totals():
    """Women by residence and age: a fifth of them are of each age, as the ages are drawn."""
    sums = {"urban": 0, "rural": 0}
    for number, _, residence in strata():
        sums[residence] += women_of(number, residence)
    for residence in ("urban", "rural"):
        for age in AGES:
            yield [MARK, "residence:age", "%s:%d" % (residence, age), sums[residence] // len(AGES)]


def write(path, header, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write(",".join(header) + "\n")
        for line in lines:
            out.write(",".join(str(cell) for cell in line) + "\n")


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    write(os.path.join(folder, "kenya_women_synthetic.csv"),
          ["SYNTHETIC", "county", "residence", "stratum", "cluster", "weight", "age", "wealth", "schooling", "age_first_union",
           "married_by_18", "children"], rows())
    write(os.path.join(folder, "kenya_women_synthetic_totals.csv"), ["SYNTHETIC", "variable", "level", "total"], totals())


if __name__ == "__main__":
    main()
