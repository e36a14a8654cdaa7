#!/usr/bin/env python3
"""Facial sets of sparse tables, from their definition; for tests only. Needs nothing but Python.

It shares no code with the library or with naive_mse.py, and works on the other side of the duality: both of those look for a
direction z in which the likelihood recedes; here every question is whether a vector lies in a cone of rows. By Farkas' lemma
    a cell w is on the face    <=>  -x_w lies in  span(rows with a count) + cone(kept rows without a count),
    b_0 cannot rise (fall)     <=>  e_0 (-e_0) lies in it,
where x_w is the 0/1 row of w (Fienberg and Rinaldo 2012). Membership is decided by the first phase of the simplex method in exact
fractions. Fits are iterative proportional ones: each parameter in turn scales its cells to their observed sum.

    naive_faces.py write            writes faces_reference.csv and faces_random.csv beside this file
    naive_faces.py check [--all]    compares them with what is found now; without --all every tenth random table

faces_reference.csv: tables with a known face; `counts` by block and history (bit i = list i + 1), the unseen cell's place holds 0;
`face` lists the cells by block and history. Terms of two lists or more are common to the blocks. faces_random.csv: the pattern of
positive cells (`support`, hexadecimal, bit = block * 2^lists + history), the terms (`terms`, bit = mask of the term), the answers.
`unseen` has a letter a block: e estimable, u unbounded, z zero, n neither told.
"""
import csv
import math
import os
import random
import sys
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))


# ---- exact arithmetic ----

def echelon(rows):
    """Reduced row echelon form of the rows, as {pivot column: row}."""
    form = {}
    for row in rows:
        row = [Fraction(v) for v in row]
        for pivot, other in form.items():
            if row[pivot]:
                factor = row[pivot]
                row = [a - factor * b for a, b in zip(row, other)]
        pivot = next((j for j, v in enumerate(row) if v), None)
        if pivot is None:
            continue
        row = [v / row[pivot] for v in row]
        for key, other in form.items():
            if other[pivot]:
                factor = other[pivot]
                form[key] = [a - factor * b for a, b in zip(other, row)]
        form[pivot] = row
    return form


def modulo(vector, form):
    """What is left of the vector modulo the row space, in the columns that are not pivots."""
    vector = [Fraction(v) for v in vector]
    for pivot, row in form.items():
        if vector[pivot]:
            factor = vector[pivot]
            vector = [a - factor * b for a, b in zip(vector, row)]
    return [v for j, v in enumerate(vector) if j not in form]


def in_cone(target, rays):
    """Is the target a sum of rays with weights >= 0? First phase of the simplex method, Bland's rule."""
    if not any(target):
        return True
    table = []
    for i, goal in enumerate(target):
        sign = -1 if goal < 0 else 1
        table.append([sign * ray[i] for ray in rays] + [sign * goal])
    basis = [len(rays) + i for i in range(len(target))]     # artificial variables: their columns are never needed
    gain = [sum(row[j] for row in table) for j in range(len(rays) + 1)]
    while gain[-1] > 0:
        enter = next((j for j in range(len(rays)) if gain[j] > 0), None)
        if enter is None:
            return False
        leave = min((row[-1] / row[enter], basis[i], i) for i, row in enumerate(table) if row[enter] > 0)[2]
        scale = table[leave][enter]
        table[leave] = [v / scale for v in table[leave]]
        for row in table[:leave] + table[leave + 1:] + [gain]:
            factor = row[enter]
            if factor:
                row[:] = [a - factor * b for a, b in zip(row, table[leave])]
        basis[leave] = enter
    return True


# ---- the model ----

def size(mask):
    return bin(mask).count("1")


def closed(generators):
    """Every term of two lists or more within the generators, by size and mask."""
    terms = {part for g in generators for part in range(g + 1) if part & g == part and size(part) > 1}
    return sorted(terms, key=lambda term: (size(term), term))


def read_model(text):
    return closed(sum(1 << (int(digit) - 1) for digit in g) for g in text.strip("[]").split(",") if g)


