#!/usr/bin/env python3
"""Check the bundled data sets: form, totals, list order, reference tables, generator, documentation.

    check.py

Reference tables are read from the folder LIBEST_ORACLES (default: ../shared/oracles, seen from the top of
the checkout). What needs a table that is not there is printed as skipped. The last line is
"N passed, N failed"; exit status 1 on a failure.
"""
import csv
import importlib.util
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
ORACLES = os.environ.get("LIBEST_ORACLES") or os.path.join(TOP, "..", "shared", "oracles")

INDEX_HEADER = ["name", "title", "lists", "period", "persons", "public", "synthetic", "companion"]

# name: (lists in order, persons, rows, reference table)
TABLES = {
    "uk_2013": ("LA NG PF GO GP NCA", 2744, 25, "UKdat"),
    "uk_2013_five": ("LA NG PFNCA GO GP", 2744, 18, "UKdat_5"),
    "netherlands_2010_15": ("I K O P R Z", 8234, 24, "Ned"),
    "netherlands_2010_15_five": ("IO K P R Z", 8234, 17, "Ned_5"),
    "kosovo_1999": ("EXH ABA OSCE HRW", 4400, 15, "Kosovo"),
    "korea": ("b c d", 123, 7, "Korea"),
    "hepatitis_taiwan_1995": ("P Q E", 271, 7, "CARE1_HAV"),
    "hare_cormack": ("c1 c2 c3 c4 c5 c6", 68, 33, "Rcapture_hare"),
    "diabetes_casale": ("clinic hospital prescriptions reagents", 2069, 15, "CARE1_Diabetes"),
    "spina_bifida_new_york": ("rehabilitation death birth", 626, 7, "dga_MadiganYork3"),
}
# merged table: (table it is made from, lists that become one)
MERGED = {
    "uk_2013_five": ("uk_2013", ("PF", "NCA"), "PFNCA"),
    "netherlands_2010_15_five": ("netherlands_2010_15", ("I", "O"), "IO"),
}
RECORDS = ("linked_records_synthetic", "linked_records_synthetic_rates")
SURVEYS = ("kenya_women_synthetic", "kenya_women_synthetic_totals", "kenya_child_labour_synthetic",
           "kenya_child_labour_synthetic_totals", "kenya_dhs_women_synthetic", "kenya_dhs_men_synthetic",
           "kenya_forced_labour_synthetic")
PUBLISHED = ("kenya_benchmarks",)  # figures as printed
RATES = ("kenya_population", "kenya_victims_identified")
KENYA_UN = {"2014": 46052, "2015": 47089, "2016": 48140, "2017": 49198, "2018": 50207, "2019": 51203, "2020": 52218, "2021": 53219,
            "2022": 54253, "2023": 55338, "2024": 56434, "2025": 57532, "2026": 58636}  # thousands, mid-year
KENYA_CENSUS = {"both": 47564296, "male": 23548056, "female": 24014716, "intersex": 1524}
KENYA_VICTIMS = {"2015": 153, "2019": 853, "2020": 383, "2021": 482, "2024": 195}
ZERO_ROWS = {"korea": 1}

COLOMBIA_LISTS = "in_23 in_1 in_28 in_6 in_21".split()
COLOMBIA = {  # period: (persons on the five lists, persons on any list, years, truncated)
    "1990-1994": (707, 920, 5, 0), "1995-1999": (2867, 3512, 5, 0), "2000-2004": (5437, 6110, 5, 0),
    "2005-2009": (2608, 2963, 5, 0), "2010-2014": (2039, 2386, 5, 0), "2015-2017": (436, 487, 3, 1),
}
ORACLE_LABEL = {"2015-2017": "2015-2019"}  # the reference table labels the three years as five

KENYA_LISTS = "DCI DCS NGO BMS NEA".split()
KENYA_COVARIATES = {"age_group": ("child", "adult"), "sex": ("female", "male"),
                    "form": ("sexual", "labour", "other"), "place": ("internal", "abroad")}
KENYA_POPULATION = {"2019": 51203000, "2020": 52218000, "2021": 53219000, "2022": 54253000, "2023": 55338000}

WOMEN_COLUMNS = ("SYNTHETIC county residence stratum cluster weight age wealth schooling age_first_union married_by_18 "
                 "children").split()
WOMEN_ROWS, WOMEN_CLUSTERS, WOMEN_STRATA, WOMEN_NEVER, WOMEN_NO_SCHOOLING = 2634, 368, 92, 1351, 15
WOMEN_TRUTH = {"all": 0.22895, "urban": 0.14483, "rural": 0.27434}
WOMEN_TOTALS = {"urban": 491500, "rural": 911000}

CHILD_LABOUR = SURVEYS[2]
CHILD_ROWS, CHILD_HOURS_UNKNOWN = 6012, 12
CHILD_INDICATORS = ("in employment", "economic", "with chores", "hazardous work")
CHILD_HAZARDS = ("heavy_loads dangerous_tools dust_fumes_gas extreme_temperature noise_vibration heights chemicals_explosives "
                 "night_work hazardous_industry").split()
CHILD_AGES = {"5-17": (5, 17), "5-14": (5, 14), "5-11": (5, 11), "12-14": (12, 14), "15-17": (15, 17)}
CHILD_GROUPS = {"urban": ("residence", "1"), "rural": ("residence", "2"), "male": ("sex", "1"), "female": ("sex", "2")}

DHS_WOMEN, DHS_MEN = SURVEYS[4:6]
DHS_ROWS = {DHS_WOMEN: 3161, DHS_MEN: 1332}
DHS_UNKNOWN_AGES = {DHS_WOMEN: 19, DHS_MEN: 9}
DHS_MODULE = {"0": 772, "1": 2225, "2": 164}

FORCED_LABOUR = SURVEYS[6]
FORCED_ROWS = {("resident", True): 989, ("resident", False): 519, ("returnee", True): 372}
FORCED_STAGES = ("recruitment", "work", "leaving")

