#!/usr/bin/env python3
"""Make the synthetic child labour survey from a stated truth.

    make_kenya_child_labour_synthetic.py [FOLDER]   writes kenya_child_labour_synthetic.csv and its _totals.csv into FOLDER
    make_kenya_child_labour_synthetic.py --truth    prints the truth that the chances below imply, worked out without chance

Nobody in the file exists and no record of any survey went into it. The design has the shape of a survey of the Kenya National
Bureau of Statistics at a tenth of its scale: 92 strata (47 counties by residence; Nairobi and Mombasa are urban only), 2 clusters
a stratum, 25 households a cluster, every child of 5 to 17 in them. A household answers with probability 0.92.

The same bytes come out on every Python from 3.8 on: the only source of chance is random.Random(SEED).random(), and the
arithmetic is +, -, * and / on doubles.
"""
import os
import random
import sys

SEED = 20190824
MARK = "not real persons"
COUNTIES = ("Mombasa,Kwale,Kilifi,Tana River,Lamu,Taita/Taveta,Garissa,Wajir,Mandera,Marsabit,Isiolo,Meru,Tharaka-Nithi,Embu,Kitui,"
            "Machakos,Makueni,Nyandarua,Nyeri,Kirinyaga,Murang'a,Kiambu,Turkana,West Pokot,Samburu,Trans Nzoia,Uasin Gishu,"
            "Elgeyo/Marakwet,Nandi,Baringo,Laikipia,Nakuru,Narok,Kajiado,Kericho,Bomet,Kakamega,Vihiga,Bungoma,Busia,Siaya,Kisumu,"
            "Homa Bay,Migori,Kisii,Nyamira,Nairobi City").split(",")
URBAN_ONLY = ("Mombasa", "Nairobi City")
CLUSTERS, HOUSEHOLDS, ANSWERS = 2, 25, 0.92
CHILDREN = (0, 0, 0, 1, 1, 1, 2, 2, 3, 4)  # of 5 to 17 in a household, equally likely: 1.4 on average
AGES = range(5, 18)                        # equally likely
CLUSTER_FACTORS = (0.5, 0.9, 1.1, 1.5)     # equally likely, mean 1

# The chance to have worked in the week: of the residence and the group of ages, times the county's factor, the sex's and the cluster's.
WORK = {"urban": (0.02, 0.05, 0.10), "rural": (0.09, 0.16, 0.24)}
SEX = {1: 1.1, 2: 0.9}
# Hours of those who worked, by group of ages: hours and tenths of a chance in twenty.
HOURS = (((1, 3), (2, 4), (5, 4), (7, 3), (10, 3), (14, 2), (21, 1)),
         ((1, 1), (5, 3), (10, 4), (13, 2), (14, 3), (20, 3), (28, 3), (43, 1)),
         ((5, 2), (14, 3), (20, 3), (28, 3), (40, 3), (42, 1), (43, 2), (48, 2), (56, 1)))
HOURS_MISSING = 0.02
# Chores, water, firewood: the chance to do them by sex, and the hours of those who do, equally likely.
CHORES = {1: 0.55, 2: 0.75}
CHORE_HOURS = (1, 2, 3, 4, 5, 7, 7, 10, 14, 21)
WATER = {"urban": 0.15, "rural": 0.5}
WATER_HOURS = (1, 2, 3, 5, 7)
FIREWOOD = {"urban": 0.02, "rural": 0.35}
FIREWOOD_HOURS = (1, 2, 4, 7)
SCHOOL = ((0.97, 0.90), (0.96, 0.80), (0.90, 0.50))  # at school: not at work, at work
INDUSTRIES = {"urban": ("agriculture", "trade", "trade", "domestic work", "services"),
              "rural": ("agriculture", "agriculture", "agriculture", "agriculture", "trade", "domestic work", "mining", "fishing")}
STATUS = ("contributing family worker", "contributing family worker", "contributing family worker", "employee", "own account")
OCCUPATIONS = {"agriculture": "farm labourer", "trade": "street vendor", "domestic work": "domestic worker", "services": "helper",
               "mining": "quarry labourer", "fishing": "fisher"}
