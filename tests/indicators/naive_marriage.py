#!/usr/bin/env python3
"""Child marriage, judged record by record from the rule in words; a second implementation, for tests.

    naive_marriage.py selfcheck          the fixtures' answers (by hand) against this file
    naive_marriage.py --compare EST [N]  `est child-marriage` against the fixtures, record by record, and against N random samples

Married by age a: first union, formal or informal, before the birthday a. Who was never in union is 0; an age that is missing or a
special code is 0; who has not reached a at the interview is nobody's business. Reads no file of rules.
"""
import os
import random
import sys

import naive_people as people
from naive_people import number

HERE = os.path.dirname(os.path.abspath(__file__))
GROUPS = {"sdg-5.3.1": ((25, 49), (20, 24), (20, 49), (25, 29), (30, 34), (35, 39), (40, 44), (45, 49)),
          "sdg-5.3.1-men": ((30, 49), (25, 49), (20, 24), (25, 29), (30, 34), (35, 39), (40, 44), (45, 49))}
# Definition: sex, prefix of the columns, presets that fit the columns, names of the two indicators.
PLAIN, AMONG = ("married_by_15", "married_by_18"), ("married_by_15_among_ever_married", "married_by_18_among_ever_married")
DEFINITIONS = {
    "sdg-5.3.1": ("", ("kdhs-women-2014", "kdhs-women-2022"), PLAIN),
    "sdg-5.3.1-men": ("m", ("kdhs-men-2014", "kdhs-men-2022"), PLAIN),
    "sdg-5.3.1-ever-married-sample": ("", ("kdhs-women-2014", "kdhs-women-2022"), PLAIN),
    "ever-married-denominator": ("", ("kdhs-women-2014", "kdhs-women-2022"), AMONG),
}


class Person:
    def __init__(self, record, prefix):
        self.age = number(record[prefix + "v012"])
        self.ever = {"": None, "0": False}.get(record[prefix + "v501"], True)
        first = number(record[prefix + "v511"])
        self.first = None if first in (97, 98, 99) else first
        self.factor = number(record.get("awfactt", ""))


def judged(definition, person, limit):
    """(value, denominator, value if a missing age were below the limit), or None where the person does not enter."""
    if person.age is None or person.age < limit:
        return None
    married = person.first is not None and person.first < limit
    blank = person.first is None
    if definition == "sdg-5.3.1-ever-married-sample":
        return None if person.factor is None else (int(married), person.factor / 100, int(married or blank))
    if definition == "ever-married-denominator":
        return (int(married), 1, int(married or blank)) if person.ever is True else None
    return int(married), 1, int(married or (blank and person.ever is True))


def verdicts(definition, record):
    prefix, _, names = DEFINITIONS[definition]
    person = Person(record, prefix)
    return {name: judged(definition, person, limit) for name, limit in zip(names, (15, 18))}


# --- Samples --------------------------------------------------------------------------------------------------------------------

def design(records, prefix):
    return people.Sample(records, [float(r[prefix + "v005"]) / 1e6 for r in records], [r[prefix + "v023"] for r in records],
                         [r[prefix + "v021"] for r in records])


def in_group(record, prefix, group):
    age = number(record[prefix + "v012"])
    return age is not None and group[0] <= age <= group[1]


def expected_share(definition, sample, name, limit, group, where=lambda record: True, at_most=False):
    prefix = DEFINITIONS[definition][0]
    values, below = [], []
    for record in sample.records:
        answer = judged(definition, Person(record, prefix), limit) if in_group(record, prefix, group) and where(record) else None
        values.append(None if answer is None else answer[2 if at_most else 0])
        below.append(None if answer is None else answer[1])
    return sample.ratio(values, below)


def expected_median(definition, sample, group, rounded, where=lambda record: True):
    prefix = DEFINITIONS[definition][0]
    ages = []
    for record in sample.records:
        first = Person(record, prefix).first
        ages.append((99 if first is None else first) if in_group(record, prefix, group) and where(record) else None)
    return sample.median(ages, group[0], rounded)