SCOTLAND_LISTS = {"enquiry": "S1", "hospital": "S2", "SDMD": "S3", "HCV": "S4"}  # and the names of the reference table
SCOTLAND_STRATA = {"region": ("Region", {"GGC": "GGC", "Rest": "rest"}),
                   "sex": ("Gender", {"Male": "male", "Female": "female"}),
                   "age": ("Age", {"Young": "under 35", "Old": "35+"})}
SCOTLAND = {("GGC", "female", "35+"): 120, ("GGC", "female", "under 35"): 276, ("GGC", "male", "35+"): 482,
            ("GGC", "male", "under 35"): 620, ("rest", "female", "35+"): 225, ("rest", "female", "under 35"): 968,
            ("rest", "male", "35+"): 812, ("rest", "male", "under 35"): 2167}

passed = failed = skipped = 0


def check(what, condition, seen=None):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print("FAILED %s%s" % (what, "" if seen is None else ": got %r" % (seen,)))


def skip(what, path):
    global skipped
    skipped += 1
    print("skipped %s: no %s" % (what, os.path.basename(path)))


def path_of(name, ending=".csv"):
    return os.path.join(HERE, name + ending)


def read_table(path):
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    return rows[0], rows[1:]


def check_bytes(script, file_names):
    """The generator runs and makes the files as they are here. Returns it as a module."""
    with tempfile.TemporaryDirectory() as folder:
        status = subprocess.run([sys.executable, "-B", path_of(script, ".py"), folder]).returncode
        check(script + ": the generator runs", status == 0, status)
        for file_name in file_names:
            made = os.path.join(folder, file_name)
            same = False
            if os.path.exists(made):
                with open(made, "rb") as first, open(os.path.join(HERE, file_name), "rb") as second:
                    same = first.read() == second.read()
            check(file_name + ": the generator makes the same bytes", same)
    spec = importlib.util.spec_from_file_location("generator", path_of(script, ".py"))
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    return generator


def page_of(name):
    with open(path_of(name, ".md"), encoding="utf-8") as stream:
        return stream.read()


def counts_by(header, rows, columns):
    """Sum of count over the rows with the same values in columns; zero sums are left out."""
    where = [header.index(column) for column in columns]
    place = header.index("count")
    sums = {}
    for row in rows:
        key = tuple(row[i] for i in where)
        sums[key] = sums.get(key, 0) + int(row[place])
    return {key: value for key, value in sums.items() if value}


def check_strict(name):
    with open(path_of(name), "rb") as stream:
        content = stream.read()
    check(name + ": ASCII", content.isascii())
    check(name + ": no carriage return", b"\r" not in content)
    check(name + ": no quote", b'"' not in content)
    check(name + ": ends in exactly one line feed", content.endswith(b"\n") and not content.endswith(b"\n\n"))
    lines = content.decode("ascii", "replace").split("\n")[:-1]
    check(name + ": no blank or comment line", all(line and not line.startswith("#") for line in lines))
    check(name + ": same number of fields in every row", len({line.count(",") for line in lines}) == 1)
    check(name + ": no blank around a field",
          all(field == field.strip() for line in lines for field in line.split(",")))


def check_histories(name, lists, others, zero_rows=0):
    """Lists are 0/1 and in order, counts are counts, no row twice, nobody on no list."""
    header, rows = read_table(path_of(name))
    where = [header.index(item) for item in lists if item in header]
    check(name + ": list columns in order", where == sorted(where) and len(where) == len(lists), header)
    check(name + ": count is the last column", header[-1] == "count", header[-1])
    check(name + ": lists hold 0 and 1", all(row[i] in ("0", "1") for row in rows for i in where))
    check(name + ": counts are whole numbers", all(re.match(r"(0|[1-9][0-9]*)$", row[-1]) for row in rows))
    check(name + ": nobody on no list", all("1" in [row[i] for i in where] for row in rows))
    check(name + ": rows with count 0", sum(row[-1] == "0" for row in rows) == zero_rows)
    columns = [header.index(column) for column in others] + where
    keys = [tuple(row[i] for i in columns) for row in rows]
    check(name + ": no row twice", len(set(keys)) == len(keys))


def check_table(name):
    names, persons, row_count, oracle = TABLES[name]
    lists = names.split()
    header, rows = read_table(path_of(name))
    check(name + ": header", header == lists + ["count"], header)
    check(name + ": rows", len(rows) == row_count, len(rows))
    total = sum(int(row[-1]) for row in rows)
    check(name + ": persons", total == persons, total)
    check_histories(name, lists, (), ZERO_ROWS.get(name, 0))
    path = os.path.join(ORACLES, "mse", oracle + ".csv")
    if not os.path.exists(path):
        skip(name + " against its reference table", path)
        return
    other_header, other_rows = read_table(path)
    unnamed = ["L%d" % (i + 1) for i in range(len(lists))] + ["count"]
    check(name + ": list order of the reference table", other_header in (header, unnamed), other_header)
    check(name + ": every row of the reference table, and no other", sorted(rows) == sorted(other_rows))


def check_merged(name):
    source, old, new = MERGED[name]
    header, rows = read_table(path_of(source))
    merged_header, merged_rows = read_table(path_of(name))
    expected = {}
    for row in rows:
        on = {item for item, value in zip(header[:-1], row[:-1]) if value == "1"}
        if on & set(old):
            on = (on - set(old)) | {new}
        key = tuple("1" if item in on else "0" for item in merged_header[:-1])
        expected[key] = expected.get(key, 0) + int(row[-1])
    check(name + ": equals %s with %s merged" % (source, " and ".join(old)),
          counts_by(merged_header, merged_rows, merged_header[:-1]) == expected)