HAZARDS = (("heavy_loads", 0.20), ("dangerous_tools", 0.15), ("dust_fumes_gas", 0.20), ("extreme_temperature", 0.10),
           ("noise_vibration", 0.05), ("heights", 0.02), ("chemicals_explosives", 0.05), ("night_work", 0.05))
REASONS = ("help the family", "help the family", "earn income", "learn skills", "cannot afford school")
INJURED = 0.1
HEAD = ("none", "primary", "primary", "secondary", "higher")


def group_of(age):
    return 0 if age <= 11 else 1 if age <= 14 else 2


def households_of(number, residence):
    """Invented: between 20,000 and 150,000, more in some counties than in others."""
    base = 40000 + 5000 * ((number * 29) % 23)
    return base * 3 if COUNTIES[number] in URBAN_ONLY else base if residence == "rural" else base // 2


def county_factor(number):
    return 0.4 + 0.15 * ((number * 17) % 13)  # 0.4 to 2.2


def strata():
    for number, county in enumerate(COUNTIES):
        for residence in ("urban",) if county in URBAN_ONLY else ("urban", "rural"):
            yield number, county, residence


def chance_to_work(number, residence, group, sex, factor):
    return WORK[residence][group] * county_factor(number) * SEX[sex] * factor


# The truth, by adding up chances

def share_of_hours(group, at_least):
    of = sum(times for _, times in HOURS[group])
    return sum(times for hours, times in HOURS[group] if hours >= at_least) / of * (1 - HOURS_MISSING)


def share_of_chores(residence, sex, at_least):
    """The chance that chores, water and firewood together take so many hours."""
    total = {0: 1.0}
    for does, hours in ((CHORES[sex], CHORE_HOURS), (WATER[residence], WATER_HOURS), (FIREWOOD[residence], FIREWOOD_HOURS)):
        after = {}
        for so_far, probability in total.items():
            after[so_far] = after.get(so_far, 0.0) + probability * (1 - does)
            for more in hours:
                after[so_far + more] = after.get(so_far + more, 0.0) + probability * does / len(hours)
        total = after
    return sum(probability for hours, probability in total.items() if hours >= at_least)


def share_of_hazards(residence, group):
    """Of those who work: mining, a hazardous condition, or 43 hours and more."""
    none = 1 - INDUSTRIES[residence].count("mining") / len(INDUSTRIES[residence])
    for _, probability in HAZARDS:
        none *= 1 - probability
    return 1 - none * (1 - share_of_hours(group, 43))


def truth_of(number, residence, age, sex):
    """In employment, child labour in economic activities (SDG 8.7.1), with chores, hazardous work (in neither series)."""
    group = group_of(age)
    work = sum(chance_to_work(number, residence, group, sex, factor) for factor in CLUSTER_FACTORS) / len(CLUSTER_FACTORS)
    economic = work * share_of_hours(group, (1, 14, 43)[group])
    chores = share_of_chores(residence, sex, 21) if age <= 14 else 0.0
    return work, economic, economic + (1 - economic) * chores, work * share_of_hazards(residence, group)


def truth(wanted):
    """Shares over the children for whom wanted(number, residence, age, sex) holds, and how many they are."""
    sums, people = [0.0, 0.0, 0.0, 0.0], 0.0
    for number, _, residence in strata():
        for age in AGES:
            for sex in (1, 2):
                if wanted(number, residence, age, sex):
                    weight = households_of(number, residence) * sum(CHILDREN) / len(CHILDREN) / len(AGES) / 2
                    people += weight
                    for i, value in enumerate(truth_of(number, residence, age, sex)):
                        sums[i] += weight * value
    return [value / people for value in sums] + [people]


# The sample

def pick(chance, values):
    return values[int(chance() * len(values))]


def draw_hours(chance, group):
    place = chance() * sum(times for _, times in HOURS[group])
    for hours, times in HOURS[group]:
        place -= times
        if place < 0:
            return hours
    return HOURS[group][-1][0]


def yes(value):
    return 1 if value else 2


