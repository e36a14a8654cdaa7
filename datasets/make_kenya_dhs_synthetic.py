#!/usr/bin/env python3
"""Make the synthetic demographic and health survey, women and men, from a stated truth.

    make_kenya_dhs_synthetic.py [FOLDER]   writes kenya_dhs_women_synthetic.csv and .dta and kenya_dhs_men_synthetic.csv into FOLDER
    make_kenya_dhs_synthetic.py --truth    prints the truth that the chances below imply, worked out without chance

Nobody in the files exists and no record of any survey went into them. Names and codes are those of the DHS recode files, the design
has the shape of the Kenya DHS of 2022 at a tenth of its scale: 92 strata (47 counties by residence; Nairobi and Mombasa are urban
only), 2 clusters a stratum, 25 households a cluster. A household answers with probability 0.95, a woman in it with 0.92, a man with
0.9. Men are interviewed in every second household. One woman a household is drawn for the module on forced marriage (fm...).

The same bytes come out on every Python from 3.8 on: the only source of chance is random.Random(SEED).random(), and the
arithmetic is +, -, * and / on doubles, in the order written. The .dta is a Stata file of format 118, written here byte by byte.
"""
import os
import random
import struct
import sys

SEED = 20220217
MARK = "not real persons"
COUNTIES = ("Mombasa,Kwale,Kilifi,Tana River,Lamu,Taita/Taveta,Garissa,Wajir,Mandera,Marsabit,Isiolo,Meru,Tharaka-Nithi,Embu,Kitui,"
            "Machakos,Makueni,Nyandarua,Nyeri,Kirinyaga,Murang'a,Kiambu,Turkana,West Pokot,Samburu,Trans Nzoia,Uasin Gishu,"
            "Elgeyo/Marakwet,Nandi,Baringo,Laikipia,Nakuru,Narok,Kajiado,Kericho,Bomet,Kakamega,Vihiga,Bungoma,Busia,Siaya,Kisumu,"
            "Homa Bay,Migori,Kisii,Nyamira,Nairobi City").split(",")
URBAN_ONLY = ("Mombasa", "Nairobi City")
PROVINCE_ENDS = (6, 9, 17, 22, 36, 40, 46, 47)  # counties are numbered province by province: Coast 1 to 6, North Eastern 7 to 9 ...
CLUSTERS, HOUSEHOLDS = 2, 25
HOUSEHOLD_ANSWERS, WOMAN_ANSWERS, MAN_ANSWERS, MODULE_ANSWERS = 0.95, 0.92, 0.9, 0.93
WOMEN = (0, 0, 0, 0, 1, 1, 1, 1, 2, 2)  # of 15 to 49 in a household, equally likely
MEN = (0, 0, 0, 0, 1, 1, 1, 1, 1, 2)    # of 15 to 54
INTERVIEW_MONTHS = (1466, 1467, 1468, 1469, 1470, 1471)  # months since 1899: six months of one year
CLUSTER_FACTORS = (0.6, 0.9, 1.1, 1.4)  # equally likely, mean 1
FEMALE, MALE = 2, 1

# Ages: the first of a group of five years and how many in a hundred are in it, evenly within.
AGES = {FEMALE: ((15, 20), (20, 18), (25, 17), (30, 15), (35, 12), (40, 10), (45, 8)),
        MALE: ((15, 19), (20, 17), (25, 15), (30, 13), (35, 12), (40, 10), (45, 8), (50, 6))}

# The chance that the first union begins in the year after a birthday, if there was none before: of the sex and the age (from that
# age to the next one named), times the factors of residence, age at the interview, county and cluster.
UNION = {FEMALE: {0: 0.0, 12: 0.004, 13: 0.008, 14: 0.016, 15: 0.03, 16: 0.045, 17: 0.06, 18: 0.09, 19: 0.105, 20: 0.115, 21: 0.12,
                  30: 0.06, 40: 0.02},
         MALE: {0: 0.0, 14: 0.001, 15: 0.003, 16: 0.007, 17: 0.012, 18: 0.025, 19: 0.04, 20: 0.06, 21: 0.075, 22: 0.09, 23: 0.1,
                24: 0.11, 25: 0.12, 30: 0.09, 40: 0.03}}
