#!/usr/bin/env python3
"""Make the synthetic forced labour survey from a stated truth.

    make_kenya_forced_labour_synthetic.py [FOLDER]   writes kenya_forced_labour_synthetic.csv into FOLDER
    make_kenya_forced_labour_synthetic.py --truth    prints the truth that the chances below imply, worked out without chance

Nobody in the file exists and no record of any survey went into it. Two samples in one file, told apart by the column group:
residents of 5 and over, in 15 strata (the former provinces by residence; Nairobi is urban only), 6 clusters a stratum, 18 persons a
cluster; and adults who returned from work abroad, in 2 strata, 10 clusters a stratum, 20 persons a cluster. A person answers with
probability 0.92. That nearly every returned worker was in forced labour has the shape of a published figure (Gulf returnees, 98 %);
the data are invented.

The same bytes come out on every Python from 3.8 on: the only source of chance is random.Random(SEED).random(), and the
arithmetic is +, -, * and / on doubles.
"""
import os
import random
import sys

SEED = 20180917
MARK = "not real persons"
PROVINCES = ("Coast", "North Eastern", "Eastern", "Central", "Rift Valley", "Western", "Nyanza", "Nairobi")
ANSWERS = 0.92
CLUSTERS = {"resident": (6, 18), "returnee": (10, 20)}  # a stratum, and persons in each
CLUSTER_FACTORS = (0.4, 0.8, 1.2, 1.6)                  # equally likely, mean 1; for residents
CHILD = 0.35                                            # of residents: 5 to 17; the others are 18 to 64

# Did the work in question within the reference period. Residents below 18, from 18 on, and returnees.
WORKED = {"child": 0.4, "adult": 0.75, "returnee": 1.0}
WORKED_NOT_TOLD = 0.01    # 9, and nothing more is asked
NOTHING_ANSWERED = 0.015  # of residents who worked: 8 or 9 to every question that follows
EXCLUDED = 0.02           # of residents who worked: work that Convention 29 leaves out

# Adults: the chance of being a case (involuntary and under a penalty), of the residence, times the factors of region and cluster.
CASE = {"urban": 0.02, "rural": 0.032}
RETURNEE_CASE = 0.982
SAME_STAGE = 0.7         # of cases: the penalty is at the stage of the involuntariness, else at one of the two others
STRONG = 0.6             # of each answer yes
INVOLUNTARY_ONLY, PENALTY_ONLY = 0.06, 0.04  # of those who are no cases, one or the other at one stage
STAGES = ("recruitment", "work", "leaving")

# Children, of those at work: for whom, coerced by whom (times the factors of region and cluster), worst forms.
FOR_THIRD_PARTY, WITH_PARENTS = 0.25, 0.7
CHILD_COERCED, PARENTS_COERCED, PARENT_FORCED = 0.02, 0.01, 0.02
WORST_FORMS = (("child_slavery", 0.001), ("child_sold", 0.001), ("child_debt_bondage", 0.003), ("child_armed_groups", 0.0005),
               ("child_sexual", 0.003), ("child_illicit", 0.003))

FORM = {"resident": ((1, 0.85), (2, 0.12), (3, 0.03)), "returnee": ((1, 0.96), (2, 0.04), (3, 0.0))}
MEANS = (("physical_violence", 0.3), ("sexual_violence", 0.1), ("threats", 0.45), ("threats_family", 0.15), ("confinement", 0.3),
         ("debt_bondage", 0.2), ("withheld_wages", 0.6), ("retained_documents", 0.4), ("denunciation", 0.15), ("isolation", 0.25),
         ("vulnerability", 0.5), ("other", 0.05))
EDUCATION = ("none", "primary", "primary", "secondary", "higher")


def region_factor(region):
    return 0.4 + 0.2 * ((region * 3) % 7)  # 0.4 to 1.6


def strata():
    """(group, region, residence, people)"""
    for region, name in enumerate(PROVINCES):
        for residence in ("urban",) if name == "Nairobi" else ("urban", "rural"):
            yield "resident", region, residence, 400000 + 100000 * ((region * 5) % 8) + (600000 if residence == "rural" else 0)
    for region in (PROVINCES.index("Coast"), PROVINCES.index("Nairobi")):
        yield "returnee", region, "urban", 15000 if region == 0 else 45000


