#!/usr/bin/env python3
"""Forced marriage and forced labour, judged record by record from the rules in words; a second implementation, for tests.

    naive_forced.py selfcheck          the fixtures' answers (by hand) against this file
    naive_forced.py --compare EST [N]  `est forced-marriage` and `est forced-labour` against the fixtures, record by record, and
                                       against N random samples of each

Reads no file of rules.
"""
import os
import random
import sys

import naive_people as people
from naive_people import number

HERE = os.path.dirname(os.path.abspath(__file__))
STAGES = ("recruitment", "work", "leaving")
FORMS = ("private_exploitation", "commercial_sexual_exploitation", "imposed_by_state")
DIMENSIONS = ("unfree_recruitment", "duress_at_work", "unable_to_leave")
MEANS = ("physical_violence", "sexual_violence", "threats", "threats_family", "confinement", "debt_bondage", "withheld_wages",
         "retained_documents", "denunciation", "isolation", "vulnerability", "other")
PRESSURES = {"threat": "fm4a", "violence": "fm4b", "abduction": "fm4c", "payment": "fm4d", "cutting_or_beading": "fm4e",
             "pregnancy": "fm4f", "other": "fm4g"}
WORST_FORMS = ("child_slavery", "child_sold", "child_debt_bondage", "child_armed_groups", "child_sexual", "child_illicit")
CHILD = ("child_for_third_party", "child_with_parents", "child_coerced", "child_parents_coerced",
         "child_parent_forced") + WORST_FORMS


def answer(text, yes, no):
    """True, False, or None: not answered."""
    return {yes: True, no: False}.get(text)


# --- Forced marriage: the module proposed for the KDHS --------------------------------------------------------------------------

def judge_marriage(record, reluctant=1, years=5):
    """{indicator: 1, 0 or None (not in the denominator)}; None for people outside."""
    age = number(record["v012"])
    if record["fm044"] != "1" or age is None or age < 18:
        return None
    consent = {"1": "free", "2": "reluctant", "3": "against", "4": "not asked"}.get(record["fm2"])
    named = {name: answer(record[column], "1", "0") for name, column in PRESSURES.items()}
    cornered = record["fm7"] == "0" or True in named.values()
    forced = consent in ("against", "not asked") or (consent == "reluctant" and (reluctant == 2 or (reluctant == 1 and cornered)))
    began = None if record["v509"] in ("", "9997", "9998", "9999") else (int(record["v008"]) - int(record["v509"])) // 12
    first = None if record["v511"] in ("", "97", "98", "99") else int(record["v511"])
    found = {"forced_marriage_ever": forced, "forced_marriage_current": forced and record["fm6"] == "1",
             "forced_marriage_recent": forced and began is not None and began < years,
             "child_or_forced_union": forced or (first is not None and first < 18),
             "forced_before_18": first < 18 if forced and first is not None else None}
    for name, value in named.items():
        found["forced_by_" + name] = value if forced else None
    return {name: None if value is None else int(value) for name, value in found.items()}


def marriage_at_most(record, reluctant=1, years=5):
    """The four shares if missing answers had all been yes."""
    age = number(record["v012"])
    if record["fm044"] != "1" or age is None or age < 18:
        return None
    found = judge_marriage(record, reluctant, years)
    consent = record["fm2"] if record["fm2"] in ("1", "2", "3", "4") else None
    never = record["v501"] == "0"
    forced = found["forced_marriage_ever"] or (consent is None and not never)
    forced = forced or (consent == "2" and reluctant == 1 and record["fm7"] not in ("0", "1"))
    began = None if record["v509"] in ("", "9997", "9998", "9999") else (int(record["v008"]) - int(record["v509"])) // 12
    unknown_age = record["v511"] in ("", "97", "98", "99") and not never
    young = found["child_or_forced_union"] or unknown_age
    return {"forced_marriage_ever": int(forced), "forced_marriage_current": int(forced and record["fm6"] != "0"),
            "forced_marriage_recent": int(forced and (began is None or began < years)),
            "child_or_forced_union": int(forced or young)}


# --- Forced labour --------------------------------------------------------------------------------------------------------------

class Worker:
    def __init__(self, record):
        self.age = number(record["age"])
        self.period = answer(record["in_reference_period"], "1", "2")
        self.left_out = record["excluded_c29"] == "1"
        self.said = {name: answer(text, "1", "2") for name, text in record.items()}

    def yes(self, *names):
        return any(self.said[name] is True for name in names)

    def silent(self, names):
        return all(self.said[name] is None for name in names)


