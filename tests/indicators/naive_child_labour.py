#!/usr/bin/python3
"""Child labour, a second time: plain loops over records, no rule files, nothing shared with the library.

  naive_child_labour.py --fixtures FOLDER            each fixture there: the rules here against the answers written in the file
  naive_child_labour.py --estimate DEFINITION --data FILE [--layout L]      proportions and standard errors
  naive_child_labour.py --random N --seed S --layout L > FILE               records with every boundary over-represented
  naive_child_labour.py --compare EST --data FILE --codebook C --preset DEFINITION [--layout L] [--set a=1,b=2] [--by sex,county]
                                                     runs `EST child-labour` and compares every row to 1e-10
  naive_child_labour.py --compare EST                all fixtures record by record, and random records under every definition

A record is a dict: role -> number, None = missing. Layouts: roles (columns are named like the roles, 1 yes, 2 no, 8 and 9 missing),
mics6 (fs.sav), mics5 (hh.sav)."""

import argparse
import csv
import json
import math
import os
import random
import subprocess
import sys
import tempfile

CONDITIONS = ["heavy_loads", "dangerous_tools", "dust_fumes_gas", "extreme_temperature", "noise_vibration", "heights",
              "chemicals_explosives", "underground", "underwater", "confined_space", "confined_to_premises", "abuse_at_work",
              "night_work", "other_hazard"]
MICS_CONDITIONS = ["heavy_loads", "dangerous_tools", "dust_fumes_gas", "extreme_temperature", "noise_vibration", "heights",
                   "chemicals_explosives", "other_hazard"]
YES_NO = ["economic_activity", "pay_or_profit", "own_use_production", "unpaid_trainee_work", "volunteer_work", "seeking_work",
          "paid_domestic_work", "chores", "fetch_water", "firewood", "water_or_firewood", "hazardous_industry",
          "hazardous_occupation", "hazardous_list", "school_attendance", "injury", "functional_difficulty"] + CONDITIONS
HOURS = ["hours_economic", "hours_chores", "hours_water", "hours_firewood", "hours_water_or_firewood"]
LABELS = {"sex": {"1": "male", "2": "female"}, "residence": {"1": "urban", "2": "rural"}}


# Reading

def number(text):
    text = (text or "").strip()
    return None if text == "" else float(text)


def answer(text):
    """1 yes, 2 no, 8 does not know, 9 missing."""
    value = number(text)
    if value is None or value in (8, 9):
        return None
    if value == 1:
        return 1
    if value == 2:
        return 0
    raise ValueError("an answer must be 1, 2, 8 or 9, found " + text)


def hours(text):
    value = number(text)
    return None if value in (97, 98, 99) else value


def any_one(row, names):
    for name in names:
        if number(row.get(name)) == 1:
            return 1
    return 0


def empty_record():
    record = {}
    for name in YES_NO + HOURS + ["age"]:
        record[name] = None
    return record


def from_roles(row):
    record = empty_record()
    record["age"] = number(row["age"])
    for name in YES_NO:
        record[name] = answer(row.get(name))
    for name in HOURS:
        record[name] = hours(row.get(name))
    record["weight"] = number(row["weight"])
    record["strata"] = row["strata"]
    record["psu"] = row["psu"]
    return record


def from_mics6(row):
    record = empty_record()
    record["age"] = number(row["CB3"])
    record["economic_activity"] = any_one(row, ["CL1A", "CL1B", "CL1C", "CL1X"])
    record["hours_economic"] = hours(row["CL3"])
    record["fetch_water"] = answer(row["CL7"])
    record["hours_water"] = hours(row["CL8"])
    record["firewood"] = answer(row["CL9"])
    record["hours_firewood"] = hours(row["CL10"])
    record["chores"] = any_one(row, ["CL11A", "CL11B", "CL11C", "CL11D", "CL11E", "CL11F", "CL11X"])
    record["hours_chores"] = hours(row["CL13"])
    for name, column in zip(MICS_CONDITIONS, ["CL4", "CL5", "CL6A", "CL6B", "CL6C", "CL6D", "CL6E", "CL6X"]):
        record[name] = answer(row[column])
    record["functional_difficulty"] = answer(row["fsdisability"])
    attends = number(row["CB7"])
    record["school_attendance"] = None if attends == 9 else int(attends == 1)
    record["weight"] = number(row["fsweight"])
    record["strata"] = row["stratum"]
    record["psu"] = row["HH1"]
    record["interviewed"] = number(row["FS17"]) == 1
    return record


def from_mics5(row):
    record = empty_record()
    record["age"] = number(row["SL9C"])
    record["economic_activity"] = any_one(row, ["CL2A", "CL2B", "CL2C", "CL2D"])
    record["hours_economic"] = hours(row["CL4"])
    record["water_or_firewood"] = answer(row["CL8"])
    record["hours_water_or_firewood"] = hours(row["CL9"])
    record["chores"] = any_one(row, ["CL10A", "CL10B", "CL10C", "CL10D", "CL10E", "CL10F", "CL10G"])
    record["hours_chores"] = hours(row["CL12"])
    for name, column in zip(MICS_CONDITIONS, ["CL5", "CL6", "CL7A", "CL7B", "CL7C", "CL7D", "CL7E", "CL7F"]):
        record[name] = answer(row[column])
    record["school_attendance"] = int(number(row["ED5"]) == 1)
    children = number(row["SL1"])
    household = number(row["hhweight"])
    record["weight"] = 0.0 if children is None or household is None else household * children
    record["strata"] = row["stratum"]
    record["psu"] = row["HH1"]
    return record


LAYOUTS = {"roles": from_roles, "mics6": from_mics6, "mics5": from_mics5}


# Pieces of the rules

def yes(value):
    return value is not None and value != 0


