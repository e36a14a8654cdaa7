"""Indicators, small areas, rates of trafficking, comparisons, definitions and codebooks: against the program, forms, errors."""
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

import libest as est

try:
    import pandas as pd
except ImportError:
    pd = None

LABOUR = "dataset:kenya_child_labour_synthetic"
CODEBOOK = "kenya-child-labour-synthetic"
BREAK = ["census-2009-working-5-17", "census-2019-working-5-17"]
UN = "UN WPP 2024 mid-year"
# Codebooks that a user has made of a preset: the strata are a decision.
CODEBOOKS = {
    "women.ini": "[codebook]\npreset = kdhs-women-2022\n\n[role strata]\ncolumn = v022\n",
    "module.ini": "[codebook]\npreset = kdhs-forced-marriage\n\n[role strata]\ncolumn = v022\n",
    "forced.ini": "[codebook]\npreset = ilo-fls\n\n[role strata]\ncolumn = stratum\n",
}
# Ten areas; the numbers are invented.
AREAS = {
    "area": list("ABCDEFGHIJ"), "estimate": [0.10, 0.16, 0.11, 0.25, 0.19, 0.30, 0.20, 0.07, 0.14, 0.17],
    "se": [0.03, 0.02, 0.03, 0.05, 0.03, 0.06, 0.02, 0.02, 0.04, 0.03], "poverty": [3, 5, 4, 8, 6, 9, 7, 2, 5, 6],
    "n": [100, 120, 90, 60, 80, 40, 150, 110, 70, 95],
}