def questions(strong):
    """The names of the questions on involuntariness and on penalties."""
    ends = ("", "_strong") if strong else ("",)
    return tuple(tuple("%s_%s%s" % (kind, stage, end) for end in ends for stage in STAGES) for kind in ("involuntary", "penalty"))


def adult(worker, definition):
    """(in forced labour, at most, judged) by an adult's answers, the period aside."""
    involuntary, penalty = questions(definition == "ilo-2012")
    hold = []
    for stage in STAGES:
        sides = [worker.yes("%s_%s" % (kind, stage)) for kind in ("involuntary", "penalty")]
        strong = [definition == "ilo-2012" and worker.yes("%s_%s_strong" % (kind, stage)) for kind in ("involuntary", "penalty")]
        hold.append((sides[0] or strong[0], sides[1] or strong[1], any(strong)))
    if definition == "ilo-2012":
        found = any(all(dimension) for dimension in hold)
    else:
        found = any(dimension[0] for dimension in hold) and any(dimension[1] for dimension in hold)
    blank = worker.silent(involuntary), worker.silent(penalty)
    possible = (blank[0] or any(d[0] for d in hold)) and (blank[1] or any(d[1] for d in hold)) and (any(blank) or found)
    return found and not worker.left_out, possible and not worker.left_out, not all(blank), hold


def child(worker):
    coerced = worker.yes("child_coerced", "child_parents_coerced")
    clauses = (worker.yes("child_for_third_party") and coerced, worker.yes("child_with_parents") and coerced,
               worker.yes("child_with_parents") and worker.yes("child_parent_forced"), worker.yes(*WORST_FORMS))
    found = clauses[3] or (any(clauses[:3]) and not worker.left_out)
    return found, found or worker.silent(CHILD), not worker.silent(CHILD), clauses


def judge_labour(record, definition):
    """({indicator: 1, 0 or None}, {indicator: at most}); None for people outside."""
    worker = Worker(record)
    if worker.age is None or worker.age < 5:
        return None
    grown = worker.age >= 18
    found, possible, judged, detail = adult(worker, definition) if grown else child(worker)
    forced = worker.period is True and found
    verdict = None if worker.period is not False and not judged else int(forced)
    own = "forced_labour" if grown else "forced_labour_children"
    answers = {own: verdict, "forced_labour_all": verdict}
    at_most = int(worker.period is not False and possible)
    if forced:
        form = {"1": 0, "2": 1, "3": 2}.get(record["form"])
        answers.update({name: None if form is None else int(form == i) for i, name in enumerate(FORMS)})
        for name in MEANS:
            said = worker.said["coercion_" + name]
            answers["coerced_by_" + name] = None if said is None else int(said)
        answers.update(stages(worker, definition, detail) if grown else
                       {"child_by_clause_" + name: int(met) for name, met in zip(("i", "ii", "iii", "iv"), detail)})
    return answers, {own: at_most, "forced_labour_all": at_most}


def stages(worker, definition, hold):
    if definition == "ilo-2012":
        return {name: int(all(dimension)) for name, dimension in zip(DIMENSIONS, hold)}
    said = {stage: worker.said["penalty_" + stage] for stage in STAGES}
    return {"coerced_at_" + stage: None if value is None else int(value) for stage, value in said.items()}


# --- Random records -------------------------------------------------------------------------------------------------------------

def clusters(rng):
    for stratum in range(rng.randint(2, 4)):
        for unit in range(rng.randint(2, 5)):
            for _ in range(rng.randint(4, 14)):
                yield str(stratum), "%d%02d" % (stratum, unit)


def draw_marriage(rng):
    records = []
    for stratum, unit in clusters(rng):
        age, ever = rng.choice((16, 17, 17, 18, 18, 19, 24, 25, 30, 34, 35, 49)), rng.choice(("0", "1", "1", "2", "3", ""))
        first = "" if ever == "0" else str(rng.choice((13, 14, 15, 16, 17, 18, 97, 98, 99)))
        first = str(rng.randint(10, age)) if first and age < int(first) < 97 else first
        months = rng.choice((0, 11, 12, 47, 48, 59, 60, 61, 71, 72, 150))
        record = {"caseid": str(len(records) + 1), "fm044": rng.choice("111110"), "v021": unit, "v023": stratum, "v024": "1",
                  "v025": rng.choice("12"), "v008": "1500", "v012": str(age), "v190": "1", "v106": "1", "v501": ever, "v511": first,
                  "v509": "" if ever == "0" else rng.choice(("9999", str(1500 - months), str(1500 - months), str(1500 - months))),
                  "fm2": "" if ever == "0" else rng.choice(("1", "2", "2", "2", "3", "4", "8", "9", "")),
                  "fm3": "" if ever == "0" else rng.choice("12345"),
                  "fm6": "" if ever == "0" else rng.choice(("1", "1", "0", "8", "")),
                  "fm7": "" if ever == "0" else rng.choice(("1", "1", "0", "8", ""))}
        record.update({column: "" if ever == "0" else rng.choice(("0",) * 9 + ("1", "8")) for column in PRESSURES.values()})
        record["fm005"] = str(rng.choice((500000, 1000000, rng.randint(1, 3000000)))) if record["fm044"] == "1" else "0"
        records.append(record)
    return records