def is_child(record):
    return record["age"] is not None and 5 <= record["age"] < 18


def has_any(record, names):
    for name in names:
        if yes(record[name]):
            return True
    return False


def fetches(record):
    return has_any(record, ["fetch_water", "firewood", "water_or_firewood"])


WATER_PAIRS = [("fetch_water", "hours_water"), ("firewood", "hours_firewood"), ("water_or_firewood", "hours_water_or_firewood")]
WATER_HOURS = ["hours_water", "hours_firewood", "hours_water_or_firewood"]


def known_sum(record, names):
    """Missing values passed over; None if all are missing."""
    total = None
    for name in names:
        if record[name] is not None:
            total = record[name] if total is None else total + record[name]
    return total


def some_hours_unknown(record, pairs):
    for activity, time in pairs:
        if yes(record[activity]) and record[time] is None:
            return True
    return False


def at_least(value, threshold):
    return value is not None and value >= threshold


def above(value, threshold, strict):
    if value is None:
        return False
    return value > threshold if strict else value >= threshold


def bits(answers):
    return {name: (None if value is None else int(value)) for name, value in answers.items()}


# Definitions: record, parameters -> every answer; None = not in the denominator

SDG = {"employment_hours": 1, "economic_hours_5_11": 1, "economic_hours_12_14": 14, "economic_hours_15_17": 43,
       "chores_hours_5_14": 21}
MICS6 = {"economic_hours_5_11": 1, "economic_hours_12_14": 14, "economic_hours_15_17": 43, "chores_hours_5_14": 21}
MICS5 = {"economic_hours_5_11": 1, "economic_hours_12_14": 14, "economic_hours_15_17": 43, "chores_hours_5_14": 28,
         "chores_hours_15_17": 43}
ICLS = {"employment_hours": 1, "light_work_age": 12, "minimum_age": 15, "light_work_hours": 14, "long_hours": 43,
        "chores_hours_5_14": 21, "chores_hours_15_17": 0, "water_firewood": 0}
KENYA = {"employment_hours": 1, "light_work_hours": 14, "long_hours": 43}


def hazards(record, works, long_hours_met):
    answers = {
        "hazardous_by_industry": works and yes(record["hazardous_industry"]),
        "hazardous_by_occupation": works and yes(record["hazardous_occupation"]),
        "hazardous_by_conditions": works and has_any(record, CONDITIONS),
        "hazardous_by_hours": works and long_hours_met,
    }
    answers["hazardous_work"] = any(answers.values())
    for name in CONDITIONS:
        answers["condition_" + name] = works and yes(record[name])
    return answers


def school_and_work(record, works):
    if record["school_attendance"] is None:
        return {"school_only": None, "school_and_work": None, "work_only": None, "neither_school_nor_work": None}
    attends = yes(record["school_attendance"])
    return {"school_only": attends and not works, "school_and_work": attends and works, "work_only": works and not attends,
            "neither_school_nor_work": not works and not attends}


def classes_of_hours(works, time):
    if not works or time is None:
        return {"hours_below_14": None, "hours_14_27": None, "hours_28_42": None, "hours_43_and_over": None}
    return {"hours_below_14": time < 14, "hours_14_27": 14 <= time < 28, "hours_28_42": 28 <= time < 43,
            "hours_43_and_over": time >= 43}


def classes_of_chores(does, time, unknown):
    names = ["chores_none", "chores_below_14", "chores_14_20", "chores_21_27", "chores_28_and_over"]
    if unknown:
        return dict.fromkeys(names)
    if not does:
        return dict(zip(names, [1, 0, 0, 0, 0]))
    return dict(zip(names, [0, time < 14, 14 <= time < 21, 21 <= time < 28, time >= 28]))


def background(record, works, time, groups):
    answers = {"injured_at_work": yes(record["injury"]) if works and record["injury"] is not None else None}
    answers.update(school_and_work(record, works))
    answers.update(classes_of_hours(works, time))
    for low, high in groups:
        answers["aged_%d_%d" % (low, high)] = low <= record["age"] < high + 1
    return answers


def economic_threshold(age, p):
    if age < 12:
        return p["economic_hours_5_11"]
    if age < 15:
        return p["economic_hours_12_14"]
    return p["economic_hours_15_17"]


def household_chores(record):
    """Does any, hours (0 where missing), some hours missing."""
    does = yes(record["chores"]) or fetches(record)
    time = known_sum(record, ["hours_chores"] + WATER_HOURS)
    unknown = some_hours_unknown(record, [("chores", "hours_chores")] + WATER_PAIRS)
    return does, 0 if time is None else time, unknown


def sdg(record, p, strict=False):
    """kenya.md 2.2: 1, 14, 43 hours; chores 21 hours at 5-14; strict: more than 43, more than 21."""
    if not is_child(record):
        return None
    age, works, time = record["age"], yes(record["economic_activity"]), record["hours_economic"]
    does, chores_time, chores_unknown = household_chores(record)
    employed = works and (time is None or time >= p["employment_hours"])
    labour = works and above(time, economic_threshold(age, p), strict and age >= 15)
    chores = age < 15 and does and above(chores_time, p["chores_hours_5_14"], strict)
    unknown = works and time is None
    answers = {
        "children_in_employment": employed,
        "child_labour_economic": labour,
        "child_labour_with_chores": labour or chores,
        "child_labour_economic_bound": labour or unknown,
        "child_labour_with_chores_bound": labour or chores or unknown or (age < 15 and chores_unknown),
        "economic_activity_missing": record["economic_activity"] is None,
        "work_hours_missing_share": unknown,
        "chores_hours_missing_share": chores_unknown,
        "exactly_long_hours": works and time == p["economic_hours_15_17"] if age >= 15 else None,
        "exactly_chores_hours": does and chores_time == p["chores_hours_5_14"] if age < 15 else None,
        "water_firewood_only": fetches(record) and not yes(record["chores"]) and not works,
        "hours_without_activity": not works and time is not None and time > 0,
    }
    answers.update(hazards(record, employed, above(time, p["economic_hours_15_17"], strict)))
    answers.update(background(record, employed, time, [(5, 11), (12, 14), (15, 17)]))
    answers.update(classes_of_chores(does, chores_time, chores_unknown))
    return bits(answers)