RESIDENCE = {"urban": 0.75, "rural": 1.15}
LATELY = ((25, 0.8), (35, 1.0), (55, 1.15))  # people below 25 at the interview, below 35, the others
DATE_UNKNOWN = 0.01                          # of those ever in union: v511 is 98 and v509 is 9998
STATUS = ((1, 0.62), (2, 0.2), (3, 0.04), (4, 0.05), (5, 0.09))  # of those ever in union, v501

# The module: consent (fm2) by whether the union began below 18, then what goes with each consent.
CONSENT = {True: ((1, 0.55), (2, 0.2), (3, 0.12), (4, 0.13)), False: ((1, 0.84), (2, 0.09), (3, 0.03), (4, 0.04))}
CONSENT_REFUSED, CONSENT_NOT_KNOWN = 0.015, 0.005  # 9 and 8; the questions after it are then not asked
PRESSURES = (("fm4a", 0.3), ("fm4b", 0.15), ("fm4c", 0.08), ("fm4d", 0.3), ("fm4e", 0.1), ("fm4f", 0.25), ("fm4g", 0.1))
PRESSURE_FACTOR = {1: 0.05, 2: 0.4, 3: 1.0, 4: 0.8}
COULD_NOT_REFUSE = {1: 0.1, 2: 0.4, 3: 0.85, 4: 0.9}
COULD_REFUSE_NOT_TOLD = 0.02  # 9
STILL = 0.92                  # of those in a union now: it is the first one
DECIDERS = {1: (1, 1, 2, 2, 2, 3), 2: (2, 3, 3, 4), 3: (3, 3, 3, 4, 5), 4: (3, 3, 4, 5)}


def households_of(number, residence):
    """Invented: between 20,000 and 150,000, more in some counties than in others."""
    base = 40000 + 5000 * ((number * 29) % 23)
    return base * 3 if COUNTIES[number] in URBAN_ONLY else base if residence == "rural" else base // 2


def county_factor(number):
    return 0.5 + 0.1 * ((number * 17) % 13)  # 0.5 to 1.7


def strata():
    for number, county in enumerate(COUNTIES):
        for residence in ("urban",) if county in URBAN_ONLY else ("urban", "rural"):
            yield number, residence


def domain_of(number, residence):
    """Provinces by residence: 15, for Nairobi is urban only."""
    province = [number < end for end in PROVINCE_ENDS].index(True)
    return 2 * province + (1 if residence == "urban" else 2)


def of_age(table, age):
    """What stands at the last age that is not above this one."""
    return table[max(first for first in table if first <= age)]


def lately(age):
    return [factor for below, factor in LATELY if age < below][0]


def chance_of_union(sex, number, residence, age, factor, year):
    """That the first union of somebody of this age at the interview began at `year`, if not before."""
    return of_age(UNION[sex], year) * RESIDENCE[residence] * lately(age) * county_factor(number) * factor


# The truth, by adding up chances. A union in the year of the last birthday began before the interview if its month (0 to 11) is
# below the months since that birthday (0 to 11): in 66 of 144 cases.
BEFORE_THE_INTERVIEW = 66 / 144


def unions(sex, number, residence, age):
    """{year: chance that the first union began at that age and before the interview}"""
    found = {}
    for factor in CLUSTER_FACTORS:
        none = 1.0 / len(CLUSTER_FACTORS)
        for year in range(age + 1):
            chance = none * chance_of_union(sex, number, residence, age, factor, year)
            found[year] = found.get(year, 0.0) + chance * (BEFORE_THE_INTERVIEW if year == age else 1)
            none -= chance
    return found


