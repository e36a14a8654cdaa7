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

    def test_names_with_commas_and_quotes(self):
        odd = {'EXH, "all"' if name == "EXH" else name: column for name, column in dict(self.data).items()}
        named = quiet(est.mse, odd, ['EXH, "all"', "ABA", "OSCE", "HRW"], model="all-pairs", internal=True)
        self.assertEqual(named.find("population").estimate, self.result.find("population").estimate)

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


def refusal(method, option):
    """The words for one value too many of an option."""
    try:
        quiet(est.run, method, est.dataset("hepatitis_taiwan_1995"), **option)
    except est.EstOptionError as error:
        return str(error)
    return ""


class Methods(unittest.TestCase):
    """The other estimators; sources of the figures: est.datasets()[name].description."""

    @classmethod
    def setUpClass(cls):
        cls.hepatitis = est.dataset("hepatitis_taiwan_1995")

    def test_two_list(self):
        result = quiet(est.two_list, self.hepatitis, odds_ratios=[0.5, 1, 2])
        self.assertAlmostEqual(result.find("population", pair="P:Q").estimate, 333.560, delta=5e-4)
        self.assertEqual(result.method, "two-list")
        one = quiet(est.two_list, self.hepatitis[["P", "Q", "count"]].query("P + Q > 0"), odds_ratios=[0.5, 1, 2])
        self.assertAlmostEqual(one.find("population").estimate, 333.560, delta=5e-4)
        self.assertEqual(quiet(est.run, "two_list", self.hepatitis, odds_ratios="0.5,1,2"), result)

    def test_sample_coverage(self):
        result = quiet(est.sample_coverage, self.hepatitis, replicates=0)
        self.assertAlmostEqual(result.find("population").estimate, 507.772, delta=5e-4)
        high = quiet(est.sample_coverage, self.hepatitis, threshold=0.4, replicates=0)
        self.assertAlmostEqual(high.find("population").estimate, 970.805, delta=5e-4)

    def test_the_threshold_is_the_method_s(self):
        small = {"A": [1, 0, 0, 1, 1, 0, 1], "B": [0, 1, 0, 1, 0, 1, 1], "C": [0, 0, 1, 0, 1, 1, 1],
                 "count": [140, 130, 120, 40, 30, 4, 12]}
        result = quiet(est.sample_coverage, small, threshold=0, replicates=0)
        self.assertNotIn(4.0, [cell for frame in result.frames.values() for row in frame.rows for cell in row])
        self.assertIn("withheld", result.text)

    def test_heterogeneity(self):
        result = quiet(est.heterogeneity, est.dataset("hare_cormack"))
        models = {row[0]: row[1] for row in result.frames["models"].rows}
        self.assertAlmostEqual(models["Mt"], 75.1, delta=0.05)
        self.assertAlmostEqual(models["Mth-Darroch"], 90.5, delta=0.05)
        self.assertEqual(result.chart().kind, "forest")

    def test_linkage(self):
        result = quiet(est.linkage, est.dataset("uk_2013_five"), sensitivity=[1, 0.9], false_match=[0], replicates=0, simulations=0)
        self.assertAlmostEqual(result.find("population").estimate, 25311.29, delta=0.01)

    def test_patterns(self):
        records = {"list": ["Police"] * 40 + ["Shelter"] * 40, "id": [*range(40)] * 2, "cluster": [*range(40), *range(20, 60)]}
        result = quiet(est.patterns, records, internal=True)
        self.assertEqual(result.find("observed").estimate, 60)
        self.assertEqual(sorted(row[-1] for row in result.frames["patterns"].rows), [20, 20, 20])

    def test_strata(self):
        result = quiet(est.mse, est.dataset("scotland_pwid_2006"), by=["region", "sex", "age"], model="all-pairs", ci="wald")
        self.assertAlmostEqual(result.find("population").estimate, 39540.090, delta=5e-4)
        part = result.find("population", region="GGC", sex="female", age="35+")
        self.assertAlmostEqual(part.estimate, 1159.2, delta=0.05)

    def test_diagnose(self):
        result = quiet(est.mse, est.dataset("uk_2013_five"), diagnose=True, average=True, ci="wald", limit=30000)
        self.assertIn("verdict", [note.code for note in result.notes])
        self.assertAlmostEqual(result.find("population").estimate, 25311.29, delta=0.01)
        self.assertTrue(11000 < result.find("population_averaged").estimate < 25311)
        self.assertEqual([chart.kind for chart in result.charts], ["upset", "forest"])
        for chart in result.charts:
            drawn = result.plot(chart.name)
            self.assertTrue(isinstance(drawn, est.Svg) or hasattr(drawn, "get_title"))

    def test_words_of_python(self):
        small = quiet(est.mse, est.dataset("uk_2013_five"), class_="pairwise", ci="wald")
        self.assertNotIn("LA:NG:PFNCA", small.stats["model"])
        self.assertIn("hierarchical", refusal("mse", {"class_": "none"}))

    def test_stepwise_threshold(self):
        result = quiet(est.mse, est.dataset("uk_2013_five"), select="stepwise", threshold=0.02, ci="wald")
        self.assertAlmostEqual(result.find("population").estimate, 11313, delta=1)


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

        common = {"data", "seed", "threads", "suppress", "suppress_below", "internal", "progress", "options"}
        for name, method in est.methods().items():
            known = {option.name.replace("-", "_") for option in method.options}
            microdata = "codebook" in known
            face = "indicator" if microdata else name.replace("-", "_")
            self.assertIn(face, est.__all__)
            function = getattr(est, face)
            parameters = {parameter.rstrip("_") for parameter in inspect.signature(function).parameters}
            self.assertEqual(parameters - common - known - ({"name"} if microdata else set()), set())
            self.assertEqual(common & known, set(), "an option that the faces could not reach")
            self.assertIn('methods()["child-labour"]' if microdata else f'methods()["{name}"]', function.__doc__)

    def test_further_options(self):
        further = {option.name: option.further for option in est.methods()["child-labour"].options}
        self.assertEqual((further["codebook"], further["lonely"]), (False, True))

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