def chance_of_case(region, residence, factor):
    return CASE[residence] * region_factor(region) * factor


# The truth, by adding up chances

def adult_truth(group, region, residence):
    """Chances: judged, found by the definition of 2018, found by that of 2012 (same stage, at least one strong)."""
    if group == "returnee":
        worked, nothing, excluded, case = WORKED[group], 0.0, 0.0, RETURNEE_CASE
    else:
        worked, nothing, excluded = WORKED["adult"] * (1 - WORKED_NOT_TOLD), NOTHING_ANSWERED, EXCLUDED
        case = sum(chance_of_case(region, residence, factor) for factor in CLUSTER_FACTORS) / len(CLUSTER_FACTORS)
    told = 1.0 if group == "returnee" else 1 - WORKED_NOT_TOLD
    found = worked * (1 - nothing) * case * (1 - excluded)
    return told - worked * nothing, found, found * SAME_STAGE * (1 - (1 - STRONG) * (1 - STRONG))


def child_truth(region):
    """The same for children, whose rule is one and the same."""
    worked, worst, found = WORKED["child"] * (1 - WORKED_NOT_TOLD), 1.0, 0.0
    for _, chance in WORST_FORMS:
        worst *= 1 - chance
    for factor in CLUSTER_FACTORS:
        scale = region_factor(region) * factor
        coerced = 1 - (1 - CHILD_COERCED * scale) * (1 - PARENTS_COERCED * scale)
        for_anybody = 1 - (1 - FOR_THIRD_PARTY) * (1 - WITH_PARENTS)
        clauses = coerced * for_anybody + (1 - coerced) * WITH_PARENTS * PARENT_FORCED * scale
        found += (1 - worst * (1 - clauses * (1 - EXCLUDED))) / len(CLUSTER_FACTORS)
    found *= worked * (1 - NOTHING_ANSWERED)
    return 1 - WORKED_NOT_TOLD - worked * NOTHING_ANSWERED, found, found


def truth(ages, wanted):
    """Shares by the definitions of 2018 and 2012, and people: adults, children or all where wanted(group, residence) holds."""
    judged, shares, people = 0.0, [0.0, 0.0], 0.0
    for group, region, residence, number in strata():
        if not wanted(group, residence):
            continue
        child = CHILD if group == "resident" else 0.0
        both = ((child, "children", child_truth(region)), (1 - child, "adults", adult_truth(group, region, residence)))
        for share, of_age, chances in both:
            if ages in (of_age, "all"):
                people += number * share
                judged += number * share * chances[0]
                shares = [shares[i] + number * share * chances[i + 1] for i in (0, 1)]
    return shares[0] / judged, shares[1] / judged, people


# The sample

def pick(chance, values):
    return values[int(chance() * len(values))]


def yes(value):
    return 1 if value else 2


def draw(chance, table):
    place = chance()
    for value, share in table:
        place -= share
        if place < 0:
            return value
    return table[0][0]


ADULT_QUESTIONS = tuple("%s_%s%s" % (kind, stage, strong) for strong in ("", "_strong") for kind in ("involuntary", "penalty")
                        for stage in STAGES)
CHILD_QUESTIONS = (("child_for_third_party", "child_with_parents", "child_coerced", "child_parents_coerced", "child_parent_forced")
                   + tuple(name for name, _ in WORST_FORMS))
MEANS_QUESTIONS = tuple("coercion_" + name for name, _ in MEANS)
HEADER = (("SYNTHETIC", "group", "region", "residence", "stratum", "psu", "weight", "age", "sex", "wealth", "education",
           "in_reference_period", "excluded_c29") + ADULT_QUESTIONS + CHILD_QUESTIONS + ("form",) + MEANS_QUESTIONS)


def adult(chance, group, case):
    """Answers of an adult at work: at which stages it was involuntary, and under a penalty."""
    stage, other, same = int(chance() * 3), 1 + int(chance() * 2), chance() < SAME_STAGE
    alone = chance()
    involuntary = {stage} if case or alone < INVOLUNTARY_ONLY else set()
    penalty = {stage if same else (stage + other) % 3} if case else set()
    if not case and INVOLUNTARY_ONLY <= alone < INVOLUNTARY_ONLY + PENALTY_ONLY:
        penalty = {stage}
    answers = {}
    for kind, stages in (("involuntary", involuntary), ("penalty", penalty)):
        for number, name in enumerate(STAGES):
            answers["%s_%s" % (kind, name)] = yes(number in stages)
            answers["%s_%s_strong" % (kind, name)] = yes(chance() < STRONG and number in stages)
    answers.update(coercion(chance, group, penalty))
    return answers