def forced_by_reluctance():
    """Of those who agreed reluctantly: could not have refused, or name a means of pressure."""
    neither = 1 - COULD_NOT_REFUSE[2] * (1 - COULD_REFUSE_NOT_TOLD)
    for _, chance in PRESSURES:
        neither *= 1 - chance * PRESSURE_FACTOR[2]
    return 1 - neither


def chance_forced(child):
    """That the first union was a forced one and is told as one."""
    consent = dict(CONSENT[child])
    answered = 1 - CONSENT_REFUSED - CONSENT_NOT_KNOWN
    return answered * (consent[3] + consent[4] + consent[2] * forced_by_reluctance())


def chance_forced_by(child, pressure):
    consent = dict(CONSENT[child])
    answered = 1 - CONSENT_REFUSED - CONSENT_NOT_KNOWN
    return answered * sum(consent[code] * PRESSURE_FACTOR[code] for code in (2, 3, 4)) * pressure


def still_in_union():
    status = dict(STATUS)
    return (status[1] + status[2]) * STILL


def began_recently(age, year):
    """Fewer than five completed years ago."""
    return 1 if age - year < 5 else BEFORE_THE_INTERVIEW if age - year == 5 else 0


def people(sex, first, last, residence):
    """Every group of the population: (number, residence, age, how many if there were one in each household)."""
    for number, place in strata():
        for start, percent in AGES[sex]:
            for age in range(start, start + 5):
                if first <= age <= last and residence in ("all", place):
                    yield number, place, age, households_of(number, place) * percent / 500


def truth(sex, first, last, residence="all"):
    """{indicator: share} of the people of these ages; under ("union_at", age): first union told to have begun at that age."""
    sums, total = {}, 0.0
    for number, place, age, weight in people(sex, first, last, residence):
        total += weight
        for year, chance in unions(sex, number, place, age).items():
            child, mass = year < 18, weight * chance
            forced = mass * chance_forced(child)
            found = {"in_union": mass, "married_by_15": mass * (1 - DATE_UNKNOWN) * (year < 15),
                     "married_by_18": mass * (1 - DATE_UNKNOWN) * child, ("union_at", year): mass * (1 - DATE_UNKNOWN),
                     "forced_marriage_ever": forced, "forced_marriage_current": forced * still_in_union(),
                     "forced_marriage_recent": forced * (1 - DATE_UNKNOWN) * began_recently(age, year),
                     "child_or_forced_union": forced + (mass - forced) * (1 - DATE_UNKNOWN) * child,
                     "forced_before_18": forced * child * (1 - DATE_UNKNOWN), "forced_with_date": forced * (1 - DATE_UNKNOWN)}
            for name, chance_each in PRESSURES:
                found[name] = mass * chance_forced_by(child, chance_each)
            for key, value in found.items():
                sums[key] = sums.get(key, 0.0) + value
    return {key: value / total for key, value in sums.items()}


def median(shares):
    """Of the ages at first union, as the DHS interpolates it: the never married stand above every age."""
    below = 0.0
    for year in range(0, 55):
        share = shares.get(("union_at", year), 0.0)
        if below + share >= 0.5:
            return year + (0.5 - below) / share
        below += share
    return None


def population(sex, first, last):
    """How many live in the households."""
    per_household = sum(WOMEN if sex == FEMALE else MEN) / len(WOMEN)
    return per_household * sum(weight for _, _, _, weight in people(sex, first, last, "all"))


# The sample

def pick(chance, values):
    return values[int(chance() * len(values))]


def draw(chance, table):
    """One of (value, chance), the last where the chances leave nothing else."""
    place = chance()
    for value, share in table:
        place -= share
        if place < 0:
            return value
    return table[-1][0]


def first_union(chance, sex, number, residence, age, months, factor):
    """(age, month) of the first union, or None."""
    for year in range(10, age + 1):
        if chance() < chance_of_union(sex, number, residence, age, factor, year):
            month = int(chance() * 12)
            return (year, month) if year < age or month < months else None
    return None