def check_colombia():
    name = "colombia_child_recruitment"
    header, rows = read_table(path_of(name))
    check(name + ": header", header == ["period"] + COLOMBIA_LISTS + ["seen_any_list", "count"], header)
    check(name + ": rows", len(rows) == 141, len(rows))
    check_histories(name, COLOMBIA_LISTS, ("period",))
    totals = counts_by(header, rows, ["period"])
    check(name + ": persons by period", totals == {(p,): v[0] for p, v in COLOMBIA.items()}, totals)
    seen = {(row[0], row[header.index("seen_any_list")]) for row in rows}
    check(name + ": seen on any list", seen == {(p, str(v[1])) for p, v in COLOMBIA.items()}, seen)
    check(name + ": periods in order", [row[0] for row in rows] == sorted(row[0] for row in rows))

    period_header, period_rows = read_table(path_of(name + "_periods"))
    check(name + "_periods: header", period_header == ["period", "years", "truncated"], period_header)
    expected = [[p, str(v[2]), str(v[3])] for p, v in COLOMBIA.items()]
    check(name + "_periods: rows", period_rows == expected, period_rows)

    path = os.path.join(ORACLES, "other", "trend_colombia_5lists_by_period.csv")
    if os.path.exists(path):
        other_header, other_rows = read_table(path)
        expected = ["period"] + COLOMBIA_LISTS + ["count"]
        check(name + ": list order of the reference table", other_header == expected, other_header)
        ours = {(ORACLE_LABEL.get(key[0], key[0]),) + key[1:]: value
                for key, value in counts_by(header, rows, ["period"] + COLOMBIA_LISTS).items()}
        theirs = counts_by(other_header, other_rows, ["period"] + COLOMBIA_LISTS)
        check(name + ": every cell of the reference table, and no other", ours == theirs)
    else:
        skip(name + " against its reference table", path)

    path = os.path.join(ORACLES, "other", "colombia_child_recruitment_R1_patterns.csv")
    if os.path.exists(path):
        other_header, other_rows = read_table(path)
        theirs = counts_by(other_header, other_rows, ["period5"])
        check(name + ": seen on any list, from the pattern file",
              theirs == {(ORACLE_LABEL.get(p, p),): v[1] for p, v in COLOMBIA.items()}, theirs)
        years = sorted({int(row[0]) for row in other_rows})
        check(name + ": the last year of the pattern file is 2017", years[-1] == 2017, years[-1])
    else:
        skip(name + " against the pattern file", path)


def check_kenya():
    name = "kenya_tip_synthetic"
    header, rows = read_table(path_of(name))
    expected = ["SYNTHETIC", "period"] + KENYA_LISTS + list(KENYA_COVARIATES) + ["count"]
    check(name + ": header", header == expected, header)
    check(name + ": marked as synthetic in every row", {row[0] for row in rows} == {"not real persons"})
    check_histories(name, KENYA_LISTS, ["period"] + list(KENYA_COVARIATES))
    for column, values in KENYA_COVARIATES.items():
        seen = {row[header.index(column)] for row in rows}
        check("%s: values of %s" % (name, column), seen == set(values), seen)

    generator = check_bytes("make_" + name, (name + ".csv", name + "_periods.csv"))
    detected = {key[0]: value for key, value in counts_by(header, rows, ["period"]).items()}
    check(name + ": years", list(detected) == [str(year) for year in generator.YEARS], list(detected))
    text = page_of(name)
    for year, value in detected.items():
        truth = generator.TRUE_N[int(year)]
        check("%s %s: fewer detected than the truth" % (name, year), value < truth, value)
        row = "| %s | %d | %d |" % (year, truth, value)
        check("%s %s: truth and detected in the .md" % (name, year), row in text, row)
    for year, population in KENYA_POPULATION.items():
        check("%s: population %s" % (name, year), generator.POPULATION[int(year)] == population)
    period_header, period_rows = read_table(path_of(name + "_periods"))
    expected = ["period", "years", "population", "truncated"]
    check(name + "_periods: header", period_header == expected, period_header)
    check(name + "_periods: rows",
          period_rows == [[y, "1", str(p), "0"] for y, p in KENYA_POPULATION.items()], period_rows)


def check_scotland():
    name = "scotland_pwid_2006"
    header, rows = read_table(path_of(name))
    columns = list(SCOTLAND_STRATA) + list(SCOTLAND_LISTS)
    check(name + ": header", header == columns + ["count"], header)
    check(name + ": rows", len(rows) == 88, len(rows))
    check_histories(name, list(SCOTLAND_LISTS), list(SCOTLAND_STRATA))
    totals = counts_by(header, rows, list(SCOTLAND_STRATA))
    check(name + ": persons by stratum", totals == SCOTLAND, totals)

    path = os.path.join(ORACLES, "mse", "conting_ScotPWID.csv")
    if not os.path.exists(path):
        skip(name + " against its reference table", path)
        return
    other_header, other_rows = read_table(path)
    theirs = {}
    for row in other_rows:
        cell = dict(zip(other_header, row))
        if cell["y"] not in ("NA", "0"):
            key = tuple(words[cell[column]] for column, words in SCOTLAND_STRATA.values())
            theirs[key + tuple(str(int(cell[old] == "obs")) for old in SCOTLAND_LISTS.values())] = int(cell["y"])
    check(name + ": every cell of the reference table, and no other", counts_by(header, rows, columns) == theirs)