def draw(rng, definition):
    """Records in which ages and unions lie on the boundaries more often than not."""
    prefix, records = DEFINITIONS[definition][0], []
    all_ever = definition == "sdg-5.3.1-ever-married-sample"
    for stratum in range(rng.randint(2, 4)):
        for unit in range(rng.randint(2, 5)):
            for _ in range(rng.randint(3, 14)):
                age = rng.choice((14, 15, 16, 17, 18, 19, 20, 20, 21, 22, 23, 24, 24, 25, 29, 30, 34, 35, 44, 45, 49, 50))
                ever = all_ever or rng.random() < 0.7
                first = rng.choice((9, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 97, 98, 99, "")) if ever else ""
                if isinstance(first, int) and age < first < 97:
                    first = rng.randint(9, age)
                weight = rng.choice((0, 250000, 1000000, rng.randint(1, 3000000)))
                records.append({"caseid": str(len(records) + 1), prefix + "v005": str(weight),
                                prefix + "v021": "%d%02d" % (stratum, unit), prefix + "v023": str(stratum), prefix + "v024": "1",
                                prefix + "v025": rng.choice("12"), prefix + "v012": str(age), prefix + "v190": rng.choice("12345"),
                                prefix + "v106": rng.choice("0123"), prefix + "v501": str(rng.randint(1, 5) if ever else 0),
                                prefix + "v511": str(first), "awfactt": str(rng.randint(100, 260))})
    return records


# --- Comparisons ----------------------------------------------------------------------------------------------------------------

def fixture(definition):
    return people.read_records(os.path.join(HERE, definition + ".csv"))


def selfcheck(check):
    for definition, (_, _, names) in DEFINITIONS.items():
        for record in fixture(definition):
            found = verdicts(definition, record)
            for name in names:
                answer, what = found[name], "%s, record %s, %s" % (definition, record["caseid"], name)
                check.equal(what, None if answer is None else answer[0], number(record["expected_" + name]))
                if definition == "sdg-5.3.1-ever-married-sample":
                    check.equal(what + ", denominator", None if answer is None else answer[1],
                                number(record["expected_%s_denominator" % name]))


def codebook(preset, prefix, strata):
    text = "[codebook]\npreset = %s\n[role strata]\n" % preset
    return text + ("column = %sv023\n" % prefix if strata else "absent = yes\n")


def compare_fixture(check, program, definition, preset, group):
    """Each record is a domain of its own: its estimate is the verdict."""
    prefix, _, names = DEFINITIONS[definition]
    records = fixture(definition)
    arguments = ["--preset", definition, "--by", "caseid"] + ([] if group == (20, 24) else ["--ages", "%d-%d" % group])
    what = "%s, %s, %d-%d" % (definition, preset, *group)
    result, fault = people.run(program, "child-marriage", records, codebook(preset, prefix, False), arguments)
    if fault:
        check.fault("%s: %s" % (what, fault))
        return
    rows = people.rows_of(result)
    for record in records:
        for name, limit in zip(names, (15, 18)):
            expected = number(record["expected_" + name]) if in_group(record, prefix, group) and group[0] >= limit else None
            if expected is not None and definition == "sdg-5.3.1-ever-married-sample":
                expected /= number(record["expected_%s_denominator" % name])
            row = rows.get((name, "%d-%d" % group, (("caseid", record["caseid"]),)))
            check.equal("%s, record %s, %s" % (what, record["caseid"], name), row and row.get("estimate"), expected)