def sdg_strict(record, p):
    return sdg(record, p, True)


def mics(record, p, six):
    """kenya.md 2.3."""
    if not is_child(record):
        return None
    age, works, time = record["age"], yes(record["economic_activity"]), record["hours_economic"]
    does, chores_time, chores_unknown = household_chores(record)
    threshold = economic_threshold(age, p)
    labour = works and at_least(time, threshold)
    chores_threshold = p["chores_hours_5_14"] if age < 15 else (None if six else p["chores_hours_15_17"])
    chores = chores_threshold is not None and does and chores_time >= chores_threshold
    hazard = has_any(record, MICS_CONDITIONS)
    unknown = works and time is None
    chores_open = chores_unknown and chores_threshold is not None
    answers = {
        "children_in_employment": works,
        "child_labour_economic": labour,
        "chores_at_or_above": chores,
        "child_labour_with_chores": labour or chores,
        "hazardous_work": hazard,
        "child_labour_or_hazardous": labour or chores or hazard,
        "economic_below_threshold": works and time is not None and time < threshold,
        "chores_below_threshold": chores_threshold is not None and does and not chores_unknown and chores_time < chores_threshold,
        "child_labour_economic_bound": labour or unknown,
        "child_labour_with_chores_bound": labour or chores or unknown or chores_open,
        "child_labour_or_hazardous_bound": labour or chores or hazard or unknown or chores_open,
        "economic_activity_missing": record["economic_activity"] is None,
        "work_hours_missing_share": unknown,
        "chores_hours_missing_share": chores_unknown,
        "exactly_long_hours": works and time == p["economic_hours_15_17"] if age >= 15 else None,
        "exactly_chores_hours": does and chores_time == p["chores_hours_5_14"] if age < 15 else None,
        "water_firewood_only": fetches(record) and not yes(record["chores"]) and not works,
        "hours_without_activity": not works and time is not None and time > 0,
    }
    if not six:
        answers["exactly_chores_hours_15_17"] = does and chores_time == p["chores_hours_15_17"] if age >= 15 else None
    for name in MICS_CONDITIONS:
        answers["condition_" + name] = yes(record[name])
    answers.update(background(record, works, time, [(5, 11), (12, 14), (15, 17)]))
    answers.update(classes_of_chores(does, chores_time, chores_unknown))
    return bits(answers)


def mics6(record, p):
    return mics(record, p, True)


def mics5(record, p):
    return mics(record, p, False)


def icls(record, p, twenty):
    """kenya.md 2.1: any work at 5-11, more than light work at 12-14, hazardous work at 5-17; chores of long hours."""
    if not is_child(record):
        return None
    age = record["age"]
    water_is_work = p["water_firewood"] > 0
    inside = ["economic_activity"]
    if twenty:
        inside += ["pay_or_profit", "own_use_production", "unpaid_trainee_work", "volunteer_work"]
    activity = has_any(record, inside)
    works = activity or (water_is_work and fetches(record))
    time = known_sum(record, ["hours_economic"] + (WATER_HOURS if water_is_work else []))
    water_unknown = some_hours_unknown(record, WATER_PAIRS)
    at_work = works and (time is None or time >= p["employment_hours"])
    too_short = record["hours_economic"] is not None and record["hours_economic"] < p["employment_hours"]
    does = yes(record["chores"]) or (not water_is_work and fetches(record))
    chores_time = known_sum(record, ["hours_chores"] + ([] if water_is_work else WATER_HOURS)) or 0
    chores_unknown = (yes(record["chores"]) and record["hours_chores"] is None) or (not water_is_work and water_unknown)

    if age < p["light_work_age"]:
        too_young = works and at_least(time, p["employment_hours"])
    elif age < p["minimum_age"]:
        too_young = works and at_least(time, p["light_work_hours"])
    else:
        too_young = False
    hazard = hazards(record, at_work, at_least(time, p["long_hours"]))
    hazardous = hazard["hazardous_work"]
    chores_threshold = p["chores_hours_5_14"] if age < 15 else p["chores_hours_15_17"]
    chores = does and chores_threshold > 0 and chores_time >= chores_threshold
    unknown = (activity and record["hours_economic"] is None) or (water_is_work and water_unknown)
    answers = {
        "children_in_employment": yes(record["pay_or_profit"]) and not too_short if twenty else at_work,
        "child_labour_economic": too_young or hazardous,
        "child_labour_with_chores": too_young or hazardous or chores,
        "work_below_minimum_age": too_young,
        "hazardous_chores_by_hours": chores,
        "child_labour_economic_bound": too_young or hazardous or unknown,
        "child_labour_with_chores_bound": too_young or hazardous or chores or unknown or (chores_unknown and chores_threshold > 0),
        "economic_activity_missing": record["economic_activity"] is None,
        "work_hours_missing_share": unknown,
        "chores_hours_missing_share": chores_unknown,
        "exactly_long_hours": works and time == p["long_hours"] if age >= 15 else None,
        "exactly_chores_hours": does and chores_time == p["chores_hours_5_14"] if age < 15 else None,
        "water_firewood_only": fetches(record) and not yes(record["chores"]) and not activity,
        "hours_without_activity": not activity and record["hours_economic"] is not None and record["hours_economic"] > 0,
    }
    if twenty:
        answers["children_in_sna_work"] = at_work
    answers.update(hazard)
    answers.update(background(record, at_work, time, [(5, 11), (12, 14), (15, 17)]))
    answers.update(classes_of_chores(does, chores_time, chores_unknown))
    return bits(answers)