def draw_labour(rng):
    records, everything = [], [name for pair in questions(True) for name in pair]
    for stratum, unit in clusters(rng):
        age = rng.choice((3, 4, 5, 6, 12, 17, 17, 18, 18, 19, 25, 40, 64, 90))
        record = {"record": str(len(records) + 1), "weight": repr(rng.choice((0, 1, 2.5, rng.uniform(0.1, 900)))), "psu": unit,
                  "layer": stratum, "age": str(age), "sex": rng.choice("12"), "residence": rng.choice("12"),
                  "in_reference_period": rng.choice(("1",) * 7 + ("2", "8", "")),
                  "excluded_c29": rng.choice(("2", "2", "2", "1", "9", "")),
                  "form": rng.choice(("1", "2", "3", "8", ""))}
        share = rng.choice((0.1, 0.3, 0.6))
        for name in everything + list(CHILD) + ["coercion_" + means for means in MEANS]:
            record[name] = "1" if rng.random() < share else rng.choice(("2", "2", "2", "8", ""))
        for group in (questions(True)[0], questions(True)[1], CHILD):
            if rng.random() < 0.12:
                record.update({name: rng.choice(("", "8", "9")) for name in group})
        if rng.random() < 0.3:
            record.update({name: "2" for name in everything if name.endswith("_strong")})
        records.append(record)
    return records


# --- Comparisons ----------------------------------------------------------------------------------------------------------------

def fixture(name):
    return people.read_records(os.path.join(HERE, name + ".csv"))


def expected_columns(records):
    return [name[len("expected_"):] for name in records[0] if name.startswith("expected_")]


def judge(definition, record, reluctant=1, years=5):
    if definition == "kdhs-module":
        return judge_marriage(record, reluctant, years)
    pair = judge_labour(record, definition)
    return pair and pair[0]


def at_most(definition, record, reluctant=1, years=5):
    if definition == "kdhs-module":
        return marriage_at_most(record, reluctant, years)
    pair = judge_labour(record, definition)
    return pair and pair[1]


KEYS = {"kdhs-module": ("forced-marriage", "caseid"), "icls20-2018": ("forced-labour", "record"),
        "ilo-2012": ("forced-labour", "record")}
CODEBOOKS = {"kdhs-module": "[codebook]\npreset = kdhs-forced-marriage\n[role strata]\n%s\n",
             "icls20-2018": "[codebook]\npreset = ilo-fls\nreference-period = 12 months\n[role strata]\n%s\n",
             "ilo-2012": "[codebook]\npreset = ilo-fls\nreference-period = 12 months\n[role strata]\n%s\n"}


def selfcheck(check):
    for definition, (_, key) in KEYS.items():
        records = fixture(definition)
        for record in records:
            found = judge(definition, record) or {}
            for name in expected_columns(records):
                check.equal("%s, record %s, %s" % (definition, record[key], name), found.get(name),
                            number(record["expected_" + name]))


def compare_fixture(check, program, definition):
    """Each record is a domain of its own: its estimate is the verdict."""
    method, key = KEYS[definition]
    records = fixture(definition)
    result, fault = people.run(program, method, records, CODEBOOKS[definition] % "absent = yes",
                               ["--preset", definition, "--by", key])
    if fault:
        check.fault("%s: %s" % (definition, fault))
        return
    rows = people.rows_of(result)
    for record in records:
        for name in expected_columns(records):
            row = rows.get((name, band(definition, name), ((key, record[key]),)))
            check.equal("%s, record %s, %s" % (definition, record[key], name), row and row.get("estimate"),
                        number(record["expected_" + name]))


def band(definition, name):
    """The ages of the row that holds the indicator for everybody."""
    if definition == "kdhs-module" or name == "forced_labour" or name in DIMENSIONS or name.startswith("coerced_at_"):
        return "18+"
    return "5-17" if name == "forced_labour_children" or name.startswith("child_") else "all"


