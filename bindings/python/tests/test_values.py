"""Numbers, the forms of a request that must agree, and the text of the program."""
import csv
import json
import os
import pickle
import subprocess
import tempfile
import unittest
import warnings
from pathlib import Path

import libest as est


def quiet(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def bootstrap(seed=7, threads=1):
    return quiet(est.mse, est.dataset("kosovo_1999"), ci="bootstrap", replicates=100, max_order=2, seed=seed, threads=threads)


class Kosovo(unittest.TestCase):
    """Four lists, all two-way terms; the point is the Poisson MLE (source: est.datasets()["kosovo_1999"].description)."""

    @classmethod
    def setUpClass(cls):
        cls.data = est.dataset("kosovo_1999")
        cls.result = quiet(est.mse, cls.data, model="all-pairs")

    def test_population(self):
        row = self.result.find("population")
        self.assertAlmostEqual(row.estimate, 14402.488952, delta=1e-6)
        self.assertAlmostEqual(row.lower, 12523.273999, delta=1e-4)
        self.assertAlmostEqual(row.upper, 16667.928282, delta=1e-4)
        self.assertEqual(self.result.find("observed").estimate, 4400)
        self.assertEqual(self.result.method, "mse")

    def test_lists_by_name(self):
        named = quiet(est.mse, self.data, ["EXH", "ABA", "OSCE", "HRW"], model="all-pairs")
        self.assertEqual([row.estimate for row in named.rows], [row.estimate for row in self.result.rows])

    def test_run_is_the_same(self):
        self.assertEqual(quiet(est.run, "mse", self.data, model="all-pairs").text, self.result.text)

    def test_pickle(self):
        self.assertEqual(repr(pickle.loads(pickle.dumps(self.result))), repr(self.result))
        self.assertEqual(pickle.loads(pickle.dumps(self.result)).reports, self.result.reports)
        self.assertEqual(pickle.loads(pickle.dumps(self.result)), self.result)
        self.assertEqual(len({pickle.loads(pickle.dumps(self.result)), self.result}), 1)
        self.assertNotEqual(quiet(est.mse, self.data, model="main"), self.result)

    def test_text(self):
        self.assertEqual(str(self.result), self.result.text)
        self.assertEqual(repr(self.result), self.result.text)
        self.assertTrue(self.result._repr_html_().lstrip().lower().startswith("<!doctype html"))

    def test_json(self):
        read = json.loads(self.result.json)
        self.assertEqual(read["schema"], "est-result/1")
        population = next(row for row in read["rows"] if row["estimand"] == "population")
        self.assertEqual(population["estimate"], self.result.find("population").estimate)

    def test_frozen(self):
        with self.assertRaises(AttributeError):
            self.result.method = "other"

    def test_save(self):
        with tempfile.TemporaryDirectory() as folder:
            self.result.save(folder)
            names = sorted(os.listdir(folder))
            for name in ("mse.txt", "mse.json", "mse.csv", "mse.md", "mse.html"):
                self.assertIn(name, names)
            self.assertFalse([name for name in names if name.startswith(".")])
            self.assertEqual(Path(folder, "mse.txt").read_text(encoding="utf-8"), self.result.text)
            for name in self.result.frames:
                with open(Path(folder, f"mse_{name}.csv"), encoding="utf-8", newline="") as file:
                    self.assertEqual(tuple(next(csv.reader(file))), self.result.frames[name].columns)

    def test_pandas(self):
        frame = self.result.to_frame()
        self.assertEqual(list(frame["estimand"]), [row.estimand for row in self.result.rows])
        self.assertEqual(repr(list(self.result.confint()["upper"])), repr(list(frame["upper"])))
        for name in self.result.frames:
            self.assertEqual(len(self.result.frame(name)), len(self.result.frames[name].rows))
        with self.assertRaises(KeyError):
            self.result.frame("none")


class Randomness(unittest.TestCase):
    def test_threads_do_not_matter(self):
        for threads in (2, 7):
            self.assertEqual(bootstrap(threads=1).json, bootstrap(threads=threads).json)

    def test_seed_matters(self):
        self.assertEqual(bootstrap(seed=7).text, bootstrap(seed=7).text)
        self.assertNotEqual(bootstrap(seed=7).find("population").upper, bootstrap(seed=8).find("population").upper)


class Trend(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.result = quiet(est.trend, est.dataset("colombia_child_recruitment"), ci="none", max_order=2,
                           population=est.dataset("colombia_child_recruitment_periods"))

    def test_periods(self):
        periods = {row.domain["period"] for row in self.result.rows if row.estimand == "observed"}
        self.assertEqual(periods, set(est.dataset("colombia_child_recruitment")["period"]))

    def test_chart(self):
        chart = self.result.chart()
        self.assertEqual(len(chart.categories), len(chart.series[0].value))
        self.assertIn("<svg", chart.svg)
        self.assertEqual((chart.kind, chart.sets, chart.set_totals, chart.membership), ("along", (), (), ()))
        drawn = self.result.plot()
        self.assertTrue(isinstance(drawn, est.Svg) or hasattr(drawn, "get_title"))
        with self.assertRaises(est.EstOptionError):
            self.result.chart("none")


class Registry(unittest.TestCase):
    def test_arguments_are_options(self):
        import inspect

        common = {"data", "seed", "threads", "suppress", "threshold", "internal", "progress", "options"}
        for name, function in (("mse", est.mse), ("trend", est.trend)):
            known = {option.name.replace("-", "_") for option in est.methods()[name].options}
            self.assertEqual(set(inspect.signature(function).parameters) - common - known, set())

    def test_datasets(self):
        self.assertTrue(est.datasets()["uk_2013"].is_public)
        data = est.dataset("uk_2013", as_frame=False)
        self.assertIs(data.attrs["est_public"], True)
        self.assertEqual(data["count"].sum(), est.dataset("dataset:uk_2013")["count"].sum())
        self.assertRegex(est.__version__, r"^\d+\.\d+\.\d+")


@unittest.skipUnless(os.environ.get("EST"), "EST does not name the program")
class Program(unittest.TestCase):
    def printed(self, *arguments):
        done = subprocess.run([os.environ["EST"], *arguments, "--threads", "1", "--format", "text", "--quiet"],
                              capture_output=True, check=True)
        return done.stdout.decode("utf-8")

    def test_mse(self):
        result = quiet(est.mse, est.dataset("kosovo_1999"), model="all-pairs")
        self.assertEqual(result.text, self.printed("mse", "dataset:kosovo_1999", "--model", "all-pairs"))

    def test_bootstrap(self):
        self.assertEqual(bootstrap().text, self.printed("mse", "dataset:kosovo_1999", "--ci", "bootstrap", "--replicates", "100",
                                                        "--max-order", "2", "--seed", "7"))

    def test_trend(self):
        result = quiet(est.trend, est.dataset("colombia_child_recruitment"), ci="none", max_order=2,
                       population=est.dataset("colombia_child_recruitment_periods"))
        self.assertEqual(result.text, self.printed("trend", "dataset:colombia_child_recruitment", "--population",
                                                   "dataset:colombia_child_recruitment_periods", "--ci", "none",
                                                   "--max-order", "2"))

    def test_folder(self):
        result = quiet(est.mse, est.dataset("kosovo_1999"), model="all-pairs")
        with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
            result.save(ours)
            subprocess.run([os.environ["EST"], "mse", "dataset:kosovo_1999", "--model", "all-pairs", "--quiet", "--output", theirs],
                           check=True)
            self.assertEqual(sorted(os.listdir(ours)), sorted(os.listdir(theirs)))
            for name in os.listdir(theirs):
                with self.subTest(name):
                    self.assertEqual(Path(ours, name).read_bytes(), Path(theirs, name).read_bytes())

    def test_small_cells(self):
        data = {"A": [1, 0, 1, 1], "B": [0, 1, 1, 0], "C": [0, 0, 0, 1], "count": [40, 30, 4, 12]}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "data.csv")
            rows = ["A,B,C,count", *(",".join(map(str, row)) for row in zip(*data.values()))]
            path.write_text("\n".join(rows) + "\n")
            self.assertEqual(quiet(est.mse, data, model="main", ci="none").text,
                             self.printed("mse", str(path), "--model", "main", "--ci", "none"))


if __name__ == "__main__":
    unittest.main()