def icls18(record, p):
    return icls(record, p, False)


def icls20(record, p):
    return icls(record, p, True)


def kenya(record, p):
    """kenya.md 2.4: any work at 5-12; more than light work or the list at 13-15; the list or long hours at 16-17."""
    if not is_child(record):
        return None
    age, works, time = record["age"], yes(record["economic_activity"]), record["hours_economic"]
    employed = works and (time is None or time >= p["employment_hours"])
    domestic = employed and yes(record["paid_domestic_work"])
    listed = domestic or (employed and yes(record["hazardous_list"]))
    cap = p["employment_hours"] if age < 13 else p["light_work_hours"] if age < 16 else p["long_hours"]
    labour = listed or (employed and at_least(time, cap))
    unknown = works and time is None
    answers = {
        "children_in_employment": employed,
        "child_labour_economic": labour,
        "hazardous_work": listed,
        "paid_domestic_workers": domestic,
        "child_labour_economic_bound": labour or unknown,
        "economic_activity_missing": record["economic_activity"] is None,
        "work_hours_missing_share": unknown,
        "paid_domestic_work_missing": employed and record["paid_domestic_work"] is None,
        "exactly_long_hours": works and time == p["long_hours"] if age >= 16 else None,
        "exactly_light_work_hours": works and time == p["light_work_hours"] if 13 <= age < 16 else None,
        "hours_without_activity": not works and time is not None and time > 0,
    }
    answers.update(background(record, employed, time, [(5, 12), (13, 15), (16, 17)]))
    return bits(answers)


def census(record, p):
    """kenya.md 2.5: employment only; activity not stated is outside the denominator."""
    if not is_child(record):
        return None
    return bits({
        "children_in_employment": record["economic_activity"],
        "seeking_work": record["seeking_work"] if record["age"] >= 15 else None,
        "economic_activity_missing": record["economic_activity"] is None,
        "aged_5_14": record["age"] < 15,
        "aged_15_17": record["age"] >= 15,
    })


SDG_BANDS = ["5-17", "5-14", "5-11", "12-14", "15-17"]
DEFINITIONS = {
    "sdg-8.7.1": (sdg, SDG, SDG_BANDS),
    "sdg-8.7.1-strict": (sdg_strict, SDG, SDG_BANDS),
    "mics6": (mics6, MICS6, SDG_BANDS),
    "mics5": (mics5, MICS5, SDG_BANDS),
    "icls18": (icls18, ICLS, SDG_BANDS),
    "icls20": (icls20, ICLS, SDG_BANDS),
    "kenya-employment-act-2007": (kenya, KENYA, ["5-17", "5-12", "13-15", "16-17", "5-14", "5-11", "12-14", "15-17"]),
    "census-2019": (census, {}, ["5-17", "5-14", "15-17"]),
}
MAIN = {
    "sdg-8.7.1": ["children_in_employment", "child_labour_economic", "child_labour_with_chores", "hazardous_by_industry",
                  "hazardous_by_occupation", "hazardous_by_conditions", "hazardous_by_hours", "hazardous_work"],
    "mics6": ["children_in_employment", "child_labour_economic", "chores_at_or_above", "child_labour_with_chores", "hazardous_work",
              "child_labour_or_hazardous"],
    "kenya-employment-act-2007": ["children_in_employment", "child_labour_economic", "hazardous_work", "paid_domestic_workers"],
    "census-2019": ["children_in_employment"],
}
MAIN["sdg-8.7.1-strict"] = MAIN["sdg-8.7.1"]
MAIN["mics5"] = MAIN["mics6"]
MAIN["icls18"] = MAIN["sdg-8.7.1"] + ["work_below_minimum_age", "hazardous_chores_by_hours"]
MAIN["icls20"] = MAIN["icls18"] + ["children_in_sna_work"]


def in_band(age, band):
    low, high = band.split("-")
    return age is not None and int(low) <= age < int(high) + 1


# Estimates: stratified, clusters drawn with replacement, the whole file as design, others as zeros

def by_cluster(records, scores):
    totals = {}
    for record, score in zip(records, scores):
        clusters = totals.setdefault(record["strata"], {})
        clusters[record["psu"]] = clusters.get(record["psu"], 0.0) + score
    return totals


def variance_of_total(records, scores):
    variance = 0.0
    for clusters in by_cluster(records, scores).values():
        values = list(clusters.values())
        n = len(values)
        if n < 2:
            return math.nan
        mean = math.fsum(values) / n
        variance += n / (n - 1) * math.fsum((value - mean) ** 2 for value in values)
    return variance


def proportion(records, values):
    """values: 1, 0 or None. Estimate, standard error, people in the denominator, their weight."""
    weight = math.fsum(r["weight"] for r, v in zip(records, values) if v is not None)
    n = sum(1 for r, v in zip(records, values) if v is not None and r["weight"] > 0)
    if weight == 0:
        return math.nan, math.nan, n, weight
    estimate = math.fsum(r["weight"] * v for r, v in zip(records, values) if v is not None) / weight
    scores = [0.0 if v is None else r["weight"] * (v - estimate) / weight for r, v in zip(records, values)]
    return estimate, math.sqrt(variance_of_total(records, scores)), n, weight


def median(records, values):
    """The smallest value that half of the weight does not exceed."""
    pairs = sorted((v, r["weight"]) for r, v in zip(records, values) if v is not None and r["weight"] > 0)
    half, below = math.fsum(weight for _, weight in pairs) / 2, 0.0
    for value, weight in pairs:
        below += weight
        if below >= half * (1 - 1e-12):
            return value
    return math.nan