def person(chance, sex, number, residence, factor):
    """Columns of the recode file, without the letter m of the men, and the age at first union as it was."""
    start = draw(chance, [(first, percent / 100) for first, percent in AGES[sex]])
    age, months, interview = start + int(chance() * 5), int(chance() * 12), pick(chance, INTERVIEW_MONTHS)
    birth = interview - 12 * age - months
    union = first_union(chance, sex, number, residence, age, months, factor)
    status, unknown = draw(chance, STATUS), chance() < DATE_UNKNOWN
    answers = {"v008": interview, "v011": birth, "v012": age, "v013": (age - 10) // 5, "v106": pick(chance, (0, 1, 1, 2, 2, 3)),
               "v501": status if union else 0, "v502": 0 if not union else 1 if status in (1, 2) else 2, "v509": "", "v511": ""}
    if union:
        answers["v509"] = 9998 if unknown else birth + 12 * union[0] + union[1]
        answers["v511"] = 98 if unknown else union[0]
    return answers, union[0] if union else None


def module(chance, answers, union):
    """The answers on forced marriage of a woman who is interviewed with the module."""
    if union is None:
        return {}
    told, consent = chance(), draw(chance, CONSENT[union < 18])
    if told < CONSENT_REFUSED + CONSENT_NOT_KNOWN:
        return {"fm2": 9 if told < CONSENT_REFUSED else 8}
    found = {"fm2": consent, "fm3": pick(chance, DECIDERS[consent])}
    for name, share in PRESSURES:
        found[name] = int(chance() < share * PRESSURE_FACTOR[consent])
    found["fm6"] = int(chance() < STILL and answers["v502"] == 1)
    found["fm7"] = int(not chance() < COULD_NOT_REFUSE[consent])
    if chance() < COULD_REFUSE_NOT_TOLD:
        found["fm7"] = 9
    return found


def household(chance, index, cluster, place, factor):
    """Women and men who answer, with the module of one woman. Weights come later."""
    number, residence = place
    there, wealth = chance() < HOUSEHOLD_ANSWERS, 1 + int(chance() * 5)
    n_women, n_men = pick(chance, WOMEN), pick(chance, MEN)
    chosen, found = int(chance() * n_women), {FEMALE: [], MALE: []}
    for line in range(n_women + n_men):
        sex = FEMALE if line < n_women else MALE
        answers, union = person(chance, sex, number, residence, factor)
        answers.update({"v001": cluster, "v002": index, "v003": line + 1, "v190": wealth})
        if sex == FEMALE:
            asked = line == chosen
            answers["fm044"] = 0 if not asked else 1 if chance() < MODULE_ANSWERS else 2
            answers.update(module(chance, answers, union) if answers["fm044"] == 1 else {})
            answers["women"] = n_women
        present = chance() < (WOMAN_ANSWERS if sex == FEMALE else MAN_ANSWERS)
        if there and present and (sex == FEMALE or index % 2 == 0):
            found[sex].append(answers)
    eligible = {FEMALE: n_women, MALE: n_men if index % 2 == 0 else 0}
    return there, eligible, found


def weigh(answered, eligible, found, number, residence):
    """Households of the stratum / (2 x households that answered), times people there / people who answered, of one cluster."""
    for sex in (FEMALE, MALE):
        households = answered if sex == FEMALE else [index for index in answered if index % 2 == 0]
        for someone in found[sex]:
            household_weight = households_of(number, residence) / (CLUSTERS * len(households))
            someone["weight"] = household_weight * (eligible[sex] / len(found[sex]))


def cluster_of(chance, stratum, cluster, place):
    number, residence = place
    factor, answered = pick(chance, CLUSTER_FACTORS), []
    eligible, found = {FEMALE: 0, MALE: 0}, {FEMALE: [], MALE: []}
    for index in range(1, HOUSEHOLDS + 1):
        there, there_are, people_found = household(chance, index, cluster, place, factor)
        if there:
            answered.append(index)
        for sex in (FEMALE, MALE):
            eligible[sex] += there_are[sex] if there else 0
            found[sex].extend(people_found[sex])
    weigh(answered, eligible, found, number, residence)
    for sex in (FEMALE, MALE):
        for someone in found[sex]:
            someone.update({"v021": cluster, "v022": stratum, "v023": domain_of(number, residence), "v024": number + 1,
                            "v025": 1 if residence == "urban" else 2, "awfactt": 100})
    return found