class Table:
    """Live columns, kept cells and their rows; counts[block * 2^lists + history]."""

    def __init__(self, lists, blocks, counts, terms):
        self.lists, self.blocks, self.counts, self.cells, self.terms = lists, blocks, counts, 1 << lists, terms
        own = [(b, term) for b in range(blocks) for term in [0] + [1 << i for i in range(lists)]]
        columns = own + [(None, term) for term in terms]
        self.columns = [c for c in columns if any(counts[i] for i in self.places() if self.entry(i, c))]
        dead = [c for c in columns if c not in self.columns]
        self.kept = [i for i in self.places() if not any(self.entry(i, c) for c in dead)]
        self.row = {i: [self.entry(i, c) for c in self.columns] for i in self.kept}

    def places(self):
        return [i for i in range(self.blocks * self.cells) if i % self.cells]

    def entry(self, place, column):
        block, term = column
        return int(block in (None, place // self.cells) and place % self.cells & term == term)


def judge(table):
    positive = [i for i in table.kept if table.counts[i]]
    zero = [i for i in table.kept if not table.counts[i]]
    lines = echelon(table.row[i] for i in positive)
    rays = {i: modulo(table.row[i], lines) for i in zero}
    distinct = [list(ray) for ray in {tuple(ray) for ray in rays.values()} if any(ray)]
    known = {}

    def spans(vector):
        if tuple(vector) not in known:
            known[tuple(vector)] = in_cone(vector, distinct)
        return known[tuple(vector)]

    face = [i for i in table.kept if table.counts[i] or spans([-v for v in rays[i]])]
    on_face = echelon(table.row[i] for i in face)
    unseen = ""
    for b in range(table.blocks):
        unit = [int(c == (b, 0)) for c in table.columns]
        left = modulo(unit, lines)
        if not any(unit):
            unseen += "n"
        elif not any(modulo(unit, on_face)):
            unseen += "e"
        else:
            rises, falls = not spans(left), not spans([-v for v in left])
            unseen += "n" if rises == falls else "u" if rises else "z"
    rank_kept = len(echelon(table.row.values()))
    status = (0 if len(face) == len(table.kept) else 1) + (0 if rank_kept == len(table.columns) else 2)
    return {"status": status, "live": len(table.columns), "kept": len(table.kept), "face": face, "rank": len(on_face),
            "unseen": unseen}


# ---- fits ----

def scale_once(mu, groups):
    change = 0.0
    for members, goal in groups:
        factor = goal / sum(mu[i] for i in members)
        change = max(change, abs(factor - 1))
        for i in members:
            mu[i] *= factor
    return change


def proportional_fit(table, cells, cycles, tolerance=1e-15):
    mu = {i: 1.0 for i in cells}
    groups = []
    for column in table.columns:
        members = [i for i in cells if table.entry(i, column)]
        groups.append((members, float(sum(table.counts[i] for i in members))))
    for _ in range(cycles):
        if scale_once(mu, groups) < tolerance:
            break
    return mu


def loglik(table, mu):
    parts = [table.counts[i] * math.log(m) - m - math.lgamma(table.counts[i] + 1) if table.counts[i] else -m
             for i, m in mu.items()]
    return math.fsum(parts)


def weights_of_unit(table, face, block):
    """Weights c on the face with e_0 = sum of c_w x_w: the unseen count is the product of mu_w^c_w. None if there are none."""
    unit = [int(c == (block, 0)) for c in table.columns]
    rows = [[table.row[i][j] for i in face] + [unit[j]] for j in range(len(table.columns))]
    form = echelon(rows)
    if len(face) in form:
        return None
    return {face[pivot]: row[-1] for pivot, row in form.items() if row[-1]}


def populations(table, answer, mu):
    found = []
    for b in range(table.blocks):
        weights = weights_of_unit(table, answer["face"], b) if answer["unseen"][b] == "e" else None
        n = sum(table.counts[b * table.cells:(b + 1) * table.cells])
        found.append(n + math.exp(math.fsum(float(c) * math.log(mu[i]) for i, c in weights.items())) if weights else None)
    return found


# ---- tables with a known face ----

def at(lists, **counts):
    """at(3, _1=40, _12=6): counts by list numbers."""
    table = [0] * (1 << lists)
    for name, count in counts.items():
        table[sum(1 << (int(digit) - 1) for digit in name[1:])] = count
    return table


def colombia():
    """The first period of the bundled table."""
    path = os.path.join(HERE, "..", "..", "datasets", "colombia_child_recruitment.csv")
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    lists = [j for j, name in enumerate(rows[0]) if name.startswith("in_")]
    counts = [0] * (1 << len(lists))
    for row in rows[1:]:
        if row[0] == rows[1][0]:
            counts[sum(int(row[j]) << i for i, j in enumerate(lists))] += int(row[-1])
    return counts


ARTIFICIAL = at(3, _1=40, _2=30, _12=6, _3=20)
SLICES = dict(_1=60, _2=50, _3=40, _12=9, _13=8, _23=6, _123=4)
PRODUCT = dict(_4=8, _14=4, _24=4, _34=4, _124=2, _134=2, _234=2, _1234=1)
GROUPS = at(4, _1=25, _2=30, _12=7, _3=12, _4=20, _34=5)
CHAIN = dict(_1=40, _3=30, _13=8, _2=24, _12=12, _23=6, _123=3)


def without(counts, *names):
    return {name: 0 if name in names else count for name, count in counts.items()}


def known_tables():
    """name, lists, blocks, counts, model"""
    korea = at(3, _1=5, _2=5, _12=54, _3=41, _13=6, _23=0, _123=12)
    pairs3 = "[12,13,23]"
    return [
        ("artificial one pair", 3, 1, ARTIFICIAL, "[12]"),
        ("artificial two pairs", 3, 1, ARTIFICIAL, "[12,13]"),
        ("artificial empty pairs", 3, 1, ARTIFICIAL, "[13,23]"),
        ("artificial all pairs", 3, 1, ARTIFICIAL, pairs3),
        ("korea two pairs", 3, 1, korea, "[12,13]"),
        ("korea all pairs", 3, 1, korea, pairs3),
        ("colombia 1990-94", 5, 1, colombia(), "[12,13,14,15,23,24,25,34,35,45]"),
        ("opposite cells", 3, 1, at(3, **without(SLICES, "_1", "_23")), pairs3),
        ("two single cells", 3, 1, at(3, **without(SLICES, "_1", "_2")), pairs3),
        ("two pair cells", 3, 1, at(3, **without(SLICES, "_12", "_13")), pairs3),
        ("included list", 2, 1, at(2, _1=10, _12=3), "[]"),
        ("everybody on list 1", 3, 1, at(3, _1=12, _12=8, _13=6, _123=4), "[]"),
        ("two groups", 4, 1, GROUPS, "[12,34]"),
        ("two groups and an empty pair", 4, 1, GROUPS, "[12,34,13]"),
        ("chain unbounded", 3, 1, at(3, **without(CHAIN, "_13")), "[12,23]"),
        ("chain zero", 3, 1, at(3, **without(CHAIN, "_1")), "[12,23]"),
        ("chain neither", 3, 1, at(3, **without(CHAIN, "_1", "_13")), "[12,23]"),
        ("chain finite", 3, 1, at(3, **without(CHAIN, "_2", "_23")), "[12,23]"),
        ("empty list", 3, 1, at(3, _1=12, _2=8, _12=4), "[13]"),
        ("slice finite", 4, 1, at(4, **SLICES, **without(PRODUCT, "_4", "_1234")), "[124,134,234]"),
        ("slice zero", 4, 1, at(4, **without(SLICES, "_1"), **PRODUCT), "[124,134,234]"),
        ("slice unbounded", 4, 1, at(4, **without(SLICES, "_12"), **PRODUCT), "[124,134,234]"),
        ("cycle zero", 4, 1, at(4, _13=5, _24=6, _134=3, _2=20, _14=7, _23=8, _124=2, _3=25), "[12,23,34,14]"),
        ("cycle neither", 4, 1, at(4, _1=30, _14=9, _134=4, _2=28, _23=7, _234=5, _1234=2), "[12,23,34,14]"),
        ("blocks of two lists", 2, 2, [0, 10, 8, 0, 0, 20, 30, 5], "[12]"),
        ("blocks, one sparse", 3, 2, ARTIFICIAL + at(3, **SLICES), pairs3),
        ("blocks, one included", 3, 2, at(3, _1=12, _12=8, _13=6, _123=4) + at(3, **SLICES), "[]"),
        ("blocks finite", 3, 2, at(3, **without(CHAIN, "_2", "_23")) + at(3, _1=22, _3=35, _13=5, _12=9, _123=6), "[12,23]"),
    ]


def number(value):
    return "none" if value is None else repr(value) if isinstance(value, int) else "%.13g" % value


REFERENCE_HEADER = ["name", "lists", "blocks", "counts", "model", "status", "live", "kept", "face", "rank", "unseen", "n_hat",
                    "loglik"]


def reference_rows():
    for name, lists, blocks, counts, model in known_tables():
        table = Table(lists, blocks, counts, read_model(model))
        answer = judge(table)
        mu = proportional_fit(table, answer["face"], 200000)
        yield [name, str(lists), str(blocks), " ".join(map(str, counts)), model, str(answer["status"]), str(answer["live"]),
               str(answer["kept"]), " ".join(map(str, answer["face"])), str(answer["rank"]), answer["unseen"],
               " ".join(number(v) for v in populations(table, answer, mu)), number(loglik(table, mu))]


# ---- random sparse tables ----

RANDOM_HEADER = ["lists", "blocks", "support", "terms", "status", "face", "rank", "unseen"]
RANDOM_TABLES = 2000


def random_table(index):
    rng = random.Random("faces %d" % index)
    lists, blocks = rng.choice([(3, 1), (4, 1), (4, 1), (5, 1), (3, 2), (4, 2)])
    cells = 1 << lists
    density = rng.uniform(0.15, 0.6)
    chance = [0 if w == 0 else min(1.0, density * (2.2 if size(w) == 1 else 1)) for w in range(cells)]
    counts = [int(rng.random() < chance[i % cells]) for i in range(blocks * cells)]
    full = cells - 1
    generators = [rng.randrange(1, full) for _ in range(rng.randrange(1, lists + 2))]
    most = rng.choice([2, 2, 3, lists - 1])
    parts = [part for g in generators for part in range(g + 1) if part & g == part and size(part) <= most]
    return Table(lists, blocks, counts, closed(parts))


def random_row(index):
    table = random_table(index)
    answer = judge(table)
    support = sum(1 << i for i in table.places() if table.counts[i])
    return [str(table.lists), str(table.blocks), "%x" % support, "%x" % sum(1 << term for term in table.terms),
            str(answer["status"]), "%x" % sum(1 << i for i in answer["face"]), str(answer["rank"]), answer["unseen"]]


# ---- files ----

def write(name, header, rows):
    path = os.path.join(HERE, name)
    with open(path + ".part", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    os.replace(path + ".part", path)


def read(name):
    with open(os.path.join(HERE, name), newline="") as file:
        return list(csv.reader(file))[1:]


def is_limit(table, face):
    """Proportional fits on all kept cells: those off the face run to zero as 1 / cycles, the others to their fit on the face,
    and the likelihood rises to that of the face."""
    on_face = proportional_fit(table, face, 200000)
    early, late = (proportional_fit(table, table.kept, cycles) for cycles in (2000, 20000))
    falling = all(late[i] < 0.02 and late[i] < 0.2 * early[i] for i in table.kept if i not in face)
    near = all(abs(late[i] - on_face[i]) < 0.02 * on_face[i] for i in face)
    gaps = [loglik(table, on_face) - loglik(table, mu) for mu in (early, late)]
    return falling and near and -1e-8 < gaps[1] < 0.05 and (gaps[1] < 1e-6 or gaps[1] < 0.2 * gaps[0])


def check(everything):
    faults = 0
    stored = read("faces_reference.csv")
    for row, found in zip(stored, reference_rows()):
        same = row[:11] == found[:11] and all(
            a == b or abs(float(a) - float(b)) <= 1e-9 * abs(float(b))
            for a, b in zip(row[11].split() + row[12:], found[11].split() + found[12:]))
        table = Table(int(row[1]), int(row[2]), [int(v) for v in row[3].split()], read_model(row[4]))
        limit = is_limit(table, [int(v) for v in row[8].split()])
        if not same or not limit:
            faults += 1
            print("%s: found %s%s" % (row[0], found[5:], "" if limit else ", which is not the limit of proportional fits"))
    tables = range(0, RANDOM_TABLES, 1 if everything else 10)
    random_stored = read("faces_random.csv")
    for index in tables:
        if random_stored[index] != random_row(index):
            faults += 1
            print("random table %d: found %s, stored %s" % (index, random_row(index), random_stored[index]))
    faults += (len(stored) != len(known_tables())) + (len(random_stored) != RANDOM_TABLES)
    print("%d known faces, %d random tables, %d faults" % (len(stored), len(tables), faults))
    return 1 if faults else 0


def main(arguments):
    if arguments == ["write"]:
        write("faces_reference.csv", REFERENCE_HEADER, reference_rows())
        write("faces_random.csv", RANDOM_HEADER, (random_row(index) for index in range(RANDOM_TABLES)))
        return 0
    if arguments in (["check"], ["check", "--all"]):
        return check("--all" in arguments)
    sys.stderr.write("usage: naive_faces.py write | check [--all]\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