def quiet(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def labour(data=LABOUR, name="child-labour", **options):
    return quiet(est.indicator, name, data, **{"codebook": CODEBOOK, **options})


def rows(result):
    return [(row.estimand, tuple(row.domain.items()), repr(row.estimate), repr(row.se), repr(row.lower), repr(row.n), row.unit)
            for row in result.rows]


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        for name, text in CODEBOOKS.items():
            (cls.folder / name).write_text(text)
        lines = zip(*([name, *map(str, values)] for name, values in AREAS.items()))
        (cls.folder / "areas.csv").write_text("".join(",".join(line) + "\n" for line in lines))


class Values(Folder):
    def requests(self):
        """id: the call, and the same for the program."""
        women, module, forced, areas = (self.folder / name for name in ("women.ini", "module.ini", "forced.ini", "areas.csv"))
        dhs, abroad = "dataset:kenya_dhs_women_synthetic", "dataset:kenya_forced_labour_synthetic"
        victims, people = "dataset:kenya_victims_identified", "dataset:kenya_population"
        return {
            "child-labour": (lambda: labour(by=["residence", "sex"], numbers=True),
                             [LABOUR, "--codebook", CODEBOOK, "--by", "residence,sex", "--numbers", "yes"]),
            "child-marriage": (lambda: labour(dhs, "child-marriage", codebook=women, ages=["20-24", "25-49"], by="residence"),
                               [dhs, "--codebook", women, "--ages", "20-24,25-49", "--by", "residence"]),
            "forced-marriage": (lambda: labour(dhs, "forced_marriage", codebook=module, sampling_errors=True),
                                [dhs, "--codebook", module, "--sampling-errors"]),
            "forced-labour": (lambda: labour(abroad, "forced-labour", codebook=forced, reference_period="12 months",
                                             where="group == 'resident'"),
                              [abroad, "--codebook", forced, "--reference-period", "12 months", "--where", "group == 'resident'"]),
            "trafficking": (lambda: quiet(est.trafficking, victims, population=people, denominator=UN, by="sex"),
                            [victims, "--population", people, "--denominator", UN, "--by", "sex"]),
            "small-area": (lambda: quiet(est.small_area, areas, covariates="poverty", n="n", unit="proportion", internal=True),
                           [areas, "--covariates", "poverty", "--n", "n", "--unit", "proportion", "--internal"]),
            "compare": (lambda: quiet(est.compare, "dataset:kenya_benchmarks", id=BREAK, allow_break=True),
                        ["dataset:kenya_benchmarks", "--id", ",".join(BREAK), "--allow-break"]),
        }

    @unittest.skipUnless(os.environ.get("EST"), "EST does not name the program")
    def test_program(self):
        for method, (call, arguments) in self.requests().items():
            with self.subTest(method):
                result = call()
                for kind in ("json", "text"):
                    done = subprocess.run([os.environ["EST"], method, *map(str, arguments), "--threads", "1", "--format", kind,
                                           "--quiet"], capture_output=True, check=True)
                    self.assertEqual(result.reports[kind], done.stdout.decode("utf-8"))

    def test_rows_and_json(self):
        for method, (call, _) in self.requests().items():
            with self.subTest(method):
                result = call()
                self.assertEqual(result.method, method)
                told = json.loads(result.json)["rows"]
                self.assertEqual(len(told), len(result.rows))
                for row, line in zip(result.rows, told):
                    for name in ("estimate", "se", "lower", "upper", "n"):
                        value = getattr(row, name)
                        self.assertEqual(value if math.isfinite(value) else None, line[name], name)
                    for name in ("population", "period", "definition", "geography", "ages", "reference_period", "unit", "table"):
                        self.assertEqual(getattr(row, name), line.get(name, ""), name)
                    self.assertEqual(row.domain, line["domain"])

    def test_kenya(self):
        """SDG 8.7.1 written out again on the columns of the file: 1, 14, 43 hours, and the weighted proportion."""
        data = est.dataset(LABOUR, as_frame=False)
        above = total = 0.0
        for age, works, hours, weight in zip(data["age"], data["economic_activity"], data["hours_economic"], data["weight"]):
            limit = 1 if age <= 11 else 14 if age <= 14 else 43
            hours = float(hours) if hours is not None and not math.isnan(float(hours)) and float(hours) != 98 else -1.0
            above += weight * (works == 1 and hours >= limit)
            total += weight
        row = labour().find("child_labour_economic")
        self.assertAlmostEqual(row.estimate, above / total, delta=1e-12)
        self.assertEqual((row.n, row.unit, row.ages, row.definition), (len(data["age"]), "proportion", "5-17", "sdg-8.7.1"))
        self.assertEqual((row.reference_period, row.geography), ("7 days", "Kenya (invented)"))

    def test_a_rate(self):
        rate = quiet(est.trafficking, est.dataset("kenya_victims_identified"), population=est.dataset("kenya_population"),
                     denominator=UN).find("victims_detected_rate", period="2015")
        self.assertAlmostEqual(rate.estimate, 153 / 47089000 * 100000, delta=1e-12)
        self.assertEqual(rate.unit, "per 100,000")


class Results(Folder):
    def test_facts(self):
        result = labour()
        self.assertTrue(all(isinstance(fact, tuple) and len(fact) == 3 for fact in result.facts))
        told = {(group, name): value for group, name, value in result.facts}
        self.assertEqual(told["definition", "Ages"], "5-17")
        self.assertIn("sdg-8.7.1", told["definition", "Definition"])
        self.assertEqual(quiet(est.mse, est.dataset("kosovo_1999"), model="main").facts, ())
        again = pickle.loads(pickle.dumps(result))
        self.assertEqual((again, again.facts), (result, result.facts))

    def test_tables(self):
        result = labour(tables=["T1", "T3"], indicators="child_labour_economic")
        titles = {name: value for group, name, value in result.facts if group == "table"}
        self.assertEqual({row.table for row in result.rows} - {""}, set(titles))
        self.assertEqual({name.split("-")[0] for name in titles}, {"T1", "T3"})

    @unittest.skipUnless(pd, "pandas is not installed")
    def test_frames(self):
        frame = labour(by="sex").to_frame()
        new = ["geography", "ages", "reference_period", "unit", "table"]
        self.assertEqual([name for name in frame.columns if name in new], new)
        self.assertEqual(set(frame["unit"]), {"proportion", "people"})
        self.assertEqual(list(labour(by="sex").confint().columns),
                         ["estimand", "sex", "age", "model", "lower", "upper", "level", "interval"])
        self.assertEqual(len(set(labour(by="sex").names)), len(frame))

    def test_charts(self):
        result = labour(by="county", indicators="child_labour_economic", small_area="county")
        self.assertGreaterEqual(len(result.charts), 2)
        for chart in result.charts:
            self.assertEqual(len(chart.categories), 47)
            self.assertIn("<svg", chart.svg)
            drawn = result.plot(chart.name)
            self.assertTrue(isinstance(drawn, est.Svg) or hasattr(drawn, "get_title"))

    def test_a_result_as_data(self):
        data = est.dataset("kenya_tip_synthetic", as_frame=False)
        trend = quiet(est.trend, data, ["DCI", "DCS", "NGO", "BMS", "NEA"], max_order=2)
        path = self.folder / "trend.json"
        trend.save(path)
        people = {"population": "dataset:kenya_population", "denominator": UN}
        from_object, from_file = (quiet(est.trafficking, source, **people) for source in (trend, path))
        self.assertEqual(rows(from_object), rows(from_file))
        self.assertEqual([row.flags for row in from_object.rows], [row.flags for row in from_file.rows])
        self.assertEqual((from_object.is_synthetic, from_object.is_public), (from_file.is_synthetic, from_file.is_public))
        rate = from_object.find("victims_estimated_rate", period="2019")
        people_estimated = trend.find("population", period="2019")
        self.assertAlmostEqual(rate.estimate, people_estimated.estimate / 51203000 * 100000, delta=1e-12)
        self.assertAlmostEqual(rate.upper, people_estimated.upper / 51203000 * 100000, delta=1e-12)

    def test_results_compared(self):
        first, second = labour(), labour(preset="sdg-8.7.1-strict")
        with self.assertRaises(est.EstDataError) as caught:
            quiet(est.compare, first, second)
        self.assertEqual(caught.exception.code, "EST_EDEFINITION")
        (self.folder / "second.json").write_text(second.json, encoding="utf-8")
        wanted = {"estimand": "child_labour_economic", "domain": {"ages": "5-17"}, "order": "given", "allow_break": True}
        result = quiet(est.compare, first, second, **wanted)
        row = result.find("difference(child_labour_economic)")
        before, after = (one.find("child_labour_economic") for one in (first, second))
        self.assertAlmostEqual(row.estimate, after.estimate - before.estimate, delta=1e-15)
        self.assertAlmostEqual(row.se, math.hypot(before.se, after.se), delta=1e-15)
        self.assertIn("definition_break", row.flags)
        self.assertEqual(rows(quiet(est.compare, first, self.folder / "second.json", **wanted)), rows(result))
        self.assertTrue(result.is_synthetic)

    def test_internal_results_stay_internal(self):
        secret = {"A": [1, 0, 1, 1], "B": [0, 1, 1, 0], "C": [0, 0, 0, 1], "count": [4321, 3210, 700, 612]}
        columns = quiet(est.mse, secret, model="main", ci="wald", internal=True).as_columns()
        self.assertEqual((columns["internal"][0], columns["data_public"][0], columns.attrs["est_public"]), (1.0, 0.0, False))


class Forms(Folder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wanted = {"by": ["sex", "residence"], "indicators": "child_labour_economic", "internal": True}
        cls.expected = rows(labour(**cls.wanted))

    def same(self, data=LABOUR, **options):
        self.assertEqual(rows(labour(data, **{**self.wanted, **options})), self.expected)

    def test_requests(self):
        self.same(by="sex,residence")
        self.same(indicators=["child_labour_economic"])
        self.same(set={"economic_hours_15_17": 43})
        self.same(set="economic_hours_15_17=43.0,economic_hours_12_14=14")
        self.assertGreater(labour(set={"economic_hours_15_17": 20}).find("child_labour_economic", age="15-17").estimate,
                           labour().find("child_labour_economic", age="15-17").estimate)
        self.assertEqual(rows(labour(name="child_labour")), rows(quiet(est.run, "child_labour", LABOUR, codebook=CODEBOOK)))
        self.assertFalse([row for row in labour(numbers=False).rows if row.unit == "people"])

    def test_columns(self):
        data = est.dataset(LABOUR, as_frame=False)
        self.same(data)
        self.same({**data, "other": [{}] * len(data["age"])})
        self.same({name: values.tolist() for name, values in data.items()})

    @unittest.skipUnless(pd, "pandas is not installed")
    def test_pandas(self):
        frame = est.dataset(LABOUR)
        self.same(frame)
        self.same(frame.astype({"sex": "category", "county": "category", "age": "Int64", "hours_economic": "Float64"}))

    def test_codebook_by_path(self):
        path = self.folder / "own.ini"
        path.write_text(f"[codebook]\npreset = {CODEBOOK}\n", encoding="utf-8")
        self.same(codebook=path)
        self.same(est.dataset(LABOUR, as_frame=False), codebook=str(path))
        renamed = {{"age": "years"}.get(name, name): values for name, values in est.dataset(LABOUR, as_frame=False).items()}
        path.write_text(f"[codebook]\npreset = {CODEBOOK}\n\n[role age]\ncolumn = years\n", encoding="utf-8")
        self.same(renamed, codebook=path)

    def test_small_areas(self):
        expected = quiet(est.small_area, AREAS, covariates=["poverty"], n="n", internal=True)
        renamed = {{"se": "error"}.get(name, name): values for name, values in AREAS.items()}
        self.assertEqual(rows(quiet(est.small_area, renamed, se="error", covariates="poverty", n="n", internal=True)),
                         rows(expected))
        self.assertEqual(len(expected.rows), 20)
        beside = expected.find("small_area", area="F")
        self.assertLess(beside.se, 0.06)
        self.assertIn("model_based", beside.flags)

    def test_definitions(self):
        every = est.definitions()
        self.assertEqual({one.method for one in every.values()},
                         {"child-labour", "child-marriage", "forced-marriage", "forced-labour"})
        default = [one for one in est.definitions("child_labour").values() if one.status == "default"]
        self.assertEqual([one.id for one in default], ["sdg-8.7.1"])
        self.assertIn("43", default[0].text)
        self.assertTrue(all(one.source and one.title for one in every.values()))

    def test_codebooks(self):
        self.assertIn("kdhs-women-2022", est.codebook())
        self.assertIn("v511", est.codebook("kdhs-women-2022").text)
        written = est.codebook_init(LABOUR, "knbs-child-labour")
        self.assertIn("[role strata]\n", written)
        self.assertIn("[role hours_economic]", est.codebook_init(est.dataset(LABOUR, as_frame=False), "knbs-child-labour"))
        self.assertNotEqual(est.codebook_init(LABOUR), written)
        good = est.codebook_check(LABOUR, CODEBOOK)
        self.assertEqual(good.faults, 0)
        data = est.dataset(LABOUR, as_frame=False)
        data["age"][6] = 130
        bad = est.codebook_check(data, CODEBOOK)
        self.assertGreater(bad.faults, 0)
        self.assertIn("age", bad.text)

    @unittest.skipUnless(os.environ.get("EST"), "EST does not name the program")
    def test_codebooks_of_the_program(self):
        def printed(*arguments):
            done = subprocess.run([os.environ["EST"], "codebook", *arguments], capture_output=True, check=True)
            return done.stdout.decode("utf-8")

        self.assertEqual(est.codebook("mics6").text, printed("show", "mics6"))
        self.assertEqual(est.codebook_init(LABOUR, "knbs-child-labour"),
                         printed("init", LABOUR, "--preset", "knbs-child-labour", "--quiet"))
        self.assertEqual(est.codebook_check(LABOUR, CODEBOOK).text, printed("check", CODEBOOK, LABOUR))


class Errors(Folder):
    def refused(self, code, call=labour, *arguments, **options):
        with self.assertRaises(est.EstError) as caught:
            quiet(call, *arguments, **options)
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def changed(self, column, record, value):
        data = est.dataset(LABOUR, as_frame=False)
        data[column] = data[column].astype(object)
        data[column][record - 1] = value
        return data

    def test_cells(self):
        data = est.dataset(LABOUR, as_frame=False)
        works = 1 + list(data["economic_activity"]).index(1)
        for column, record, value in (("hours_economic", works, 97), ("hours_economic", works, 169), ("age", 7, 130),
                                      ("sex", 9, 5)):
            with self.subTest(column=column, value=value):
                fault = self.refused("EST_EVALUE", labour, self.changed(column, record, value), indicators="child_labour_economic",
                                     by="sex")
                self.assertEqual((fault.record, fault.column, fault.where), (record, column, "data"))
                self.assertIsInstance(fault, est.EstDataError)

    def test_codebooks(self):
        self.refused("EST_EOPTION", codebook=None)
        self.refused("EST_EFILE", codebook=self.folder / "none.ini")
        path = self.folder / "wrong.ini"
        path.write_text("[codebook]\npreset = mics6\nthis is no line of it\n")
        self.assertEqual(self.refused("EST_EFORMAT", codebook=path).line, 3)
        path.write_text("[codebook]\npreset = mics6\n\n[role strta]\ncolumn = stratum\n")
        self.assertIn("strata", str(self.refused("EST_EDEFINITION", codebook=path)))
        for data in (LABOUR, est.dataset(LABOUR, as_frame=False)):  # the candidates are named, though no codebook names them
            self.assertIn("stratum 92", str(self.refused("EST_EDEFINITION", labour, data, codebook="knbs-child-labour")))
        data = est.dataset(LABOUR, as_frame=False)
        del data["age"]
        self.assertEqual(self.refused("EST_ECOLUMN", labour, data).column, "age")
        for value in ("none", 5, None):
            with self.subTest(value):
                self.refused("EST_EOPTION", est.codebook_check, LABOUR, value) if value != "none" else None
                self.refused("EST_EOPTION", est.codebook_init, LABOUR, "none" if value is None else value)
        self.refused("EST_EOPTION", est.codebook, "none")
        self.refused("EST_EFILE", est.codebook_init, self.folder / "none.csv")

    def test_options(self):
        for name in ("mse", "none", 5, None):
            with self.subTest(name):
                self.assertIn("child-labour", str(self.refused("EST_EOPTION", est.indicator, name, LABOUR, codebook=CODEBOOK)))
        self.refused("EST_EOPTION", preset="none")
        self.refused("EST_EOPTION", levl=0.9)
        self.refused("EST_EOPTION", margins={"sex": {"1": 5, "2": 5}})
        self.refused("EST_EOPTION", est.definitions, "mse")
        self.refused("EST_EOPTION", est.trafficking, "dataset:kenya_victims_identified")
        with self.assertRaises(TypeError):
            labour(internal="yes")

    def test_others(self):
        self.refused("EST_EDEFINITION", est.compare, "dataset:kenya_benchmarks", id=BREAK)
        fault = self.refused("EST_EVALUE", est.compare, {"estimand": ["a", "a"], "estimate": [0.1, "x"], "period": [2010, 2020]})
        self.assertEqual((fault.record, fault.column), (2, "estimate"))
        fault = self.refused("EST_EVALUE", est.small_area, {**AREAS, "se": AREAS["se"][:3] + [-1] + AREAS["se"][4:]}, internal=True)
        self.assertEqual((fault.record, fault.column), (4, "se"))
        self.refused("EST_ECOLUMN", est.small_area, AREAS, covariates="none")
        mean = {"estimand": ["mean"], "estimate": [5], "lower": [1], "upper": [9], "flags": [""]}
        self.refused("EST_EIDENTIFY", est.trafficking, mean, population="dataset:kenya_population", denominator=UN, year=2019)
        fault = self.refused("EST_EVALUE", est.trafficking, {"period": [2019, 2020], "count": [5, -1]},
                             population="dataset:kenya_population", denominator=UN)
        self.assertEqual((fault.record, fault.column), (2, "count"))

    def test_small_cells(self):
        data = {name: values[:400] for name, values in est.dataset(LABOUR, as_frame=False).items() if name != "SYNTHETIC"}
        hidden = labour(data, by="county", indicators="child_labour_economic", lonely="average")
        self.assertFalse(hidden.is_public)
        self.assertTrue(any("suppressed" in row.flags and math.isnan(row.estimate) for row in hidden.rows))


@unittest.skipUnless(hasattr(signal, "SIGINT") and os.name == "posix", "no signals")
class Interrupt(unittest.TestCase):
    SLOW = """
        import os, signal, threading, warnings, libest as est
        warnings.simplefilter("ignore")
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts with it ignored
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            est.indicator("child-labour", "dataset:kenya_child_labour_synthetic", codebook="kenya-child-labour-synthetic",
                          indicators="child_labour_economic", by="residence", variance="rao-wu", draws=1000000)
            print("finished")
        except KeyboardInterrupt:
            print("interrupted")
    """

    def test_ctrl_c(self):
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(self.SLOW)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout.strip(), "interrupted", done.stderr)

    def test_progress(self):
        with self.assertRaises(est.EstCancelled):
            labour(indicators="child_labour_economic", variance="rao-wu", draws=1000000, progress=lambda stage, fraction: True)


class EveryMethod(Folder):
    """Each method of the registry by `run`, on bundled data: a new one needs a line here."""

    def calls(self):
        tip, hepatitis = "dataset:kenya_tip_synthetic", "dataset:hepatitis_taiwan_1995"
        women = {"data": "dataset:kenya_women_synthetic", "weight": "weight", "strata": "stratum", "psu": "cluster"}
        linked = "dataset:linked_records_synthetic"
        dhs = "dataset:kenya_dhs_women_synthetic"
        return {
            "mse": {"data": hepatitis, "model": "main"}, "two-list": {"data": hepatitis},
            "sample-coverage": {"data": hepatitis, "replicates": 0}, "heterogeneity": {"data": hepatitis},
            "decomposable": {"data": hepatitis}, "linkage": {"data": "dataset:uk_2013_five", "replicates": 0, "simulations": 0},
            "patterns": {"data": linked},
            "trend": {"data": tip, "lists": ["DCI", "DCS", "NGO", "BMS", "NEA"], "ci": "none", "max_order": 2},
            "survey": {**women, "mean": "children"}, "weight": {"data": women["data"], "weight": "weight"}, "check": women,
            "child-labour": {"data": LABOUR, "codebook": CODEBOOK},
            "child-marriage": {"data": dhs, "codebook": self.folder / "women.ini"},
            "forced-marriage": {"data": dhs, "codebook": self.folder / "module.ini"},
            "forced-labour": {"data": "dataset:kenya_forced_labour_synthetic", "codebook": self.folder / "forced.ini",
                              "reference_period": "12 months"},
            "trafficking": {"data": "dataset:kenya_victims_identified", "population": "dataset:kenya_population",
                            "denominator": UN},
            "small-area": {"data": AREAS, "internal": True},
            "compare": {"data": "dataset:kenya_benchmarks", "id": BREAK[0] + "," + BREAK[1], "allow_break": True},
        }

    def test_calls(self):
        calls = self.calls()
        self.assertEqual(set(calls), set(est.methods()))
        for method, options in calls.items():
            for name in (method, method.replace("-", "_")):
                with self.subTest(name):
                    result = quiet(est.run, name, **options)
                    self.assertEqual(result.method, method)
                    self.assertTrue(result.text and json.loads(result.json)["method"]["id"] == method)
                    self.assertTrue(result.rows or result.frames)


if __name__ == "__main__":
    unittest.main()