def add(values):
    """Not sum(): it rounds otherwise from Python 3.12 on."""
    total = 0.0
    for value in values:
        total += value
    return total


def normalise(rows, column, weights):
    """Whole numbers with a mean of 1,000,000, as the DHS has them."""
    scale = 1000000 * len(rows) / add(weights)
    for row, weight in zip(rows, weights):
        row[column] = int(weight * scale + 0.5)


def weigh_module(women):
    """The woman's weight times the women of her household, times selected over interviewed women of the stratum; 0 for others."""
    selected, interviewed = {}, {}
    for woman in women:
        stratum = woman["v022"]
        selected[stratum] = selected.get(stratum, 0) + (woman["fm044"] in (1, 2))
        interviewed[stratum] = interviewed.get(stratum, 0) + (woman["fm044"] == 1)
        woman["fm005"] = 0
    rows = [woman for woman in women if woman["fm044"] == 1]
    normalise(rows, "fm005", [woman["weight"] * woman["women"] * selected[woman["v022"]] / interviewed[woman["v022"]]
                              for woman in rows])


def sample():
    chance = random.Random(SEED).random
    found, cluster = {FEMALE: [], MALE: []}, 0
    for stratum, place in enumerate(strata(), 1):
        for _ in range(CLUSTERS):
            cluster += 1
            for sex, rows in cluster_of(chance, stratum, cluster, place).items():
                found[sex].extend(rows)
    for rows in found.values():
        normalise(rows, "v005", [row["weight"] for row in rows])
    weigh_module(found[FEMALE])
    return found


# The files

# Column, label, name of the value labels
VARIABLES = (
    ("v001", "cluster number", ""), ("v002", "household number", ""), ("v003", "respondent's line number", ""),
    ("v005", "woman's individual sample weight (6 decimals)", ""), ("v008", "date of interview (century month code)", ""),
    ("v011", "date of birth (century month code)", ""), ("v012", "respondent's current age", ""),
    ("v013", "age in 5-year groups", "V013"), ("v021", "primary sampling unit", ""),
    ("v022", "sample strata for sampling errors", ""), ("v023", "domain: province by residence", ""),
    ("v024", "county", "V024"), ("v025", "type of place of residence", "V025"),
    ("v106", "highest educational level", "V106"), ("v190", "wealth index", "V190"), ("v501", "current marital status", "V501"),
    ("v502", "currently, formerly or never in union", "V502"), ("v509", "date of first union (century month code)", "V509"),
    ("v511", "age at first union", "V511"))
WOMEN_VARIABLES = VARIABLES + (
    ("awfactt", "all-woman factor, total (2 decimals)", ""), ("fm044", "selected for the module on forced marriage", "FM044"),
    ("fm005", "weight of the module on forced marriage (6 decimals)", ""), ("fm2", "agreed to the first union", "FM2"),
    ("fm3", "who decided on the first union", "FM3"), ("fm4a", "pressure: threats", "FMYES"),
    ("fm4b", "pressure: violence", "FMYES"), ("fm4c", "pressure: abduction", "FMYES"),
    ("fm4d", "pressure: money or cattle", "FMYES"), ("fm4e", "pressure: cutting or beading", "FMYES"),
    ("fm4f", "pressure: pregnancy", "FMYES"), ("fm4g", "pressure: other", "FMYES"),
    ("fm6", "still in the first union", "FMYES"), ("fm7", "could have refused the first union", "FMYES"))
