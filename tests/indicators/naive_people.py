"""Estimates from records, written from the definitions and slowly: shares, ratios, Taylor standard errors, medians of the DHS.

For naive_marriage.py and naive_forced.py. Pure Python, nothing is shared with the library.
Formulas: Sarndal, Swensson and Wretman 1992 (5.5); Guide to DHS Statistics (medians).
"""
import csv
import json
import math
import os
import subprocess
import tempfile
from math import fsum

CLOSE = 1e-10


class Sample:
    """Records with a weight, a stratum and a primary sampling unit each."""

    def __init__(self, records, weights, strata, units):
        self.records, self.weights, self.strata, self.units = records, weights, strata, units

    def ratio(self, values, denominators):
        """values y, denominators d: a number a record, or None outside the domain. sum w y / sum w d and what goes with it."""
        inside = [v is not None and d is not None and w > 0 for v, d, w in zip(values, denominators, self.weights)]
        n = sum(inside)
        if n == 0:
            return None
        below = fsum(w * d for w, d, i in zip(self.weights, denominators, inside) if i)
        if below == 0:
            return None
        estimate = fsum(w * v for w, v, i in zip(self.weights, values, inside) if i) / below
        residuals = [w * (v - estimate * d) / below if i else 0.0 for w, v, d, i in zip(self.weights, values, denominators, inside)]
        return {"estimate": estimate, "se": math.sqrt(self.variance(residuals)), "df": self.freedom(inside), "n": n,
                "n_weighted": fsum(w for w, i in zip(self.weights, inside) if i),
                "srs": self.simple_random(values, denominators, inside, estimate)}

    def variance(self, residuals):
        totals = {}
        for stratum, unit, residual in zip(self.strata, self.units, residuals):
            totals.setdefault(stratum, {}).setdefault(unit, []).append(residual)
        terms = []
        for units in totals.values():
            sums = [fsum(unit) for unit in units.values()]
            middle = fsum(sums) / len(sums)
            terms.append(len(sums) / (len(sums) - 1) * fsum((s - middle) ** 2 for s in sums))
        return fsum(terms)

    def freedom(self, inside):
        units = {(h, u) for h, u, i in zip(self.strata, self.units, inside) if i}
        return len(units) - len({h for h, _ in units})

    def simple_random(self, values, denominators, inside, estimate):
        """Standard error of a simple random sample of as many cases, drawn with replacement."""
        if any(d != 1 for d, i in zip(denominators, inside) if i):
            return None
        n = sum(inside)
        total = fsum(w for w, i in zip(self.weights, inside) if i)
        spread = fsum(w * (v - estimate) ** 2 for w, v, i in zip(self.weights, values, inside) if i) / total
        return math.sqrt(spread / (n - 1)) if n > 1 else None

    def share(self, values):
        return self.ratio(values, [None if v is None else 1 for v in values])

    def median(self, ages, youngest, rounded):
        """ages: at the event in completed years, 99 = never, None = outside the group. None = not reached, or NA in the DHS."""
        total = fsum(w for w, a in zip(self.weights, ages) if a is not None)
        if total == 0:
            return None
        before = 0.0
        for age in sorted({a for a in ages if a is not None and a < 99}):
            upto = fsum(w for w, a in zip(self.weights, ages) if a is not None and a <= age) / total
            low, high = (round_half_up(before, 4), round_half_up(upto, 4)) if rounded else (before, upto)
            if high >= 0.5:
                found = age + (0.5 - low) / (high - low)
                return None if rounded and found > youngest else found
            before = upto
        return None


def round_half_up(x, digits):
    return math.floor(x * 10 ** digits + 0.5) / 10 ** digits


# --- Records and runs -----------------------------------------------------------------------------------------------------------

def number(text):
    """A cell as a number, None if it is empty."""
    return None if text in ("", "NA", None) else float(text)


def read_records(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(program, method, records, codebook, arguments):
    """`est METHOD` on the records: (the result, None) or (None, what it said)."""
    with tempfile.TemporaryDirectory() as folder:
        data, book = os.path.join(folder, "data.csv"), os.path.join(folder, "codebook.ini")
        columns = [name for name in records[0] if name != "clause" and not name.startswith("expected_")]
        with open(data, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(records)
        with open(book, "w", encoding="utf-8") as file:
            file.write(codebook)
        command = [program, method, data, "--codebook", book, "--format", "json", "--internal", "--quiet", *arguments]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return None, "status %d: %s" % (answer.returncode, " ".join(answer.stderr.split())[:600])
    return json.loads(answer.stdout), None


class Check:
    """Counts comparisons and keeps the faults."""

    def __init__(self):
        self.compared, self.faults = 0, []

    def fault(self, text):
        self.faults.append(text)

    def equal(self, what, found, expected, tolerance=CLOSE):
        self.compared += 1
        if expected is None and found is None:
            return
        is_number = expected is not None and isinstance(found, (int, float))
        if not is_number or not abs(found - expected) <= tolerance * max(1.0, abs(expected)):
            self.faults.append("%s: found %r, expected %r" % (what, found, expected))

    def row(self, what, row, expected):
        """A row of a result (None: there is none) against an estimate of Sample.ratio (None: nobody)."""
        if expected is None:
            self.equal(what, None if row is None else row.get("estimate"), None)
            return
        for quantity in ("estimate", "se", "df", "n", "n_weighted"):
            self.equal("%s, %s" % (what, quantity), None if row is None else row.get(quantity), expected[quantity])

    def bound(self, what, result, estimand, ages, expected):
        """The frame of bounds: what the indicator would be if missing answers were all yes, in percent."""
        cells = frame_of(result, "bounds").get((estimand, ages))
        self.equal("%s, %s %s at most" % (what, estimand, ages), cells and cells[1],
                   None if expected is None else 100 * expected["estimate"])

    def refused(self, what, words, answer):
        """The run (of `run`) failed with status 3 and said these words."""
        self.compared += 1
        fault = answer[1] or "no fault"
        if not fault.startswith("status 3:") or words not in fault:
            self.faults.append("%s: %s, expected status 3 and %r" % (what, fault, words))

    def report(self):
        for fault in self.faults[:20]:
            print("FAULT " + fault)
        print("%d numbers compared, %d faults" % (self.compared, len(self.faults)))
        return 1 if self.faults or self.compared == 0 else 0


def rows_of(result):
    """{(estimand, ages, domain without the ages): row}, the rows of standard tables left out."""
    return {(row["estimand"], row.get("ages", ""), tuple(sorted(item for item in row["domain"].items() if item[0] != "age"))): row
            for row in result["rows"] if not row.get("table")}


def frame_of(result, name):
    """{(first cell, ages): the cells after it}."""
    frame = result["frames"].get(name)
    return {} if frame is None else {(cells[0], cells[1]): cells[2:] for cells in frame["rows"]}