def child(chance, number, residence, factor):
    age, sex = pick(chance, AGES), 1 + int(chance() * 2)
    group = group_of(age)
    works = chance() < chance_to_work(number, residence, group, sex, factor)
    hours = draw_hours(chance, group)
    hours = "" if not works else 98 if chance() < HOURS_MISSING else hours
    industry = pick(chance, INDUSTRIES[residence])
    status, reason = pick(chance, STATUS), pick(chance, REASONS)
    school = chance() < SCHOOL[group][works]
    chores, water, firewood = chance() < CHORES[sex], chance() < WATER[residence], chance() < FIREWOOD[residence]
    hazards = [chance() < probability for _, probability in HAZARDS]
    injured = chance() < INJURED
    return ([age, sex, yes(school), yes(works), hours]
            + ([industry, OCCUPATIONS[industry], status, yes(industry == "domestic work" and status == "employee"), reason]
               if works else ["", "", "", "", ""])
            + [yes(industry == "mining") if works else "", yes(chores), pick(chance, CHORE_HOURS) if chores else "", yes(water),
               pick(chance, WATER_HOURS) if water else "", yes(firewood), pick(chance, FIREWOOD_HOURS) if firewood else ""]
            + [yes(hazard) if works else "" for hazard in hazards] + [yes(injured) if works else ""])


def shortest(value):
    """Four decimals at most, in the shortest form: other texts are no numbers to a table."""
    return ("%.4f" % value).rstrip("0").rstrip(".")


def rows():
    chance = random.Random(SEED).random
    psu = household = 0
    for stratum, (number, county, residence) in enumerate(strata(), 1):
        for _ in range(CLUSTERS):
            psu += 1
            factor = pick(chance, CLUSTER_FACTORS)
            answers = []
            for _ in range(HOUSEHOLDS):
                wealth, head = 1 + int(chance() * 5), pick(chance, HEAD)
                children = [child(chance, number, residence, factor) for _ in range(pick(chance, CHILDREN))]
                if chance() < ANSWERS:
                    answers.append((wealth, head, children))
            weight = households_of(number, residence) / (CLUSTERS * len(answers))
            for wealth, head, children in answers:
                household += 1
                for answer in children:
                    yield [MARK, county, 1 if residence == "urban" else 2, stratum, psu, household, shortest(weight), wealth, head] + answer


HEADER = (["SYNTHETIC", "county", "residence", "stratum", "psu", "household", "weight", "wealth", "head_education", "age", "sex",
           "school_attendance", "economic_activity", "hours_economic", "industry", "occupation", "status_in_employment",
           "paid_domestic_work", "reason_for_work", "hazardous_industry", "chores", "hours_chores", "fetch_water", "hours_water", "firewood",
           "hours_firewood"] + [name for name, _ in HAZARDS] + ["injury"])


def totals():
    """Children by residence and age, as the chances make them."""
    for residence, code in (("urban", 1), ("rural", 2)):
        for age in AGES:
            people = truth(lambda n, r, a, s: r == residence and a == age)[-1]
            yield [MARK, "residence:age", "%d:%d" % (code, age), shortest(people)]


def write(path, header, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write(",".join(header) + "\n")
        for line in lines:
            out.write(",".join(str(cell) for cell in line) + "\n")


def print_truth():
    def line(name, wanted):
        print("| %s | %.5f | %.5f | %.5f | %.5f | %.0f |" % ((name,) + tuple(truth(wanted))))
    line("5-17", lambda n, r, a, s: True)
    for first, last in ((5, 14), (5, 11), (12, 14), (15, 17)):
        line("%d-%d" % (first, last), lambda n, r, a, s: first <= a <= last)
    line("urban", lambda n, r, a, s: r == "urban")
    line("rural", lambda n, r, a, s: r == "rural")
    line("male", lambda n, r, a, s: s == 1)
    line("female", lambda n, r, a, s: s == 2)


def main():
    if sys.argv[1:] == ["--truth"]:
        print_truth()
        return
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    write(os.path.join(folder, "kenya_child_labour_synthetic.csv"), HEADER, rows())
    write(os.path.join(folder, "kenya_child_labour_synthetic_totals.csv"), ["SYNTHETIC", "variable", "level", "total"], totals())


if __name__ == "__main__":
    main()