def check_linked():
    name = "linked_records_synthetic"
    header, rows = read_table(path_of(name))
    expected = ["SYNTHETIC", "period", "list", "id", "cluster", "date", "person"]
    check(name + ": header", header == expected, header)
    check(name + ": marked as synthetic in every row", {row[0] for row in rows} == {"not real persons"})
    records = [dict(zip(header, row)) for row in rows]
    check_bytes("make_" + name, (name + ".csv", name + "_rates.csv"))
    text = page_of(name)
    for year in ("2019", "2023"):
        of_year = [record for record in records if record["period"] == year]
        counts = [len(of_year)] + [len({record[column] for record in of_year}) for column in ("person", "cluster")]
        row = "| %s | 1500 | %d | %d | %d |" % tuple([year] + counts)
        check("%s %s: truth and counts in the .md" % (name, year), row in text, row)
        check("%s %s: dates within the period" % (name, year),
              all(re.match(year + r"-(0[1-9]|1[0-2])$", record["date"]) for record in of_year))
    for column in ("cluster", "person"):
        keys = [(record[column], record["list"]) for record in records]
        check("%s: no %s twice on a list" % (name, column), len(set(keys)) == len(keys))
    ids = [(record["list"], record["id"]) for record in records]
    check(name + ": no id twice on a list", len(set(ids)) == len(ids))


def check_women_design(name, women):
    """Strata, clusters and weights; each cluster in one stratum, each stratum one county and residence."""
    clusters = {woman["cluster"]: woman["stratum"] for woman in women}
    strata = {woman["stratum"]: (woman["county"], woman["residence"]) for woman in women}
    check(name + ": clusters", len(clusters) == WOMEN_CLUSTERS, len(clusters))
    check(name + ": strata", len(strata) == len(set(strata.values())) == WOMEN_STRATA, len(strata))
    check(name + ": a cluster lies in one stratum",
          all(clusters[woman["cluster"]] == woman["stratum"] for woman in women))
    check(name + ": a stratum is a county by residence",
          all(strata[woman["stratum"]] == (woman["county"], woman["residence"]) for woman in women))
    check(name + ": four clusters a stratum", {list(clusters.values()).count(stratum) for stratum in strata} == {4})
    check(name + ": one weight a cluster", len({(woman["cluster"], woman["weight"]) for woman in women}) == WOMEN_CLUSTERS)
    for residence, total in WOMEN_TOTALS.items():
        weight = sum(float(woman["weight"]) for woman in women if woman["residence"] == residence)
        check("%s: weights of %s add up to the total" % (name, residence), abs(weight - total) < 0.01, weight)


def check_women_answers(name, women):
    check(name + ": ages", {woman["age"] for woman in women} == {"20", "21", "22", "23", "24"})
    never = [woman for woman in women if woman["age_first_union"] == ""]
    check(name + ": never in union", len(never) == WOMEN_NEVER, len(never))
    check(name + ": never in union have 0 and no children",
          {(woman["married_by_18"], woman["children"]) for woman in never} == {("0", "0")})
    check(name + ": married_by_18 follows from the age at first union",
          all((woman["married_by_18"] == "1") == (woman["age_first_union"] != "" and int(woman["age_first_union"]) < 18)
              for woman in women))
    check(name + ": nobody was older at first union than now",
          all(woman["age_first_union"] == "" or int(woman["age_first_union"]) <= int(woman["age"]) for woman in women))
    check(name + ": schooling not known", sum(woman["schooling"] == "" for woman in women) == WOMEN_NO_SCHOOLING)


def check_women_page(name, women, generator):
    """Truth and shares stand on the page; a share is not far from its truth."""
    text = page_of(name)
    for group, value in generator.truth().items():
        chosen = [woman for woman in women if group in ("all", woman["residence"])]
        weight = sum(float(woman["weight"]) for woman in chosen)
        share = sum(float(woman["weight"]) * int(woman["married_by_18"]) for woman in chosen) / weight
        check("%s: truth of %s" % (name, group), "%.5f" % value == "%.5f" % WOMEN_TRUTH[group], value)
        check("%s: share of %s within 0.03 of the truth" % (name, group), abs(share - value) < 0.03, share)
        row = "| %s | %.5f | %.5f |" % (group, value, share)
        check("%s: truth and share of %s in the .md" % (name, group), row in text, row)