CAN_BE_REFUSED = ("fm2", "fm7")
REFUSED = ".a"  # in the .dta the answers refused, 9 in the CSV, are this missing value
LABELS = {
    "V013": {group: "%d-%d" % (10 + 5 * group, 14 + 5 * group) for group in range(1, 8)},
    "V024": {number: county for number, county in enumerate(COUNTIES, 1)},
    "V025": {1: "urban", 2: "rural"},
    "V106": {0: "no education", 1: "primary", 2: "secondary", 3: "higher"},
    "V190": {1: "poorest", 2: "poorer", 3: "middle", 4: "richer", 5: "richest"},
    "V501": {0: "never in union", 1: "married", 2: "living with partner", 3: "widowed", 4: "divorced", 5: "separated"},
    "V502": {0: "never in union", 1: "currently in union", 2: "formerly in union"},
    "V509": {9998: "don't know"},
    "V511": {97: "inconsistent", 98: "don't know"},
    "FM044": {0: "not selected", 1: "selected and interviewed", 2: "selected, privacy not possible"},
    "FM2": {1: "agreed freely", 2: "agreed reluctantly under pressure", 3: "did not agree", 4: "was not asked",
            8: "does not know", REFUSED: "refused"},
    "FM3": {1: "respondent alone", 2: "respondent with family or spouse", 3: "parents or family", 4: "spouse", 5: "others"},
    "FMYES": {0: "no", 1: "yes", REFUSED: "refused"},
}

TITLE = "SYNTHETIC demographic and health survey of women; not real persons"
# Stata, format 118: widths of the fields, codes of the types, and the value that is "." of each type; ".a" is the next one.
NAME, FORMAT, LABEL = 129, 57, 321
BYTE, INT, LONG = (65530, "<b", 101, "%8.0g"), (65529, "<h", 32741, "%8.0g"), (65528, "<i", 2147483621, "%12.0g")


def pad(text, size):
    encoded = text.encode("utf-8")
    return encoded + b"\0" * (size - len(encoded))


def type_of(values):
    largest = max([0] + [value for value in values if value not in ("", REFUSED)])
    return BYTE if largest <= 100 else INT if largest <= 32740 else LONG


def code_of(value, of_type):
    return of_type[2] if value == "" else of_type[2] + 1 if value == REFUSED else value


def element(tag, content):
    return b"<" + tag + b">" + content + b"</" + tag + b">"


def value_labels(name):
    codes = sorted((code_of(code, LONG), text) for code, text in LABELS[name].items())
    texts = [text.encode("utf-8") + b"\0" for _, text in codes]
    starts = [len(b"".join(texts[:i])) for i in range(len(texts))]
    table = (struct.pack("<2i", len(codes), len(b"".join(texts))) + struct.pack("<%di" % len(codes), *starts)
             + struct.pack("<%di" % len(codes), *(code for code, _ in codes)) + b"".join(texts))
    return element(b"lbl", struct.pack("<i", len(table)) + pad(name, NAME) + b"\0\0\0" + table)


def stata_elements(variables, lines):
    """The elements after the map. The first column is text."""
    names = [name for name, _, _ in variables]
    types = [type_of([line[i] for line in lines]) for i in range(1, len(names))]
    records = [pad(line[0], len(MARK)) + b"".join(struct.pack(of[1], code_of(value, of)) for value, of in zip(line[1:], types))
               for line in lines]
    labels = [label for _, _, label in variables]
    return [element(b"variable_types", struct.pack("<%dH" % len(names), len(MARK), *(of[0] for of in types))),
            element(b"varnames", b"".join(pad(name, NAME) for name in names)),
            element(b"sortlist", b"\0\0" * (len(names) + 1)),
            element(b"formats", b"".join(pad(text, FORMAT) for text in ["%%%ds" % len(MARK)] + [of[3] for of in types])),
            element(b"value_label_names", b"".join(pad(label, NAME) for label in labels)),
            element(b"variable_labels", b"".join(pad(text, LABEL) for _, text, _ in variables)),
            element(b"characteristics", b""), element(b"data", b"".join(records)), element(b"strls", b""),
            element(b"value_labels", b"".join(value_labels(label) for label in sorted(set(labels) - {""}))), b"</stata_dta>"]