def total(records, values):
    scores = [r["weight"] * v if v is not None else 0.0 for r, v in zip(records, values)]
    return math.fsum(scores), math.sqrt(variance_of_total(records, scores))


# Files

def read_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def parameters(definition, text):
    p = dict(DEFINITIONS[definition][1])
    for part in (text or "").split(","):
        if part:
            name, value = part.split("=")
            if name not in p:
                raise SystemExit("no parameter " + name + " in " + definition)
            p[name] = float(value)
    return p


def judge(definition, rows, layout, p):
    """Records and their answers; those without an interview stay in the design and have none."""
    records = [LAYOUTS[layout](row) for row in rows]
    rule = DEFINITIONS[definition][0]
    return records, [rule(record, p) if record.get("interviewed", True) else None for record in records]


FIXTURES = {  # file: definition, layout, parameters
    "sdg-8.7.1.csv": ("sdg-8.7.1", "roles", ""),
    "sdg-8.7.1-strict.csv": ("sdg-8.7.1-strict", "roles", ""),
    "mics6.csv": ("mics6", "mics6", ""),
    "mics5.csv": ("mics5", "mics5", ""),
    "icls18.csv": ("icls18", "roles", ""),
    "icls18-water-economic.csv": ("icls18", "roles", "water_firewood=1"),
    "icls18-ages.csv": ("icls18", "roles", "chores_hours_15_17=43,minimum_age=16"),
    "icls20.csv": ("icls20", "roles", ""),
    "kenya-employment-act-2007.csv": ("kenya-employment-act-2007", "roles", ""),
    "census-2019.csv": ("census-2019", "roles", ""),
    "knbs-child-labour.csv": ("sdg-8.7.1", "roles", ""),
}


def check_fixture(folder, name):
    definition, layout, settings = FIXTURES[name]
    p = parameters(definition, settings)
    rows = read_rows(os.path.join(folder, name))
    faults = compared = 0
    for row in rows:
        record = LAYOUTS[layout](row)
        answers = DEFINITIONS[definition][0](record, p) if record.get("interviewed", True) else None
        for column, expected in row.items():
            if not column.startswith("expected_"):
                continue
            found = answers.get(column[len("expected_"):], "no such answer") if answers else None
            wanted = None if expected == "" else int(expected)
            compared += 1
            if found != wanted:
                faults += 1
                print("%s: record %s (%s): %s is %s, expected %s" % (name, row["record"], row["clause"], column, found, wanted))
    print("%s: %d records, %d answers, %d differ" % (name, len(rows), compared, faults))
    return faults


# Random records

def pick(generator, common, rare, share):
    return generator.choice(common) if generator.random() < share else generator.choice(rare)


def random_hours(generator):
    edges = [0, 0.5, 1, 1.5, 13, 13.5, 14, 14.5, 20, 20.5, 21, 21.5, 27, 28, 42, 42.5, 43, 43.5, 44, 60, 168]
    choice = generator.random()
    if choice < 0.15:
        return ""
    if choice < 0.20:
        return str(generator.choice([97, 98, 99]))
    if choice < 0.75:
        return "%g" % generator.choice(edges)
    return str(generator.randrange(0, 60))


def random_age(generator, oldest=18):
    edges = [4, 5, 11, 12, 13, 14, 15, 16, 17, 18]
    age = generator.choice(edges) if generator.random() < 0.7 else generator.randrange(0, 22)
    return str(min(age, oldest)) if generator.random() > 0.01 else ""


def random_answer(generator, share=0.35):
    choice = generator.random()
    if choice < share:
        return "1"
    if choice < 0.92:
        return "2"
    return generator.choice(["8", "9", ""])


def random_design(generator, index):
    stratum = index % 5
    return stratum, stratum * 100 + generator.randrange(0, 4 + stratum), "%.3f" % (10 ** generator.uniform(0, 2.5))


def random_roles(generator, index):
    stratum, psu, weight = random_design(generator, index)
    row = {"record": index, "strata": stratum, "psu": psu, "weight": weight, "household": index, "age": random_age(generator),
           "sex": generator.choice("12"), "residence": generator.choice("12"),
           "county": generator.choice(["Kisumu", "Kilifi", "Busia", "Nairobi"]), "region": generator.choice(["A", "B"]),
           "wealth": generator.choice("12345"), "education": generator.choice("012"),
           "head_education": generator.choice("0123"), "mother_education": generator.choice("0123"),
           "functional_difficulty": random_answer(generator, 0.1)}
    for name in ["economic_activity", "chores", "fetch_water", "firewood"]:
        row[name] = random_answer(generator, 0.5)
    for name in ["hours_economic", "hours_chores", "hours_water", "hours_firewood"]:
        row[name] = random_hours(generator)
    if generator.random() < 0.5:
        for name in ["chores", "fetch_water", "firewood"]:
            row[name] = "1" if generator.random() < 0.3 else "2"
    if generator.random() < 0.15:
        # Chores that add up to the threshold exactly.
        first, second = generator.randrange(0, 22), generator.randrange(0, 22)
        row.update(chores="1", fetch_water="1", firewood="2", hours_chores=str(first), hours_water=str(max(0, 21 - first)),
                   hours_firewood="" if second else "0")
    for name in YES_NO:
        if name not in row and name != "water_or_firewood":
            row[name] = random_answer(generator, 0.03 if name in CONDITIONS else 0.12)
    row["school_attendance"] = random_answer(generator, 0.7)
    row["industry"] = generator.choice(["A", "B", "F", "T"])
    row["occupation"] = generator.choice(["5", "6", "9"])
    row["status_in_employment"] = generator.choice(["employee", "family worker"])
    row["reason_for_work"] = generator.choice(["income", "help", "other"])
    row["injury_type"] = generator.choice(["cut", "burn"])
    return row


