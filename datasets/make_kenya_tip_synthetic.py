#!/usr/bin/env python3
"""Make the synthetic Kenyan trafficking lists from a stated truth.

    make_kenya_tip_synthetic.py [FOLDER]

writes kenya_tip_synthetic.csv and kenya_tip_synthetic_periods.csv into FOLDER (default: the folder of
this script). Nobody in the file exists and no record of any office went into it.

The same bytes come out on every Python from 3.8 on: the only source of chance is
random.Random(SEED).random(), whose sequence the Python manual guarantees for an integer seed, and the
arithmetic is +, -, * and / on doubles.

One person is made in these steps, with one call of random() each for 1 to 5:
  1. age_group   from P_CHILD
  2. sex         from P_FEMALE, given age_group
  3. place       from P_ABROAD, given age_group
  4. form        from P_FORM, given place
  5. the capture history, from the 32 cells of the log-linear model
         odds(w) = prod_l o_l^w_l * prod_(l,m) OR_lm^(w_l w_m),    P(w) = odds(w) / sum of odds
     where o_l = ACTIVITY (year, list) * AGE_FACTOR * PLACE_FACTOR
  6. a person on no list is not written: that is the hidden part of TRUE_N.
Cells are walked in the order of LISTS as binary digits, the first list being the highest digit.
"""
import os
import random
import sys

SEED = 872030
MARK = "not real persons"
LISTS = ("DCI", "DCS", "NGO", "BMS", "NEA")
YEARS = (2019, 2020, 2021, 2022, 2023)

# The truth: persons in the population of each one-year period, detected or not.
TRUE_N = {2019: 3400, 2020: 3000, 2021: 2900, 2022: 2700, 2023: 2500}

# Odds of being on a list in a year, for a person with both factors equal to one and on no other list.
ACTIVITY = {
    2019: (0.074, 0.092, 0.060, 0.028, 0.022),
    2020: (0.026, 0.024, 0.038, 0.007, 0.040),
    2021: (0.050, 0.075, 0.042, 0.013, 0.012),
    2022: (0.060, 0.062, 0.070, 0.030, 0.030),
    2023: (0.075, 0.080, 0.095, 0.045, 0.036),
}

# Odds ratios between two lists, the same every year; other pairs are independent given age_group and place.
ODDS_RATIO = {("DCI", "NGO"): 3.0, ("DCS", "BMS"): 0.5}

AGE_FACTOR = {"child": {"DCS": 1.5}, "adult": {"DCS": 0.5}}
PLACE_FACTOR = {"internal": {"NEA": 0.6, "BMS": 0.8}, "abroad": {"NEA": 2.5, "BMS": 1.8}}

P_CHILD = 0.55
P_FEMALE = {"child": 0.58, "adult": 0.78}
P_ABROAD = {"child": 0.04, "adult": 0.40}
P_FORM = {
    "internal": (("sexual", 0.42), ("labour", 0.43), ("other", 0.15)),
    "abroad": (("sexual", 0.18), ("labour", 0.76), ("other", 0.06)),
}

# Mid-year population of Kenya, persons: World Population Prospects 2024, given in thousands.
POPULATION = {2019: 51203000, 2020: 52218000, 2021: 53219000, 2022: 54253000, 2023: 55338000}

COVARIATES = ("age_group", "sex", "form", "place")
ORDER = (("child", "adult"), ("female", "male"), ("sexual", "labour", "other"), ("internal", "abroad"))


def histories():
    """All 32 capture histories as tuples, in the order in which they are walked."""
    return [tuple((code >> shift) & 1 for shift in (4, 3, 2, 1, 0)) for code in range(32)]


def cell_probabilities(year, age_group, place):
    odds = []
    for history in histories():
        value = 1.0
        for index, name in enumerate(LISTS):
            if history[index]:
                value *= ACTIVITY[year][index]
                value *= AGE_FACTOR[age_group].get(name, 1.0)
                value *= PLACE_FACTOR[place].get(name, 1.0)
        for (first, second), ratio in sorted(ODDS_RATIO.items()):
            if history[LISTS.index(first)] and history[LISTS.index(second)]:
                value *= ratio
        odds.append(value)
    total = 0.0
    for value in odds:
        total += value
    return [value / total for value in odds]


def draw(generator, choices):
    """The first choice whose cumulative probability exceeds the draw; the last one takes the rest."""
    point = generator.random()
    cumulative = 0.0
    for choice, probability in choices:
        cumulative += probability
        if point < cumulative:
            return choice
    return choices[-1][0]


def make_counts():
    generator = random.Random(SEED)
    counts = {}
    for year in YEARS:
        cells = {(age, place): list(zip(histories(), cell_probabilities(year, age, place)))
                 for age in ORDER[0] for place in ORDER[3]}
        for _ in range(TRUE_N[year]):
            age = draw(generator, (("child", P_CHILD), ("adult", 1.0 - P_CHILD)))
            sex = draw(generator, (("female", P_FEMALE[age]), ("male", 1.0 - P_FEMALE[age])))
            place = draw(generator, (("abroad", P_ABROAD[age]), ("internal", 1.0 - P_ABROAD[age])))
            form = draw(generator, P_FORM[place])
            history = draw(generator, cells[age, place])
            if any(history):
                key = (year, history, (age, sex, form, place))
                counts[key] = counts.get(key, 0) + 1
    return counts


def data_csv():
    counts = make_counts()

    def place_in_file(key):
        year, history, values = key
        return (year, sum(history), tuple(-bit for bit in history),
                tuple(order.index(value) for order, value in zip(ORDER, values)))

    lines = [",".join(("SYNTHETIC", "period") + LISTS + COVARIATES + ("count",))]
    for key in sorted(counts, key=place_in_file):
        year, history, values = key
        fields = (MARK, str(year)) + tuple(str(bit) for bit in history) + values + (str(counts[key]),)
        lines.append(",".join(fields))
    return "\n".join(lines) + "\n"


def periods_csv():
    lines = ["period,years,population,truncated"]
    lines += ["%d,1,%d,0" % (year, POPULATION[year]) for year in YEARS]
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
        sys.stderr.write("usage: make_kenya_tip_synthetic.py [FOLDER]\n")
        return 2
    folder = arguments[1] if len(arguments) == 2 else os.path.dirname(os.path.abspath(__file__))
    write_whole(os.path.join(folder, "kenya_tip_synthetic.csv"), data_csv())
    write_whole(os.path.join(folder, "kenya_tip_synthetic_periods.csv"), periods_csv())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