def write_stata(path, title, variables, lines):
    header = element(b"header", element(b"release", b"118") + element(b"byteorder", b"LSF")
                     + element(b"K", struct.pack("<H", len(variables))) + element(b"N", struct.pack("<Q", len(lines)))
                     + element(b"label", struct.pack("<H", len(title)) + title.encode("ascii"))
                     + element(b"timestamp", bytes([17]) + b"01 Jan 2022 00:00"))
    start = b"<stata_dta>" + header
    parts = stata_elements(variables, lines)
    places, end = [0, len(start)], len(start) + len(element(b"map", b"\0" * 112))
    for part in parts:
        places.append(end)
        end += len(part)
    with open(path, "wb") as out:
        out.write(start + element(b"map", struct.pack("<14Q", *places, end)) + b"".join(parts))


def write(path, header, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write(",".join(header) + "\n")
        for line in lines:
            out.write(",".join(str(cell) for cell in line) + "\n")


FORCED = ("forced_marriage_ever", "forced_marriage_current", "forced_marriage_recent", "child_or_forced_union")
FORCED_GROUPS = ((18, 49, "all"), (18, 49, "urban"), (18, 49, "rural"), (18, 24, "all"), (25, 34, "all"), (35, 49, "all"))


def print_truth():
    for residence in ("all", "urban", "rural"):
        shares = truth(FEMALE, 20, 24, residence)
        print("| women 20-24, %s | %.5f | %.5f |" % (residence, shares["married_by_15"], shares["married_by_18"]))
    for residence in ("all", "urban", "rural"):
        shares = truth(MALE, 20, 24, residence)
        print("| men 20-24, %s | %.5f | %.5f |" % (residence, shares["married_by_15"], shares["married_by_18"]))
    print("median age at first union: women 25-49 %.3f, men 30-49 %.3f"
          % (median(truth(FEMALE, 25, 49)), median(truth(MALE, 30, 49))))
    for first, last, residence in FORCED_GROUPS:
        shares = truth(FEMALE, first, last, residence)
        print("| women %d-%d, %s | %s |" % (first, last, residence, " | ".join("%.5f" % shares[name] for name in FORCED)))
    shares = truth(FEMALE, 18, 49)
    print("of those forced: union before 18 %.5f" % (shares["forced_before_18"] / shares["forced_with_date"]))
    for name, _ in PRESSURES:
        print("of those forced: %s %.5f" % (name, shares[name] / shares["forced_marriage_ever"]))
    print("women 20-24: %.0f; women 18-49: %.0f; men 20-24: %.0f" % (population(FEMALE, 20, 24), population(FEMALE, 18, 49),
                                                                    population(MALE, 20, 24)))


def main():
    if sys.argv[1:] == ["--truth"]:
        print_truth()
        return
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    found = sample()
    women = [[MARK] + [woman.get(name, "") for name, _, _ in WOMEN_VARIABLES] for woman in found[FEMALE]]
    men = [[MARK] + [man[name] for name, _, _ in VARIABLES] for man in found[MALE]]
    write(os.path.join(folder, "kenya_dhs_women_synthetic.csv"), ["SYNTHETIC"] + [name for name, _, _ in WOMEN_VARIABLES], women)
    write(os.path.join(folder, "kenya_dhs_men_synthetic.csv"), ["SYNTHETIC"] + ["m" + name for name, _, _ in VARIABLES], men)
    refusable = [1 + [name for name, _, _ in WOMEN_VARIABLES].index(name) for name in CAN_BE_REFUSED]
    coded = [[REFUSED if i in refusable and value == 9 else value for i, value in enumerate(line)] for line in women]
    write_stata(os.path.join(folder, "kenya_dhs_women_synthetic.dta"), TITLE,
                (("SYNTHETIC", "invented by a script: not real persons", ""),) + WOMEN_VARIABLES, coded)


if __name__ == "__main__":
    main()