def compare_random(check, program, seed):
    rng = random.Random(seed)
    definition = rng.choice(list(DEFINITIONS))
    prefix, presets, names = DEFINITIONS[definition]
    records = draw(rng, definition)
    sample = design(records, prefix)
    group = rng.choice(((20, 24), (20, 24), (25, 49), (18, 24), (15, 19)))
    arguments = ["--preset", definition, "--by", "residence"] + ([] if group == (20, 24) else ["--ages", "%d-%d" % group])
    what = "seed %d, %s, %d-%d" % (seed, definition, *group)
    result, fault = people.run(program, "child-marriage", records, codebook(rng.choice(presets), prefix, True), arguments)
    if fault:
        check.fault("%s: %s" % (what, fault))
        return
    rows = people.rows_of(result)
    places = (((), lambda r: True), ((("residence", "urban"),), lambda r: r[prefix + "v025"] == "1"),
              ((("residence", "rural"),), lambda r: r[prefix + "v025"] == "2"))
    for place, where in places:
        for name, limit in zip(names, (15, 18)):
            expected = expected_share(definition, sample, name, limit, group, where) if group[0] >= limit else None
            check.row("%s, %s %s" % (what, name, place), rows.get((name, "%d-%d" % group, place)), expected)
            if place == () and expected is not None:
                check.bound(what, result, name, "%d-%d" % group,
                            expected_share(definition, sample, name, limit, group, at_most=True))
        if definition in GROUPS:
            for ages in GROUPS[definition] if group == (20, 24) else (group,):
                row = rows.get(("median_age_first_union", "%d-%d" % ages, place))
                check.equal("%s, cases of the median %d-%d %s" % (what, *ages, place), row and row.get("n"),
                            sum(in_group(r, prefix, ages) and where(r) and w > 0 for r, w in zip(records, sample.weights)))
                check.equal("%s, median %d-%d %s" % (what, *ages, place), row and row.get("estimate"),
                            expected_median(definition, sample, ages, False, where))
                printed = rows.get(("median_age_first_union_as_printed", "%d-%d" % ages, place))
                check.equal("%s, printed median %d-%d %s" % (what, *ages, place), printed and printed.get("estimate"),
                            expected_median(definition, sample, ages, True, where))


BAD_RECORDS = (  # definition, changes of the first record, what the message holds
    ("sdg-5.3.1", {"v511": "21"}, "the age at first union is above the age at the interview"),
    ("sdg-5.3.1", {"v501": "0"}, "never in union has an age at first union"),
    ("sdg-5.3.1", {"v501": "7"}, "v501"),
    ("sdg-5.3.1", {"v012": "121"}, "v012"),
    ("sdg-5.3.1", {"v511": "96.5"}, "v511"),
    ("sdg-5.3.1-men", {"mv511": "21"}, "the age at first union is above the age at the interview"),
    ("sdg-5.3.1-ever-married-sample", {"v501": "0", "v511": ""}, "a woman never in union in a sample of ever-married women"),
    ("sdg-5.3.1-ever-married-sample", {"awfactt": "1.5"}, "an all-women factor below 1"),
    ("ever-married-denominator", {"v501": "0"}, "never in union has an age at first union"),
)


def compare_refusals(check, program):
    for definition, changes, words in BAD_RECORDS:
        prefix, presets, _ = DEFINITIONS[definition]
        records = fixture(definition)
        records[0].update(changes)
        check.refused("%s with %s" % (definition, changes), words, people.run(
            program, "child-marriage", records, codebook(presets[0], prefix, False), ["--preset", definition]))
    undeclared = codebook("kdhs-women-2014", "", False) + "[role age_first_union]\ncolumn = v511\n"
    check.refused("97 to 99 not declared", "v511", people.run(program, "child-marriage", fixture("sdg-5.3.1"), undeclared, []))
    check.refused("no strata", "92", people.run(program, "child-marriage", fixture("sdg-5.3.1"),
                                                "[codebook]\npreset = kdhs-women-2022\n", []))
    check.refused("no all-women factor", "all_women_factor", people.run(
        program, "child-marriage", fixture("sdg-5.3.1"), codebook("kdhs-women-2014", "", False),
        ["--preset", "sdg-5.3.1-ever-married-sample"]))


def main(arguments):
    check = people.Check()
    selfcheck(check)
    if arguments[:1] == ["--compare"]:
        for definition, (_, presets, _) in DEFINITIONS.items():
            for preset in presets:
                for group in ((20, 24), (15, 49), (18, 49)):
                    compare_fixture(check, arguments[1], definition, preset, group)
        compare_refusals(check, arguments[1])
        for seed in range(1, 1 + int(arguments[2] if len(arguments) > 2 else 40)):
            compare_random(check, arguments[1], seed)
    return check.report()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