def random_mics6(generator, index):
    stratum, psu, weight = random_design(generator, index)
    row = {"record": index, "stratum": stratum, "HH1": psu, "HH2": index, "fsweight": weight,
           "FS17": "1" if generator.random() < 0.95 else "2", "CB3": random_age(generator),
           "HL4": generator.choice("12"), "HH6": generator.choice("12"), "HH7": generator.choice("123"),
           "windex5": generator.choice("12345"), "melevel": generator.choice("0123"), "helevel": generator.choice("0123"),
           "fsdisability": generator.choice(["1", "2", "2", "9"]), "CB7": generator.choice(["1", "1", "2", "9", ""])}
    for column in ["CL1A", "CL1B", "CL1C", "CL1X"]:
        row[column] = random_answer(generator, 0.2)
    for column in ["CL7", "CL9"]:
        row[column] = random_answer(generator, 0.4)
    for letter in "ABCDEFX":
        row["CL11" + letter] = random_answer(generator, 0.12)
    for column in ["CL3", "CL8", "CL10", "CL13"]:
        row[column] = random_hours(generator)
    for column in ["CL4", "CL5", "CL6A", "CL6B", "CL6C", "CL6D", "CL6E", "CL6X"]:
        row[column] = random_answer(generator, 0.04)
    return row


def random_mics5(generator, index):
    stratum, psu, weight = random_design(generator, index)
    row = {"record": index, "stratum": stratum, "HH1": psu, "HH2": index, "hhweight": weight,
           "SL1": generator.choice(["1", "2", "3", "5", "", "0"]), "SL9C": random_age(generator),
           "HL4": generator.choice("12"), "HH6": generator.choice("12"), "HH7": generator.choice("123"),
           "windex5": generator.choice("12345"), "melevel": generator.choice("0123"), "helevel": generator.choice("0123"),
           "ED5": generator.choice(["1", "1", "2", "9", ""])}
    for column in ["CL2A", "CL2B", "CL2C", "CL2D"]:
        row[column] = random_answer(generator, 0.2)
    row["CL8"] = random_answer(generator, 0.4)
    for letter in "ABCDEFG":
        row["CL10" + letter] = random_answer(generator, 0.12)
    for column in ["CL4", "CL9", "CL12"]:
        row[column] = random_hours(generator)
    for column in ["CL5", "CL6", "CL7A", "CL7B", "CL7C", "CL7D", "CL7E", "CL7F"]:
        row[column] = random_answer(generator, 0.04)
    return row


RANDOM = {"roles": random_roles, "mics6": random_mics6, "mics5": random_mics5}


def write_random(count, seed, layout, out):
    generator = random.Random(seed)
    rows = [RANDOM[layout](generator, index) for index in range(count)]
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


# Against the program

MICS_COLUMNS = {"sex": "HL4", "residence": "HH6", "region": "HH7", "wealth": "windex5", "mother_education": "melevel",
                "head_education": "helevel"}
ROLE_COLUMNS = {"roles": {}, "mics6": MICS_COLUMNS, "mics5": MICS_COLUMNS}
# Beginnings of what the frames "missing" and "counts" call their lines.
LINES = {
    "No answer whether the child worked": "economic_activity_missing",
    "Activity not stated": "economic_activity_missing",
    "At work, hours missing": "work_hours_missing_share",
    "Does chores, hours missing": "chores_hours_missing_share",
    "At work, no answer whether it is paid domestic work": "paid_domestic_work_missing",
    "Exactly 43 hours of economic activity": "exactly_long_hours",
    "Exactly 14 hours of economic activity": "exactly_light_work_hours",
    "Exactly 21 hours of household chores": "exactly_chores_hours",
    "Exactly 28 hours of household chores": "exactly_chores_hours",
    "Exactly 43 hours of household chores": "exactly_chores_hours_15_17",
    "Fetch water or firewood, no other chore": "water_firewood_only",
    "Hours of economic activity, but recorded as not working": "hours_without_activity",
}


def column_of(layout, role):
    return ROLE_COLUMNS[layout].get(role, role)


def in_domain(record, row, domain, layout):
    for name, value in domain.items():
        if name in YES_NO:
            if record[name] != {"yes": 1, "no": 0}[value]:
                return False
            continue
        found = row.get(column_of(layout, name), "")
        if LABELS.get(name, {}).get(found, found) != value:
            return False
    return True


def close(a, b):
    if a is None or not math.isfinite(a):
        return b is None or not math.isfinite(b)
    if b is None or math.isnan(b):
        return False
    return abs(a - b) <= 1e-10 * max(1.0, abs(a), abs(b))


