"""Surveys: values against formulas written out here and against the program, the forms of a request, errors, results."""
import csv
import io
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
import warnings
from pathlib import Path

import numpy as np

import libest as est

try:
    import pandas as pd
except ImportError:
    pd = None

# Two strata, three PSUs each, corrections for finite populations; the numbers are invented.
SAMPLE = {
    "stratum": ["north"] * 9 + ["south"] * 9, "psu": [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3 + [5] * 3 + [6] * 3,
    "size": [20] * 9 + [12] * 9, "weight": [6.5] * 3 + [8] * 3 + [7] * 3 + [3] * 3 + [4.5] * 3 + [4] * 3,
    "sex": ["f", "m", "f"] * 6,
    "income": [12, 15, 11, 30, 22, 25, 9, 14, 18, 41, 35, 38, 20, 28, 26, 33, 47, 29],
    "hours": [30, 42, 25, 51, 60, 44, 20, 35, 38, 66, 58, 61, 40, 52, None, 57, 70, 49],
}
DESIGN = {"weight": "weight", "strata": "stratum", "psu": "psu", "fpc": "size"}


def run(data=SAMPLE, function=est.survey, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(data, **{"internal": True, **(DESIGN if function is est.survey else {}), **options})


def rows(result):
    return [(row.estimand, tuple(row.domain.items()), repr(row.estimate), repr(row.se), repr(row.lower), row.n)
            for row in result.rows]


def naive_variance(z):
    """Between PSUs: the sum over strata of (1 - n/N) n / (n - 1) sum (z - mean z)^2."""
    totals = {}
    for stratum, psu, size, value in zip(SAMPLE["stratum"], SAMPLE["psu"], SAMPLE["size"], z):
        totals.setdefault((stratum, size), {}).setdefault(psu, []).append(value)
    variance = 0.0
    for (_, size), units in totals.items():
        sums = [math.fsum(values) for values in units.values()]
        n, centre = len(sums), math.fsum(sums) / len(sums)
        variance += (1 - n / size) * n / (n - 1) * math.fsum((value - centre) ** 2 for value in sums)
    return variance


def influence(name, inside=lambda place: True):
    used = [place for place, value in enumerate(SAMPLE[name]) if value is not None and inside(place)]
    weight = math.fsum(SAMPLE["weight"][place] for place in used)
    mean = math.fsum(SAMPLE["weight"][place] * SAMPLE[name][place] for place in used) / weight
    z = [SAMPLE["weight"][i] * (SAMPLE[name][i] - mean) / weight if i in used else 0.0 for i in range(18)]
    return mean, z


class Values(unittest.TestCase):
    def test_means(self):
        result = run(mean=["income", "hours"])
        for name in ("income", "hours"):
            mean, z = influence(name)
            self.assertAlmostEqual(result.estimates[name], mean, delta=1e-10)
            self.assertAlmostEqual(result.find(f"mean({name})").se, math.sqrt(naive_variance(z)), delta=1e-10)

    def test_domain(self):
        result = run(mean="income", by="sex")
        mean, z = influence("income", lambda place: SAMPLE["sex"][place] == "f")
        self.assertEqual(result.names, ("income", "f", "m"))
        self.assertAlmostEqual(result.estimates["f"], mean, delta=1e-10)
        row = result.find("mean(income)", sex="f")
        self.assertAlmostEqual(row.se, math.sqrt(naive_variance(z)), delta=1e-10)
        self.assertEqual(row.n, 12)
        self.assertAlmostEqual(row.n_weighted, 2 / 3 * sum(SAMPLE["weight"]), delta=1e-9)
        self.assertAlmostEqual(row.cv, row.se / row.estimate, delta=1e-12)
        self.assertAlmostEqual(row.deft, math.sqrt(row.deff), delta=1e-12)
        only = run(mean="income", where='sex == "f"').rows[0]
        self.assertEqual((only.estimate, only.se), (row.estimate, row.se))

    @unittest.skipUnless(pd, "pandas is not installed")
    def test_covariance(self):
        result = run(mean=["income", "hours"], total="income", covariance=True)
        self.assertEqual(result.names, ("mean(income)", "hours", "total(income)"))
        matrix = result.covariance()
        self.assertEqual(list(matrix.columns), list(result.names))
        plus = [a + b for a, b in zip(influence("income")[1], influence("hours")[1])]
        minus = [a - b for a, b in zip(influence("income")[1], influence("hours")[1])]
        self.assertAlmostEqual(matrix.loc["mean(income)", "hours"], (naive_variance(plus) - naive_variance(minus)) / 4, delta=1e-10)
        self.assertAlmostEqual(matrix.iloc[2, 2], result.rows[2].se ** 2, delta=1e-9)
        self.assertTrue(math.isnan(run(mean=["income", "hours"]).covariance().iloc[0, 1]))
        line = run(linear="income ~ hours + factor(sex)")
        self.assertEqual(line.names, ("(Intercept)", "hours", "sexm"))
        self.assertFalse(line.covariance().isna().any().any())

    @unittest.skipUnless(pd, "pandas is not installed")
    def test_frames(self):
        result = run(mean="income", by="sex")
        frame = result.to_frame()
        self.assertEqual(list(frame["deff"]), [row.deff for row in result.rows])
        self.assertEqual(list(frame["sex"]), ["", "f", "m"])
        self.assertNotIn("deff", run(est.dataset("kosovo_1999"), est.mse, model="main", ci="none").to_frame().columns)
        self.assertEqual(list(result.confint().columns), ["estimand", "sex", "model", "lower", "upper", "level", "interval"])
        named = run({**SAMPLE, "level": SAMPLE["sex"]}, mean="income", by="level").to_frame()
        self.assertEqual(list(named["domain_level"]), ["", "f", "m"])
        self.assertEqual(named["level"][0], 0.95)

    def test_kenya(self):
        """Figures: est.datasets()["kenya_women_synthetic"].description."""
        result = run(est.dataset("kenya_women_synthetic"), proportion="married_by_18=1", by="residence", weight="weight",
                     strata="stratum", psu="cluster", fpc=None, internal=False)
        self.assertEqual([round(row.estimate, 5) for row in result.rows], [0.23215, 0.27598, 0.15089])
        self.assertEqual([round(row.se, 5) for row in result.rows], [0.01117, 0.01595, 0.01193])
        self.assertTrue(result.is_synthetic and result.is_public)

    def test_pickle(self):
        result = run(mean="income", by="sex")
        self.assertEqual(pickle.loads(pickle.dumps(result)), result)


class Forms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.expected = rows(run(mean=["income", "hours"], by="sex"))

    def same(self, data, **options):
        self.assertEqual(rows(run(data, **{"mean": ["income", "hours"], "by": "sex", **options})), self.expected)

    def test_requests(self):
        self.same(SAMPLE, mean="income,hours")
        self.same(SAMPLE, mean=("income", "hours"), by=["sex"], psu=["psu"])
        self.same({**SAMPLE, "other": [{}] * 18})
        self.assertEqual(rows(run(SAMPLE, lambda data, **options: est.run("survey", data, **DESIGN, **options), mean="income,hours",
                                  by="sex")), self.expected)

    def test_arrays(self):
        self.same({name: np.array(values, dtype=object if name == "hours" else None) for name, values in SAMPLE.items()})

    @unittest.skipUnless(pd, "pandas is not installed")
    def test_pandas_types(self):
        frame = pd.DataFrame(SAMPLE)
        self.same(frame)
        self.same(frame.astype({"sex": "category", "stratum": "category", "income": "Int64", "hours": "Float64"}))
        self.same(frame.astype({"sex": "string", "hours": "Int64", "psu": "category", "income": "int8"}))
        self.same(frame.assign(nested=[[1]] * 18))
        self.assertEqual(list(frame.columns), list(SAMPLE))

    def test_quantiles(self):
        named = run(quantile={"income": [0.25, 0.5]})
        self.assertEqual(named.names, ("income.0.25", "income.0.5"))
        self.assertEqual(rows(run(quantile=["income@0.25", "income@0.5"])), rows(named))
        self.assertEqual(rows(run(quantile={"income": 0.25})), rows(named)[:1])

    def test_margins(self):
        lines = {"variable": ["sex", "sex"], "level": ["f", "m"], "total": [70, 40]}
        expected = run(mean="income", calibrate="rake", margins=lines)
        self.assertEqual(rows(run(mean="income", calibrate="rake", margins={"sex": {"f": 70, "m": 40}})), rows(expected))
        crossed = run(mean="income", calibrate="poststratify", margins={
            ("sex", "stratum"): {("f", "north"): 41, ("m", "north"): 25, ("f", "south"): 28, ("m", "south"): 15}})
        known = {row[0]: row[3] for row in crossed.frames["margins"].rows}
        self.assertEqual(sorted(round(value, 8) for value in known.values()), [15, 25, 28, 41])
        number = run(mean="hours", calibrate="linear", margins={"sex": {"f": 70, "m": 40}, "income": 2300})
        self.assertEqual([round(row[3], 6) for row in number.frames["margins"].rows], [70, 40, 2300])

    def test_contrasts_and_tests(self):
        result = run(mean="income", by="sex", contrast=["sex=f - sex=m", "sex=f / sex=m"])
        self.assertEqual(result.names[3:], ("sex=f - sex=m", "sex=f / sex=m"))
        self.assertAlmostEqual(result.estimates["sex=f - sex=m"], result.estimates["f"] - result.estimates["m"], delta=1e-12)
        tests = [repr(run(association=pair).frames["association_tests"]) for pair in (("sex", "stratum"), "sex:stratum")]
        self.assertEqual(tests[0], tests[1])

    def test_odd_names(self):
        odd = {'income, "all"' if name == "income" else name: values for name, values in SAMPLE.items()}
        result = run(odd, mean=['income, "all"', "hours"])
        self.assertEqual(result.rows[0].estimate, run(mean="income").rows[0].estimate)

    def test_replicates(self):
        data = {**SAMPLE, "rw1": [0] * 9 + [8] * 9, "rw2": [13] * 9 + [0] * 9, "rw3": SAMPLE["weight"]}
        wanted = {"strata": None, "psu": None, "fpc": None, "variance": "supplied", "replicate_type": "other"}
        result = run(data, mean="income", replicates="rw*", scale=0.5, rscales=[1, 0.5, 1], mse=True, **wanted)
        means = [np.average(SAMPLE["income"], weights=data[name]) for name in ("rw1", "rw2", "rw3")]
        whole = np.average(SAMPLE["income"], weights=SAMPLE["weight"])
        variance = 0.5 * sum(r * (mean - whole) ** 2 for r, mean in zip((1, 0.5, 1), means))
        self.assertAlmostEqual(result.rows[0].se, math.sqrt(variance), delta=1e-10)
        self.assertEqual(rows(run(data, mean="income", replicates=["rw1", "rw2", "rw3"], scale=0.5, rscales=(1, 0.5, 1), mse=True,
                                  **wanted)), rows(result))


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "sample.csv"
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(SAMPLE)
        writer.writerows(["" if value is None else value for value in row] for row in zip(*SAMPLE.values()))
        self.path.write_text(text.getvalue())

    def test_paths(self):
        expected = rows(run(mean=["income", "hours"], by="sex"))
        for path in (str(self.path), self.path):
            self.assertEqual(rows(run(path, mean=["income", "hours"], by="sex")), expected)
        self.assertEqual(run("dataset:kosovo_1999", est.mse, model="main").text, run(est.dataset("kosovo_1999"), est.mse,
                                                                                     model="main").text)
        known = self.folder / "known.csv"
        known.write_text("variable,level,total\nsex,f,70\nsex,m,40\n")
        self.assertEqual(rows(run(mean="income", calibrate="rake", margins=known)),
                         rows(run(mean="income", calibrate="rake", margins={"sex": {"f": 70, "m": 40}})))

    @unittest.skipUnless(pd, "pandas is not installed")
    def test_stata(self):
        frame = pd.DataFrame(SAMPLE).astype({"hours": "float64"})
        frame.to_stata(self.folder / "sample.dta", write_index=False)
        self.assertEqual(rows(run(self.folder / "sample.dta", mean=["income", "hours"], by="sex")),
                         rows(run(mean=["income", "hours"], by="sex")))

    @unittest.skipUnless(os.environ.get("EST"), "EST does not name the program")
    def test_program(self):
        result = run(self.path, mean=["income", "hours"], by="sex", covariance=True)
        for kind, report in result.reports.items():
            with self.subTest(kind):
                done = subprocess.run([os.environ["EST"], "survey", str(self.path), "--mean", "income,hours", "--by", "sex",
                                       "--weight", "weight", "--strata", "stratum", "--psu", "psu", "--fpc", "size",
                                       "--covariance", "--internal", "--quiet", "--format", kind], capture_output=True, check=True)
                self.assertEqual(report, done.stdout.decode("utf-8"))
        table = run(mean=["income", "hours"], by="sex", covariance=True)
        self.assertEqual(json.loads(table.json)["rows"], json.loads(result.json)["rows"])
        self.assertEqual(table.frames["covariance"], result.frames["covariance"])

    def test_no_file(self):
        for path, family in (("-", est.EstOptionError), (self.folder / "none.csv", est.EstDataError), (5, est.EstOptionError)):
            with self.subTest(path), self.assertRaises(family):
                run(path, mean="income")


class Errors(unittest.TestCase):
    def refused(self, code, data=SAMPLE, **options):
        with self.assertRaises(est.EstError) as caught:
            run(data, **options)
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def test_places(self):
        weights = list(SAMPLE["weight"])
        weights[4] = -1
        fault = self.refused("EST_EVALUE", {**SAMPLE, "weight": weights}, mean="income")
        self.assertEqual((fault.record, fault.column, fault.where), (5, "weight", "data"))
        self.assertIn("'income'", str(self.refused("EST_ECOLUMN", mean="incme")))
        self.refused("EST_ECOLUMN", {**SAMPLE, "nested": [{}] * 18}, mean="incme")
        self.refused("EST_EDEFINITION", {**SAMPLE, "psu": [1, 1, 1, 2, 2, 2, 3, 3, 3] * 2}, mean="income")
        self.refused("EST_EDEFINITION", {name: values[:12] for name, values in SAMPLE.items()}, mean="income")
        self.refused("EST_EOPTION")
        self.refused("EST_EOPTION", mean="income", where="income >")
        self.refused("EST_EOPTION", mean="income", calibrate="rake")

    def test_small_cells(self):
        result = run(mean="income", by="sex", internal=False)
        self.assertTrue(all(math.isnan(row.estimate) and "suppressed" in row.flags for row in result.rows))

    def test_warnings_point_here(self):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            est.survey(SAMPLE, mean="income", internal=True)
        files = {Path(one.filename).name for one in heard if issubclass(one.category, est.EstWarning)}
        self.assertEqual(files, {Path(__file__).name})


class Companions(unittest.TestCase):
    def test_weight(self):
        result = run(SAMPLE, est.weight, weight="weight", calibrate="rake", margins={"sex": {"f": 70, "m": 40}}, trim=(1, None))
        final = [row[-1] for row in result.frames["weights"].rows]
        for sex, total in (("f", 70), ("m", 40)):
            self.assertAlmostEqual(sum(w for w, s in zip(final, SAMPLE["sex"]) if s == sex), total, delta=1e-8)

    def test_check(self):
        result = run({**SAMPLE, "weight": [-1] + SAMPLE["weight"][1:]}, est.check, weight="weight", psu="psu")
        self.assertIn("error", [row[0] for row in result.frames["findings"].rows])


@unittest.skipUnless(hasattr(signal, "SIGINT") and os.name == "posix", "no signals")
class Interrupt(unittest.TestCase):
    SLOW = """
        import os, signal, threading, warnings, libest as est
        warnings.simplefilter("ignore")
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts with it ignored
        data = est.dataset("kenya_women_synthetic")
        threading.Timer(0.15, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            est.survey(data, proportion="married_by_18=1", by="residence", weight="weight", strata="stratum", psu="cluster",
                       variance="rao-wu", draws=1000000)
            print("finished")
        except KeyboardInterrupt:
            print("interrupted")
    """

    def test_ctrl_c(self):
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(self.SLOW)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout.strip(), "interrupted", done.stderr)

    def test_progress(self):
        with self.assertRaises(est.EstCancelled):
            run(mean="income", fpc=None, variance="rao-wu", draws=1000000, progress=lambda stage, fraction: True)


if __name__ == "__main__":
    unittest.main()