def compare_sample(check, program, seed, definition):
    rng = random.Random("%s %d" % (definition, seed))
    method, arguments = KEYS[definition][0], ["--preset", definition, "--by", "residence"]
    reluctant, years, columns = 1, 5, ("weight", "layer", "psu", "residence", 1)
    if definition == "kdhs-module":
        records, columns = draw_marriage(rng), ("fm005", "v023", "v021", "v025", 1e6)
        reluctant, years = rng.choice((0, 1, 1, 2)), rng.choice((1, 4, 5, 5, 6))
        arguments += ["--set", "reluctant=%d,recent_years=%d" % (reluctant, years)]
    else:
        records = draw_labour(rng)
    what = "%s, seed %d" % (definition, seed)
    result, fault = people.run(program, method, records, CODEBOOKS[definition] % ("column = " + columns[1]), arguments)
    if fault:
        check.fault("%s: %s" % (what, fault))
        return
    weights = [float(r[columns[0]]) / columns[4] for r in records]
    sample = people.Sample(records, weights, [r[columns[1]] for r in records], [r[columns[2]] for r in records])
    verdicts, rows = [judge(definition, r, reluctant, years) or {} for r in records], people.rows_of(result)
    for place, wanted in (((), "12"), ((("residence", "urban"),), "1"), ((("residence", "rural"),), "2")):
        for name in sorted({name for verdict in verdicts for name in verdict}):
            values = [v.get(name) if r[columns[3]] in wanted else None for v, r in zip(verdicts, records)]
            check.row("%s, %s %s" % (what, name, place), rows.get((name, band(definition, name), place)), sample.share(values))
    bounds = [at_most(definition, r, reluctant, years) or {} for r in records]
    for name in sorted({name for bound in bounds for name in bound}):
        check.bound(what, result, name, band(definition, name), sample.share([bound.get(name) for bound in bounds]))


BAD_RECORDS = (  # definition, changes of the first record, what the message holds
    ("kdhs-module", {"v501": "0"}, "never in union has an answer on consent"),
    ("kdhs-module", {"v511": "31"}, "the age at first union is above the age at the interview"),
    ("kdhs-module", {"v509": "1100"}, "more years since the union than years of life"),
    ("kdhs-module", {"fm2": "5"}, "fm2"),
    ("kdhs-module", {"fm7": "2"}, "fm7"),
    ("icls20-2018", {"age": "121"}, "age"),
    ("icls20-2018", {"penalty_work": "3"}, "penalty_work"),
    ("icls20-2018", {"form": "4"}, "form"),
    ("ilo-2012", {"child_coerced": "0"}, "child_coerced"),
)


def absent(*names):
    return "".join("[role %s]\nabsent = yes\n" % name for name in names)


def compare_refusals(check, program):
    for definition, changes, words in BAD_RECORDS:
        records = fixture(definition)
        records[0].update(changes)
        check.refused("%s with %s" % (definition, changes), words, people.run(
            program, KEYS[definition][0], records, CODEBOOKS[definition] % "absent = yes", ["--preset", definition]))
    records, book = fixture("icls20-2018"), CODEBOOKS["icls20-2018"] % "absent = yes"
    check.refused("no reference period", "reference period", people.run(
        program, "forced-labour", records, book.replace("reference-period = 12 months\n", ""), []))
    # Questions that nobody was asked: no estimate rather than 0.
    for definition, unasked, gone in (
            ("icls20-2018", questions(False)[1], ("forced_labour", "forced_labour_all")),
            ("icls20-2018", questions(False)[0], ("forced_labour", "forced_labour_all")),
            ("icls20-2018", CHILD, ("forced_labour_children", "forced_labour_all")),
            ("ilo-2012", [name for kind in questions(True) for name in kind if name.endswith("strong")],
             ("forced_labour", "forced_labour_all"))):
        result, fault = people.run(program, "forced-labour", records, book + absent(*unasked), ["--preset", definition])
        names = {row["estimand"] for row in result["rows"]} if result else {fault}
        for name in ("forced_labour", "forced_labour_children", "forced_labour_all"):
            check.equal("%s without %s, rows of %s" % (definition, unasked[0], name), int(name in names), int(name not in gone))


def main(arguments):
    check = people.Check()
    selfcheck(check)
    if arguments[:1] == ["--compare"]:
        compare_refusals(check, arguments[1])
        for definition in KEYS:
            compare_fixture(check, arguments[1], definition)
            for seed in range(1, 1 + int(arguments[2] if len(arguments) > 2 else 25)):
                compare_sample(check, arguments[1], seed, definition)
    return check.report()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