def check_women():
    name = SURVEYS[0]
    header, rows = read_table(path_of(name))
    check(name + ": header", header == WOMEN_COLUMNS, header)
    check(name + ": rows", len(rows) == WOMEN_ROWS, len(rows))
    check(name + ": marked as synthetic in every row", {row[0] for row in rows} == {"not real persons"})
    women = [dict(zip(header, row)) for row in rows]
    generator = check_bytes("make_" + name, [survey + ".csv" for survey in SURVEYS[:2]])
    check_women_design(name, women)
    check_women_answers(name, women)
    check_women_page(name, women, generator)

    header, rows = read_table(path_of(SURVEYS[1]))
    check(SURVEYS[1] + ": header", header == ["SYNTHETIC", "variable", "level", "total"], header)
    check(SURVEYS[1] + ": totals by residence and age",
          {tuple(row[1:]) for row in rows} == {("residence:age", "%s:%d" % (residence, age), str(total // 5))
                                               for residence, total in WOMEN_TOTALS.items() for age in range(20, 25)})


def people_of(name):
    """Rows of a survey as dictionaries."""
    header, rows = read_table(path_of(name))
    marked = header[0] == "SYNTHETIC" and {row[0] for row in rows} == {"not real persons"}
    check(name + ": marked as synthetic in every row", marked)
    return [dict(zip(header, row)) for row in rows]


def share(people, weight, holds):
    total = sum(float(person[weight]) for person in people)
    return sum(float(person[weight]) for person in people if holds(person)) / total


def check_design(name, people, stratum, cluster, strata, a_stratum):
    """Each cluster lies in one stratum; so many clusters in each."""
    clusters = {person[cluster]: person[stratum] for person in people}
    counts = [list(clusters.values()).count(number) for number in set(clusters.values())]
    check(name + ": strata", len(counts) == strata, len(counts))
    check(name + ": a cluster lies in one stratum", all(clusters[person[cluster]] == person[stratum] for person in people))
    check(name + ": clusters a stratum", set(counts) == a_stratum, set(counts))
    check(name + ": weights are above 0", all(float(person[key]) > 0 for person in people for key in ("weight", "v005", "mv005")
                                              if key in person))


def child_indicators(child):
    """In employment, child labour in economic activities (SDG 8.7.1), with chores; hazardous work."""
    age, works = int(child["age"]), child["economic_activity"] == "1"
    hours = int(child["hours_economic"]) if works and child["hours_economic"] != "98" else 0
    economic = works and hours >= (1 if age <= 11 else 14 if age <= 14 else 43)
    chores = sum(int(child[key] or 0) for key in ("hours_chores", "hours_water", "hours_firewood"))
    hazardous = works and (hours >= 43 or any(child[key] == "1" for key in CHILD_HAZARDS))
    return works, economic, economic or (age <= 14 and chores >= 21), hazardous


def child_group(group):
    """Which children: of the survey, and of the truth's wanted(number, residence, age, sex)."""
    if group in CHILD_AGES:
        first, last = CHILD_AGES[group]
        return (lambda child: first <= int(child["age"]) <= last), (lambda n, r, age, s: first <= age <= last)
    column, code = CHILD_GROUPS[group]
    return (lambda child: child[column] == code), (lambda n, residence, a, sex: group in (residence, ("male", "female")[sex - 1]))


def check_child_answers(name, children):
    check(name + ": ages", {int(child["age"]) for child in children} == set(range(5, 18)))
    unknown = sum(child["hours_economic"] == "98" for child in children)
    check(name + ": hours not known", unknown == CHILD_HOURS_UNKNOWN, unknown)
    check(name + ": who did not work has no answers on work",
          all(child["economic_activity"] == "1" or all(child[key] == "" for key in ["hours_economic", "industry"] + CHILD_HAZARDS)
              for child in children))
    for question, hours in (("economic_activity", "hours_economic"), ("chores", "hours_chores"), ("fetch_water", "hours_water"),
                            ("firewood", "hours_firewood")):
        check("%s: %s belongs to %s" % (name, hours, question),
              all((child[question] == "1") == (child[hours] not in ("", "0")) for child in children))


def check_child_labour():
    name = CHILD_LABOUR
    children = people_of(name)
    check(name + ": rows", len(children) == CHILD_ROWS, len(children))
    generator = check_bytes("make_" + name, (name + ".csv", name + "_totals.csv"))
    check(name + ": header", list(children[0]) == generator.HEADER, list(children[0]))
    check_design(name, children, "stratum", "psu", 92, {2})
    check_child_answers(name, children)
    text = page_of(name)
    for group in list(CHILD_AGES) + list(CHILD_GROUPS):
        chosen, wanted = child_group(group)
        truth = generator.truth(wanted)
        row = "| %s | %.5f | %.5f | %.5f | %.5f | %.0f |" % ((group,) + tuple(truth))
        check("%s: truth of %s in the .md" % (name, group), row in text, row)
        of_group = [child for child in children if chosen(child)]
        for i, indicator in enumerate(CHILD_INDICATORS):
            value = share(of_group, "weight", lambda child: child_indicators(child)[i])
            check("%s: %s of %s within 0.03 of the truth" % (name, indicator, group), abs(value - truth[i]) < 0.03, value)
            rows = re.findall(r"^\| %s \| %s \| ([0-9.]+) \|" % (group, indicator), text, re.MULTILINE)
            check("%s: %s of %s in the .md" % (name, indicator, group), rows in ([], ["%.5f" % value]), (rows, value))
    header, totals = read_table(path_of(name + "_totals"))
    check(name + "_totals: header", header == ["SYNTHETIC", "variable", "level", "total"], header)
    levels = ["%d:%d" % (residence, age) for residence in (1, 2) for age in range(5, 18)]
    check(name + "_totals: levels", [row[1:3] for row in totals] == [["residence:age", level] for level in levels])
    total = sum(float(row[3]) for row in totals)
    check(name + "_totals: the population of the truth", abs(total - 9429000) < 0.01, total)


def check_dhs_dates(name, people, m):
    """Ages follow from the months of birth, of the first union and of the interview."""
    unions = [person for person in people if person[m + "v511"] not in ("", "98")]
    unknown = [person for person in people if person[m + "v511"] == "98"]
    check(name + ": ages at union not known", len(unknown) == DHS_UNKNOWN_AGES[name], len(unknown))
    check(name + ": their dates are not known", {person[m + "v509"] for person in unknown} == {"9998"})
    for person in people:
        birth, age = int(person[m + "v011"]), int(person[m + "v012"])
        if (int(person[m + "v008"]) - birth) // 12 != age or int(person[m + "v013"]) != (age - 10) // 5:
            check(name + ": age and date of birth agree", False, person)
    check(name + ": age at union and its date agree, before the interview",
          all((int(person[m + "v509"]) - int(person[m + "v011"])) // 12 == int(person[m + "v511"])
              and int(person[m + "v509"]) < int(person[m + "v008"]) for person in unions))
    check(name + ": never in union, no age at union",
          all((person[m + "v501"] == "0") == (person[m + "v511"] == "") == (person[m + "v502"] == "0") for person in people))


def check_dhs_truth(name, people, m, sex, generator, weight):
    """Truth and shares of those of 20 to 24."""
    text = page_of(name)
    for residence in ("all", "urban", "rural"):
        of_group = [person for person in people if 20 <= int(person[m + "v012"]) <= 24
                    and residence in ("all", ("urban", "rural")[int(person[m + "v025"]) - 1])]
        shares = [share(of_group, weight, lambda person: person[m + "v511"] != "" and int(person[m + "v511"]) < age)
                  for age in (15, 18)]
        truth = generator.truth(sex, 20, 24, residence)
        row = "| %s | %.5f | %.5f | %.5f | %.5f |" % (residence, truth["married_by_15"], truth["married_by_18"], *shares)
        check("%s: truth and shares of %s in the .md" % (name, residence), row in text, row)
        near = abs(shares[1] - truth["married_by_18"]) < 0.05
        check("%s: share of %s within 0.05 of the truth" % (name, residence), near, shares)
    ages = (25, 49) if sex == generator.FEMALE else (30, 49)
    median = "%d-%d: %.3f" % (ages + (generator.median(generator.truth(sex, *ages)),))
    check(name + ": true median in the .md", median in text, median)


def forced(woman):
    """Ever forced, by the definition of the module."""
    pressed = any(woman["fm4" + letter] == "1" for letter in "abcdefg")
    return woman["fm2"] in ("3", "4") or (woman["fm2"] == "2" and (woman["fm7"] == "0" or pressed))


def check_module(name, women, generator):
    counts = {code: sum(woman["fm044"] == code for woman in women) for code in DHS_MODULE}
    check(name + ": selected for the module", counts == DHS_MODULE, counts)
    households = [(woman["v001"], woman["v002"]) for woman in women if woman["fm044"] != "0"]
    check(name + ": one woman a household is selected", len(set(households)) == len(households))
    check(name + ": weight of the module where interviewed",
          all((woman["fm044"] == "1") == (woman["fm005"] != "0") for woman in women))
    check(name + ": consent is asked of those in union and interviewed",
          all((woman["fm2"] != "") == (woman["fm044"] == "1" and woman["v501"] != "0") for woman in women))
    text = page_of(name)
    for first, last, residence in generator.FORCED_GROUPS:
        truth = generator.truth(generator.FEMALE, first, last, residence)
        group = "%d-%d%s" % (first, last, "" if residence == "all" else " " + residence)
        row = "| %s | %s |" % (group, " | ".join("%.5f" % truth[key] for key in generator.FORCED))
        check("%s: truth of %s in the .md" % (name, group), row in text, row)
        of_group = [woman for woman in women if woman["fm044"] == "1" and first <= int(woman["v012"]) <= last
                    and residence in ("all", ("urban", "rural")[int(woman["v025"]) - 1])]
        value = share(of_group, "fm005", forced)
        near = abs(value - truth["forced_marriage_ever"]) < 0.04
        check("%s: ever forced, %s, within 0.04 of the truth" % (name, group), near, value)
        check("%s: ever forced, %s, in the .md" % (name, group), group != "18-49" or "women 18-49 | %.5f |" % value in text, value)


def check_dhs():
    generator = check_bytes("make_kenya_dhs_synthetic", (DHS_WOMEN + ".csv", DHS_WOMEN + ".dta", DHS_MEN + ".csv"))
    columns = [name for name, _, _ in generator.WOMEN_VARIABLES]
    for name, m, sex in ((DHS_WOMEN, "", generator.FEMALE), (DHS_MEN, "m", generator.MALE)):
        people = people_of(name)
        expected = columns if not m else [m + column for column in columns[:columns.index("awfactt")]]
        check(name + ": header", list(people[0]) == ["SYNTHETIC"] + expected, list(people[0]))
        check(name + ": rows", len(people) == DHS_ROWS[name], len(people))
        check_design(name, people, m + "v022", m + "v021", 92, {2})
        for column, count in (("v023", 15), ("v024", 47)):
            seen = len({person[m + column] for person in people})
            check("%s: values of %s" % (name, column), seen == count, seen)
        mean = sum(int(person[m + "v005"]) for person in people) / len(people)
        check(name + ": weights have a mean of a million", abs(mean - 1000000) < 1, mean)
        check_dhs_dates(name, people, m)
        check_dhs_truth(name, people, m, sex, generator, m + "v005")
    check_module(DHS_WOMEN, people_of(DHS_WOMEN), generator)


def judged(person):
    """Did no such work in the period, or answered something."""
    questions = ["involuntary_work"] if int(person["age"]) >= 18 else ["child_coerced"]
    return person["in_reference_period"] == "2" or any(person[key] in ("1", "2") for key in questions)


def forced_labour(person, dimensions):
    """By the definition of 2018, or of 2012 (one stage, and there a strong indicator)."""
    def yes(*keys):
        return any(person[key] == "1" for key in keys)
    if int(person["age"]) < 18:
        by_third = (yes("child_for_third_party", "child_with_parents") and yes("child_coerced", "child_parents_coerced"))
        worst = yes("child_slavery", "child_sold", "child_debt_bondage", "child_armed_groups", "child_sexual", "child_illicit")
        return worst or ((by_third or (yes("child_with_parents") and yes("child_parent_forced"))) and not yes("excluded_c29"))
    stages = [[stage] for stage in FORCED_STAGES] if dimensions else [FORCED_STAGES]
    found = any(yes(*("involuntary_" + stage for stage in at)) and yes(*("penalty_" + stage for stage in at))
                and (not dimensions or yes("involuntary_%s_strong" % at[0], "penalty_%s_strong" % at[0])) for at in stages)
    return found and not yes("excluded_c29")


def check_forced_labour():
    name = FORCED_LABOUR
    people = people_of(name)
    generator = check_bytes("make_" + name, (name + ".csv",))
    check(name + ": header", list(people[0]) == list(generator.HEADER), list(people[0]))
    counts = {key: sum((person["group"], int(person["age"]) >= 18) == key for person in people) for key in FORCED_ROWS}
    check(name + ": rows", counts == FORCED_ROWS and len(people) == sum(FORCED_ROWS.values()), counts)
    check_design(name, people, "stratum", "psu", 17, {6, 10})
    total = sum(float(person["weight"]) for person in people)
    check(name + ": weights add up to the population", abs(total - 15560000) < 0.01, total)
    text = page_of(name)
    for ages, group, row_name in (("adults", "resident", "adults, residents"), ("adults", "returnee", "adults, returnees"),
                                  ("adults", "", "adults, all"), ("children", "", "children, all"), ("all", "", "all, all")):
        truth = generator.truth(ages, lambda g, r: group in ("", g))
        row = "| %s | %.5f | %.5f | %.0f |" % ((row_name,) + truth)
        check("%s: truth of %s in the .md" % (name, row_name), row in text, row)
        chosen = [person for person in people if group in ("", person["group"]) and judged(person)
                  and ages in ("all", "adults" if int(person["age"]) >= 18 else "children")]
        for definition, dimensions in (("icls20-2018", False), ("ilo-2012", True)):
            value = share(chosen, "weight", lambda person: forced_labour(person, dimensions))
            near = abs(value - truth[dimensions]) < 0.03
            check("%s: %s of %s within 0.03 of the truth" % (name, definition, row_name), near, value)
            rows = re.findall(r"^\| %s \| `%s` \| ([0-9.]+) \|" % (row_name, definition), text, re.MULTILINE)
            check("%s: %s of %s in the .md" % (name, definition, row_name), rows in ([], ["%.5f" % value]), (rows, value))


BENCHMARK_COLUMNS = ("id indicator concept geography ages sex population year period reference_period definition "
                     "estimate lower upper level se unit n qualifier source note").split()
BENCHMARK_QUALIFIERS = ("", "about", "at least", "at most", "more than", "less than")
BENCHMARK_CENSUS = {"5-17": (1349365, 15866967), "5-14": (969868, 12505987), "15-17": (379497, 3360980)}
BENCHMARK_COUNTIES = {"Samburu": 38.42, "Wajir": 37.75, "Mandera": 36.69, "Turkana": 34.71, "Marsabit": 34.51, "Garissa": 31.42,
                      "Isiolo": 26.42, "Tana River": 24.71, "West Pokot": 22.31, "Murang'a": 2.96, "Kirinyaga": 2.53,
                      "Kisumu": 2.40, "Uasin Gishu": 2.24, "Mombasa": 2.04, "Nyeri": 2.01, "Kiambu": 1.79, "Nairobi": 1.62}


def check_benchmark_rows(name, rows):
    """Each figure has its source, concept, unit and a period that the program reads, and is possible."""
    check(name + ": ids are there once", len({row["id"] for row in rows}) == len(rows))
    for row in rows:
        what = "%s %s" % (name, row["id"])
        check(what + ": id", re.match(r"[a-z0-9-]+$", row["id"]), row["id"])
        check(what + ": told", all(row[key] for key in ("indicator", "concept", "geography", "definition", "unit", "source")))
        check(what + ": period", re.match(r"(\d{4}(-\d{4})?)?$", row["period"]), row["period"])
        check(what + ": qualifier", row["qualifier"] in BENCHMARK_QUALIFIERS, row["qualifier"])
        check(what + ": unit", row["unit"] in ("proportion", "people", "years"), row["unit"])
        value = float(row["estimate"])
        check(what + ": possible", 0 <= value <= {"proportion": 1, "people": 1e8, "years": 100}[row["unit"]], value)
        check(what + ": people are whole", row["unit"] != "people" or value == int(value), value)
        check(what + ": a number of people is called so", row["indicator"].endswith("_number") == (row["unit"] == "people"))


def check_benchmark_census(name, rows):
    """The census shares are what the counts make of them, and the parts add up."""
    census = {(row["indicator"], row["geography"], row["ages"]): row for row in rows if row["id"].startswith("census-2019-working")}
    count = {ages: int(census["census_working_number", "Kenya", ages]["estimate"]) for ages in BENCHMARK_CENSUS}
    for ages, (working, children) in BENCHMARK_CENSUS.items():
        share = census["census_working", "Kenya", ages]
        check("%s: working %s" % (name, ages), count[ages] == working, count[ages])
        check("%s: children %s" % (name, ages), int(share["n"]) == children, share["n"])
        check("%s: share %s" % (name, ages), share["estimate"] == "%.6f" % (count[ages] / int(share["n"])), share["estimate"])
    check(name + ": ages add up", count["5-14"] + count["15-17"] == count["5-17"])
    check(name + ": children add up", sum(BENCHMARK_CENSUS[ages][1] for ages in ("5-14", "15-17")) == BENCHMARK_CENSUS["5-17"][1])
    places = [int(census["census_working_number", "Kenya (%s)" % place, "5-17"]["estimate"]) for place in ("rural", "urban")]
    check(name + ": rural and urban add up", sum(places) == count["5-17"], places)
    check(name + ": the printed misprint is not the census", 969868 + 399732 == 1369600 and count["5-17"] + 20235 == 1369600)
    counties = {row["geography"]: 100 * float(row["estimate"]) for row in census.values()
                if row["indicator"] == "census_working" and row["geography"] != "Kenya"}
    check(name + ": counties", {place: round(value, 2) for place, value in counties.items()} == BENCHMARK_COUNTIES, counties)


def check_benchmarks():
    name = PUBLISHED[0]
    header, table = read_table(path_of(name))
    check(name + ": header", header == BENCHMARK_COLUMNS, header)
    rows = [dict(zip(header, row)) for row in table]
    check(name + ": rows", len(rows) == 127, len(rows))
    check_benchmark_rows(name, rows)
    check_benchmark_census(name, rows)
    by_id = {row["id"]: row for row in rows}
    for year, total in {"2019": 853, "2020": 383, "2021": 482}.items():
        parts = [int(by_id[key]["estimate"]) for key in by_id
                 if re.match("tip-%s-victims-(women|men|girls|boys)$" % year, key)]
        check("%s: victims of %s" % (name, year), int(by_id["tip-%s-victims" % year]["estimate"]) == total == sum(parts), parts)
    for parts in (("forced-labour", "form-not-told"), ("kenyan", "foreign")):
        values = [int(by_id["tip-2021-victims-" + part]["estimate"]) for part in parts]
        check("%s: victims of 2021 by %s" % (name, parts[0]), sum(values) == 482, values)
    refused = [by_id[key]["estimate"] for key in ("census-2009-working-5-17", "norc-2021-csec-kilifi-kwale-mombasa",
                                                  "norc-followup-csec-kilifi-kwale")]
    check(name + ": figures that may not be subtracted", refused == ["0.3449", "6356", "2426"], refused)
    abuse = by_id["norc-2022-gulf-any-abuse"]
    check(name + ": 1,007 of 1,020", "%.4f" % (1007 / int(abuse["n"])) == abuse["estimate"], abuse["estimate"])


def check_population():
    name = RATES[0]
    header, rows = read_table(path_of(name))
    check(name + ": header", header == "denominator period reference_date sex age population geography source".split(), header)
    people = {(row[0], row[1], row[3], row[4]): int(row[5]) for row in rows}
    check(name + ": no group twice", len(people) == len(rows))
    check(name + ": source and date in every row", all(row[2].startswith(row[1]) and row[6] == "Kenya" and row[7] for row in rows))
    un = {key[1]: value for key, value in people.items() if key[0] == "UN WPP 2024 mid-year" and key[2] == "both"}
    check(name + ": UN mid-year estimates", un == {year: 1000 * value for year, value in KENYA_UN.items()}, un)
    for sex, total in KENYA_CENSUS.items():
        check("%s: census, %s" % (name, sex), people[("census 2019", "2019", sex, "all")] == total)
        ages = [people.get(("census 2019", "2019", sex, age), 0) for age in ("0-17", "18+", "not stated")]
        check("%s: census ages add up, %s" % (name, sex), sex == "intersex" or sum(ages) == total, ages)
        part = people.get(("census 2019", "2019", sex, "20-24"), 0)
        check("%s: census, 20-24 is part of 18+, %s" % (name, sex), part <= ages[1], part)
    sexes = sum(people[("UN WPP 2024 mid-year", "2025", sex, "all")] for sex in ("male", "female"))
    check(name + ": the two sexes of 2025 are a thousand more than both, by rounding", sexes == 1000 + un["2025"], sexes)
    check(name + ": census sexes add up", KENYA_CENSUS["both"] == sum(KENYA_CENSUS[sex] for sex in ("male", "female", "intersex")))


def check_victims():
    name = RATES[1]
    header, rows = read_table(path_of(name))
    check(name + ": header", header == "year sex age_group count source".split(), header)
    totals = {key[0]: value for key, value in counts_by(header, rows, ["year"]).items()}
    check(name + ": victims by year", totals == KENYA_VICTIMS, totals)
    check(name + ": no group twice", len({tuple(row[:3]) for row in rows}) == len(rows))
    check(name + ": a source in every row", all(row[4].startswith("US Trafficking in Persons Report 20") for row in rows))
    text = page_of(name)
    for year, value in KENYA_VICTIMS.items():
        check("%s %s: total in the .md" % (name, year), "| %s | %d |" % (year, value) in text)
    printed_header, printed = read_table(path_of(PUBLISHED[0]))
    estimate = {row[0]: row[printed_header.index("estimate")] for row in printed}
    groups = {("female", "adult"): "-women", ("female", "child"): "-girls", ("male", "adult"): "-men", ("male", "child"): "-boys"}
    for year, sex, age, count, _ in rows:
        figure = "tip-%s-victims%s" % (year, groups.get((sex, age), ""))
        check("%s: %s of %s" % (name, figure, PUBLISHED[0]), estimate.get(figure) == count, estimate.get(figure))


def check_index():
    header, rows = read_table(path_of("index"))
    check("index: header", header == INDEX_HEADER, header)
    names = [row[0] for row in rows]
    files = sorted(name[:-4] for name in os.listdir(HERE) if name.endswith(".csv") and name != "index.csv")
    check("index: one row for each CSV", sorted(names) == files, sorted(names))
    for row in rows:
        entry = dict(zip(header, row))
        name = entry["name"]
        if not os.path.exists(path_of(name)):
            continue
        data_header, data_rows = read_table(path_of(name))
        if entry["lists"]:
            lists = entry["lists"].split(" ")
            first = data_header.index(lists[0]) if lists[0] in data_header else 0
            check("index %s: lists" % name, data_header[first:first + len(lists)] == lists, lists)
            total = sum(int(row[-1]) for row in data_rows)
            check("index %s: persons" % name, entry["persons"] == str(total), entry["persons"])
        else:
            without_lists = name.endswith("_periods") or name in RECORDS + SURVEYS + PUBLISHED + RATES
            check("index %s: period file, records or survey" % name, without_lists and entry["persons"] == "")
        check("index %s: public" % name, entry["public"] == "1", entry["public"])
        marked = data_header[0] == "SYNTHETIC"
        check("index %s: synthetic" % name, entry["synthetic"] == str(int(marked)), entry["synthetic"])
        check("index %s: a synthetic set says so in its name" % name, not marked or "synthetic" in name)
        companion = ([name + ending for ending in ("_periods", "_totals") if name + ending in names] + [""])[0]
        check("index %s: companion" % name, entry["companion"] == companion, entry["companion"])
    for name in files:
        documented = os.path.exists(path_of(name, ".md"))
        check(name + ": has its .md", documented)
        if documented:
            with open(path_of(name, ".md"), encoding="utf-8") as stream:
                first_line = stream.readline()
            check(name + ": the .md names it", first_line.startswith("# %s: " % name), first_line)
    return files


def main():
    for name in check_index() + ["index"]:
        check_strict(name)
    for name in TABLES:
        check_table(name)
    for name in MERGED:
        check_merged(name)
    check_colombia()
    check_kenya()
    check_linked()
    check_women()
    check_child_labour()
    check_dhs()
    check_forced_labour()
    check_scotland()
    check_population()
    check_victims()
    check_benchmarks()
    if skipped:
        print("%d skipped" % skipped)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