def child(chance, scale):
    chances = (FOR_THIRD_PARTY, WITH_PARENTS, CHILD_COERCED * scale, PARENTS_COERCED * scale, PARENT_FORCED * scale)
    chances += tuple(share for _, share in WORST_FORMS)
    answers = {name: yes(chance() < share) for name, share in zip(CHILD_QUESTIONS, chances)}
    answers.update(coercion(chance, "resident", [name for name in CHILD_QUESTIONS[2:] if answers[name] == 1]))
    return answers


def coercion(chance, group, evidence):
    """Form and means, asked of those who told of a penalty, or of something that the children's clauses name."""
    drawn = {"form": draw(chance, FORM[group])}
    for name, (_, share) in zip(MEANS_QUESTIONS, MEANS):
        drawn[name] = yes(chance() < share)
    return drawn if evidence else {}


def person(chance, group, region, residence, factor):
    young = group == "resident" and chance() < CHILD
    age = 5 + int(chance() * 13) if young else 18 + int(chance() * (47 if group == "resident" else 28))
    answers = {"age": age, "sex": 1 + int(chance() * 2 if group == "resident" else chance() < 0.7), "wealth": 1 + int(chance() * 5),
               "education": pick(chance, EDUCATION)}
    worked, told = chance() < WORKED["child" if young else "adult" if group == "resident" else group], chance() >= WORKED_NOT_TOLD
    case = chance() < (RETURNEE_CASE if group == "returnee" else chance_of_case(region, residence, factor))
    excluded, nothing, code = chance() < EXCLUDED, chance() < NOTHING_ANSWERED, 8 + int(chance() * 2)
    found = child(chance, region_factor(region) * factor) if young else adult(chance, group, case)
    if group == "returnee":
        excluded, nothing, told = False, False, True
    answers["in_reference_period"] = 9 if not told else yes(worked)
    if told and worked:
        answers["excluded_c29"] = yes(excluded)
        answers.update({name: code for name in (CHILD_QUESTIONS if young else ADULT_QUESTIONS)} if nothing else found)
    return answers


def shortest(value):
    """Four decimals at most, in the shortest form: other texts are no numbers to a table."""
    return ("%.4f" % value).rstrip("0").rstrip(".")


def rows():
    chance = random.Random(SEED).random
    psu = 0
    for stratum, (group, region, residence, people) in enumerate(strata(), 1):
        clusters, persons = CLUSTERS[group]
        for _ in range(clusters):
            psu += 1
            factor = pick(chance, CLUSTER_FACTORS)
            drawn = [(chance() < ANSWERS, person(chance, group, region, residence, factor)) for _ in range(persons)]
            answered = [answers for there, answers in drawn if there]
            for answers in answered:
                answers.update({"SYNTHETIC": MARK, "group": group, "region": PROVINCES[region], "stratum": stratum, "psu": psu,
                                "residence": yes(residence == "urban"), "weight": shortest(people / (clusters * len(answered)))})
                yield [answers.get(name, "") for name in HEADER]


def print_truth():
    for ages, name, wanted in (("adults", "residents", lambda g, r: g == "resident"),
                               ("adults", "urban residents", lambda g, r: g == "resident" and r == "urban"),
                               ("adults", "rural residents", lambda g, r: r == "rural"),
                               ("adults", "returnees", lambda g, r: g == "returnee"), ("adults", "all", lambda g, r: True),
                               ("children", "all", lambda g, r: True), ("all", "all", lambda g, r: True)):
        print("| %s, %s | %.5f | %.5f | %.0f |" % ((ages, name) + truth(ages, wanted)))


def main():
    if sys.argv[1:] == ["--truth"]:
        print_truth()
        return
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "kenya_forced_labour_synthetic.csv"), "w", encoding="utf-8", newline="\n") as out:
        out.write(",".join(HEADER) + "\n")
        for line in rows():
            out.write(",".join(str(cell) for cell in line) + "\n")


if __name__ == "__main__":
    main()
