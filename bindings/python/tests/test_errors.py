"""Exceptions: family, code and place. Warnings. Small cells."""
import pickle
import tempfile
import unittest
import warnings
from pathlib import Path

import libest as est

LISTS = ["EXH", "ABA", "OSCE", "HRW"]
SECRET = {"A": [1, 0, 1, 1], "B": [0, 1, 1, 0], "C": [0, 0, 0, 1], "count": [4321, 3210, 7, 612]}


def quiet(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return est.mse(*arguments, **options)


class Errors(unittest.TestCase):
    def setUp(self):
        self.kosovo = est.dataset("kosovo_1999")

    def refused(self, family, code, *arguments, **options):
        with self.assertRaises(family) as caught:
            quiet(*arguments, **options)
        self.assertEqual(caught.exception.code, code)
        self.assertIn(code, str(caught.exception))
        return caught.exception

    def test_value(self):
        self.kosovo.loc[4, "EXH"] = 2
        fault = self.refused(est.EstDataError, "EST_EVALUE", self.kosovo, LISTS)
        self.assertEqual((fault.record, fault.column, fault.where), (5, "EXH", "data"))
        again = pickle.loads(pickle.dumps(fault))
        self.assertEqual((str(again), again.code, again.record), (str(fault), fault.code, fault.record))

    def test_column(self):
        self.refused(est.EstDataError, "EST_ECOLUMN", self.kosovo, ["EXH", "NONE"])
        self.refused(est.EstDataError, "EST_ECOLUMN", {"A": [1, 0], "B": [1]})
        self.refused(est.EstDataError, "EST_ECOLUMN", {"A": [1, 0], "B": [{}, []]})

    def test_option(self):
        self.assertIn("max-order", str(self.refused(est.EstOptionError, "EST_EOPTION", self.kosovo, max_ordr=2)))
        for options in ({"level": 95}, {"level": float("nan")}, {"seed": 0.5}, {"seed": -1}, {"seed": 2**64}, {"threads": -1},
                        {"threads": True}, {"suppress": "all"}):
            with self.subTest(options):
                self.refused(est.EstOptionError, "EST_EOPTION", self.kosovo, **options)
        self.refused(est.EstOptionError, "EST_EOPTION", [1, 2])
        with self.assertRaises(est.EstOptionError):
            est.run("none", self.kosovo)

    def test_not_identified(self):
        self.refused(est.EstIdentificationError, "EST_EIDENTIFY", {"A": [1, 0], "B": [0, 1], "count": [30, 40]}, model="main")

    def test_definition(self):
        with self.assertRaises(est.EstDataError) as caught:
            est.trend({"period": ["2010"] * 4, "A": [1, 0, 1, 1], "B": [0, 1, 1, 0], "C": [0, 0, 1, 1], "count": [20, 30, 11, 12]})
        self.assertEqual(caught.exception.code, "EST_EDEFINITION")

    def test_dataset(self):
        with self.assertRaises(est.EstDataError) as caught:
            est.dataset("kosovo")
        self.assertEqual(caught.exception.code, "EST_EFILE")

    def test_types(self):
        for value in ("no", "", 1, None):
            with self.subTest(value), self.assertRaisesRegex(TypeError, "internal: .*expected True or False"):
                est.mse(self.kosovo, internal=value)
        for value in (5, None, ["kosovo_1999"]):
            with self.subTest(value), self.assertRaisesRegex(est.EstOptionError, "name: found"):
                est.dataset(value)

    def test_nul_character(self):
        self.refused(est.EstDataError, "EST_EVALUE", {"A": [1, 0], "B": [0, 1], "name": ["x", "a\0b"]})

    def test_save(self):
        result = quiet(self.kosovo, model="main", ci="none")
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(est.EstSystemError) as caught:
                result.save(Path(folder, "none", "x.json"))
            self.assertEqual(caught.exception.code, "EST_EIO")
            with self.assertRaises(est.EstOptionError):
                result.save(Path(folder, "x.pdf"))

    def test_warnings_are_notes(self):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            result = est.mse(est.dataset("korea"), model="main", ci="none")
        heard = [str(one.message) for one in heard if issubclass(one.category, est.EstWarning)]
        self.assertEqual(heard, [note.message for note in result.notes if note.severity == "warning"])


class SmallCells(unittest.TestCase):
    def test_withheld(self):
        result = quiet(SECRET, model="main", ci="none")
        self.assertNotIn(7.0, [row[-1] for row in result.frames["overlaps"].rows])
        self.assertIn("withheld", result.text)

    def test_internal(self):
        result = quiet(SECRET, model="main", ci="none", internal=True)
        self.assertIn(7.0, [row[-1] for row in result.frames["overlaps"].rows])
        self.assertTrue(result.is_internal)
        self.assertIn("INTERNAL", result.text)
        with tempfile.TemporaryDirectory() as folder:
            result.save(folder)
            for name in ("mse.csv", "mse_overlaps.csv"):
                lines = Path(folder, name).read_text(encoding="utf-8").splitlines()
                self.assertTrue(lines[0].endswith(",marks"))
                self.assertTrue(all(line.endswith(",FOR INTERNAL USE") for line in lines[1:]))

    def test_none_is_refused(self):
        with self.assertRaises(est.EstOptionError):
            quiet(SECRET, model="main", ci="none", suppress="none")

    def test_bundled_data(self):
        data = est.dataset("uk_2013")
        self.assertTrue(quiet(data, model="main", ci="none").is_public)
        self.assertTrue(quiet(data[data["count"] > 1], model="main", ci="none").is_public)
        data.loc[0, "count"] = 55
        self.assertFalse(quiet(data, model="main", ci="none").is_public)

    def test_synthetic_data(self):
        data = est.dataset("kenya_tip_synthetic").drop(columns="period")
        result = quiet(data, ["DCI", "DCS", "NGO", "BMS", "NEA"], model="main", ci="none")
        self.assertTrue(result.is_synthetic)
        self.assertIn("SYNTHETIC", result.text)


if __name__ == "__main__":
    unittest.main()