def run_program(program, data, codebook, preset, more):
    command = [program, "child-labour", data, "--codebook", codebook, "--preset", preset, "--format", "json", "--internal"]
    done = subprocess.run(command + ["--quiet"] + more, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None, done.stderr.strip()
    return json.loads(done.stdout), ""


class Comparison:
    def __init__(self, preset, data, layout, settings):
        self.preset, self.layout, self.p = preset, layout, parameters(preset, settings)
        self.rows = read_rows(data)
        self.records, self.answers = judge(preset, self.rows, layout, self.p)
        self.known = set()
        for answers in self.answers:
            self.known.update(answers or {})
        self.seen, self.faults, self.compared, self.left = set(), 0, 0, {}

    def values(self, band, domain, value):
        out = []
        for record, row, answers in zip(self.records, self.rows, self.answers):
            inside = answers and in_band(record["age"], band) and in_domain(record, row, domain, self.layout)
            out.append(value(record, row, answers) if inside else None)
        return out

    def of_answer(self, band, domain, name):
        return self.values(band, domain, lambda record, row, answers: answers.get(name))

    def works(self, answers):
        return answers["children_in_sna_work" if self.preset == "icls20" else "children_in_employment"]

    def of_level(self, band, domain, table, role, level):
        """Distribution of children in employment, or of those injured."""
        def value(record, row, answers):
            cell = row.get(column_of(self.layout, role), "")
            if not self.works(answers) or cell == "" or (table == "T12-kinds" and not yes(record["injury"])):
                return None
            return int(cell == level)
        return self.values(band, domain, value)

    def of_mean(self, band, domain, variable):
        water_is_work = self.p.get("water_firewood", 0) > 0

        def value(record, row, answers):
            if variable == "hours_of_chores" and answers["chores_hours_missing_share"] == 0 and not answers["chores_none"]:
                return known_sum(record, ["hours_chores"] + ([] if water_is_work else WATER_HOURS)) or 0
            if variable != "hours_of_chores" and (answers.get("children_in_sna_work") or self.works(answers)):
                return known_sum(record, ["hours_economic"] + (WATER_HOURS if water_is_work else []))
            return None
        return self.values(band, domain, value)

    def say(self, where, what, found, expected):
        self.faults += 1
        if self.faults <= 20:
            print("FAULT %s: %s is %r, naive %r" % (where, what, found, expected))

    def equal(self, where, what, found, expected):
        self.compared += 1
        if not close(found, expected):
            self.say(where, what, found, expected)

    def check_share(self, row, values):
        where = "%s %s %s" % (row["estimand"], row.get("ages"), row.get("domain"))
        expected, se, n, weight = proportion(self.records, values)
        for what, value in (("estimate", expected), ("se", se), ("n", n), ("n_weighted", weight)):
            self.equal(where, what, row.get(what), value)

    def check_total(self, row, values):
        where = "%s %s %s" % (row["estimand"], row.get("ages"), row.get("domain"))
        expected, se = total(self.records, values)
        self.equal(where, "estimate", row["estimate"], expected)
        self.equal(where, "se", row["se"], se)

    def check_row(self, row):
        name, domain, band, table = row["estimand"], dict(row.get("domain") or {}), row.get("ages", ""), row.get("table", "")
        domain.pop("age", None)
        plain = name[:-len("_number")] if name.endswith("_number") else name
        if plain in self.known:
            values = self.of_answer(band, domain, plain)
            (self.check_share if plain == name else self.check_total)(row, values)
            if not domain and not table:
                self.seen.add((name, band))
        elif table and "=" in name:
            role, level = name.split("=", 1)
            self.check_share(row, self.of_level(band, domain, table, role, level))
        elif table and name.startswith("mean("):
            self.check_share(row, self.of_mean(band, domain, name[len("mean("):-1]))
        elif table and name.startswith("median("):
            expected = median(self.records, self.of_mean(band, domain, name[len("median("):-1]))
            self.equal("%s %s %s" % (name, band, row.get("domain")), "estimate", row["estimate"], expected)
        else:
            self.left[name] = self.left.get(name, 0) + 1

    def check_frames(self, frames):
        for name in ("missing", "counts"):
            for who, band, cases, of, percent in frames.get(name, {}).get("rows", []):
                answers = [answer for beginning, answer in LINES.items() if who.startswith(beginning)]
                values = self.of_answer(band, {}, answers[0] if answers else who)
                expected, _, n, _ = proportion(self.records, values)
                weighty = [v for r, v in zip(self.records, values) if v is not None and r["weight"] > 0]
                self.equal("frame %s, %s, %s" % (name, who, band), "cases", cases, sum(weighty))
                self.equal("frame %s, %s, %s" % (name, who, band), "of", of, n)
                self.equal("frame %s, %s, %s" % (name, who, band), "percent", percent, 100 * expected)
        for indicator, band, percent, bound, _ in frames.get("bounds", {}).get("rows", []):
            self.equal("bound of %s, %s" % (indicator, band), "percent", percent,
                       100 * proportion(self.records, self.of_answer(band, {}, indicator))[0])
            self.equal("bound of %s, %s" % (indicator, band), "bound", bound,
                       100 * proportion(self.records, self.of_answer(band, {}, indicator + "_bound"))[0])

    def check(self, result, everything=True):
        for row in result["rows"]:
            self.check_row(row)
        self.check_frames(result["frames"])
        for name in MAIN[self.preset] if everything else []:
            for band in DEFINITIONS[self.preset][2]:
                if (name, band) not in self.seen:
                    self.say(name + " " + band, "row", "absent", "expected")
        return self.faults


def compare(program, data, codebook, preset, layout, settings="", more=(), everything=True):
    comparison = Comparison(preset, data, layout, settings)
    result, fault = run_program(program, data, codebook, preset, list(more) + (["--set", settings] if settings else []))
    if result is None:
        print("FAULT %s on %s: %s" % (preset, os.path.basename(data), fault))
        return 1
    comparison.check(result, everything)
    title = "%s, %s layout%s" % (preset, layout, ", " + settings if settings else "")
    left = ", not compared: " + ", ".join(sorted(comparison.left)) if comparison.left else ""
    print("%s: %d numbers compared, %d faults%s" % (title, comparison.compared, comparison.faults, left))
    return comparison.faults


def codebook_of(folder, layout, name=""):
    book = "knbs-child-labour" if name.startswith("knbs") else "child-labour" if layout == "roles" else layout
    return os.path.join(folder, "codebook-%s.ini" % book)


def compare_fixture(program, folder, name):
    """Record by record: a domain of one record has its answer as the estimate."""
    definition, layout, settings = FIXTURES[name]
    codebook = codebook_of(folder, layout, name)
    result, fault = run_program(program, os.path.join(folder, name), codebook, definition,
                                ["--by", "record"] + (["--set", settings] if settings else []))
    if result is None:
        print("FAULT %s: %s" % (name, fault))
        return 1
    whole = DEFINITIONS[definition][2][0]
    found, estimands = {}, set()
    for row in result["rows"]:
        if row.get("ages") == whole and "record" in row["domain"]:
            estimands.add(row["estimand"])
            if row["n"] > 0:
                found[row["estimand"], row["domain"]["record"]] = row["estimate"]
    faults = compared = 0
    for row in read_rows(os.path.join(folder, name)):
        for column, expected in row.items():
            estimand = column[len("expected_"):]
            if column.startswith("expected_") and estimand in estimands:
                value = found.get((estimand, row["record"]))
                compared += 1
                if value != (None if expected == "" else int(expected)):
                    faults += 1
                    print("FAULT %s, record %s (%s): %s is %r, expected %r"
                          % (name, row["record"], row["clause"], estimand, value, expected))
    missing = [m for m in MAIN[definition] if m not in estimands]
    if missing:
        faults += 1
        print("FAULT %s: no rows of %s" % (name, ", ".join(missing)))
    print("%s, record by record: %d answers compared, %d faults" % (name, compared, faults))
    return faults + compare(program, os.path.join(folder, name), codebook, definition, layout, settings)


def refuses(program, folder):
    """Hours of 97 that nobody declared stop the run and name the record's column."""
    result, fault = run_program(program, os.path.join(folder, "knbs-child-labour-undeclared.csv"),
                                codebook_of(folder, "roles", "knbs"), "sdg-8.7.1", [])
    good = result is None and "97" in fault and "hours_economic" in fault and "EST_EVALUE" in fault
    print("hours 97 undeclared: " + ("refused" if good else "FAULT, not refused as it should be: " + fault))
    return 0 if good else 1


RANDOM_RUNS = [  # definition, layout, parameters, further options, whether every main indicator must be there
    ("sdg-8.7.1", "roles", "", ["--by", "sex"], True),
    ("sdg-8.7.1", "roles", "", ["--by", "residence,county", "--tables", "all"], True),
    ("sdg-8.7.1-strict", "roles", "", ["--by", "sex"], True),
    ("icls18", "roles", "", ["--by", "sex"], True),
    ("icls18", "roles", "water_firewood=1,chores_hours_15_17=43,minimum_age=16", ["--tables", "T3,T8,T10-hours"], True),
    ("icls20", "roles", "", ["--tables", "all"], True),
    ("kenya-employment-act-2007", "roles", "", ["--tables", "all"], True),
    ("kenya-employment-act-2007", "roles", "light_work_hours=10,long_hours=21", [], True),
    ("census-2019", "roles", "", ["--tables", "all"], True),
    ("mics6", "mics6", "", ["--by", "sex", "--tables", "all"], True),
    ("sdg-8.7.1", "mics6", "", ["--by", "region"], False),
    ("icls18", "mics6", "", [], False),
    ("mics5", "mics5", "", ["--by", "sex", "--tables", "all"], True),
    ("sdg-8.7.1", "mics5", "", ["--by", "region"], False),
]


def compare_all(program, folder, count):
    faults = sum(check_fixture(folder, name) for name in FIXTURES)
    faults += sum(compare_fixture(program, folder, name) for name in FIXTURES)
    faults += refuses(program, folder)
    with tempfile.TemporaryDirectory() as place:
        for seed, layout in enumerate(LAYOUTS):
            with open(os.path.join(place, layout + ".csv"), "w", newline="", encoding="utf-8") as file:
                write_random(count, 20 + seed, layout, file)
        for definition, layout, settings, more, everything in RANDOM_RUNS:
            data = os.path.join(place, layout + ".csv")
            faults += compare(program, data, codebook_of(folder, layout), definition, layout, settings, more, everything)
    return faults


def estimate(options):
    p = parameters(options.estimate, options.set)
    records, answers = judge(options.estimate, read_rows(options.data), options.layout, p)
    for name in MAIN[options.estimate]:
        for band in DEFINITIONS[options.estimate][2]:
            values = [a.get(name) if a and in_band(r["age"], band) else None for r, a in zip(records, answers)]
            value, se, n, weight = proportion(records, values)
            print("%s,%s,%r,%r,%d,%r" % (name, band, value, se, n, weight))
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixtures")
    parser.add_argument("--estimate", choices=sorted(DEFINITIONS))
    parser.add_argument("--random", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layout", choices=sorted(LAYOUTS), default="roles")
    parser.add_argument("--compare", metavar="EST")
    parser.add_argument("--records", type=int, default=600, help="random records of each layout")
    parser.add_argument("--data")
    parser.add_argument("--codebook")
    parser.add_argument("--preset", choices=sorted(DEFINITIONS))
    parser.add_argument("--set")
    parser.add_argument("--by")
    parser.add_argument("--tables")
    parser.add_argument("more", nargs="*", help="further options of the program, after --")
    options = parser.parse_args()
    if options.fixtures:
        return sum(check_fixture(options.fixtures, name) for name in FIXTURES) > 0
    if options.random:
        write_random(options.random, options.seed, options.layout, sys.stdout)
        return 0
    if options.estimate:
        return estimate(options)
    if options.compare and options.data:
        more = list(options.more)
        for name in ("by", "tables"):
            if getattr(options, name):
                more += ["--" + name, getattr(options, name)]
        return compare(options.compare, options.data, options.codebook, options.preset, options.layout, options.set or "", more) > 0
    if options.compare:
        return compare_all(options.compare, os.path.dirname(os.path.abspath(__file__)), options.records) > 0
    parser.error("nothing to do")


if __name__ == "__main__":
    sys.exit(main())
