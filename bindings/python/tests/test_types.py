"""Every column type and container that holds the same data gives the same result."""
import datetime
import decimal
import math
import unittest
import warnings

import numpy as np

import libest as est
from libest._columns import convert

LISTS = ["EXH", "ABA", "OSCE", "HRW"]

try:
    import pandas as pd
except ImportError:
    pd = None


def fit(data, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = est.mse(data, LISTS, model="all-pairs", internal=True, **options).rows
    return [(row.estimand, row.estimate, repr(row.lower), repr(row.upper)) for row in rows]


class Containers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.columns = est.dataset("kosovo_1999", as_frame=False)
        cls.expected = fit(cls.columns)

    def same(self, data, **options):
        self.assertEqual(fit(data, **options), self.expected)

    def test_lists(self):
        self.same({name: values.tolist() for name, values in self.columns.items()})

    def test_structured_array(self):
        array = np.zeros(15, dtype=[(name, "i4") for name in self.columns])
        for name, values in self.columns.items():
            array[name] = values
        self.same(array)

    def test_array_types(self):
        for dtype in ("float32", "float64", "uint8", "int16", "bool", "U1", "S1", object, ">f8"):
            with self.subTest(dtype):
                self.same({**self.columns, **{name: self.columns[name].astype(int).astype(dtype) for name in LISTS}})

    def test_strides(self):
        self.same({**self.columns, "EXH": np.repeat(self.columns["EXH"], 2)[::2]})

    def test_persons(self):
        rows = np.repeat(np.arange(15), self.columns["count"])
        self.same({name: self.columns[name][rows] for name in LISTS})

    def test_unicode(self):
        data = {("\u00c9XH" if name == "EXH" else name): values for name, values in self.columns.items()}
        result = est.mse(data, ["\u00c9XH", "ABA", "OSCE", "HRW"], model="all-pairs", internal=True)
        self.assertEqual(result.find("population").estimate, self.expected[0][1])

    def test_data_are_not_changed(self):
        before = {name: values.copy() for name, values in self.columns.items()}
        fit(self.columns)
        for name, values in before.items():
            np.testing.assert_array_equal(values, self.columns[name])

    @unittest.skipUnless(pd, "pandas is not installed")
    def test_pandas_types(self):
        frame = pd.DataFrame(dict(self.columns))
        for dtype in ("Int64", "Float64", "boolean", "category", "string", object, "int8"):
            with self.subTest(dtype):
                self.same(frame.assign(**{name: frame[name].astype(dtype) for name in LISTS}))
        self.same(frame.assign(when=pd.Timestamp("2020-01-01"), note="x"))
        self.same(frame.set_index("count", drop=False))


class Cells(unittest.TestCase):
    def numbers(self, values):
        return [None if math.isnan(value) else value for value in convert(values, "x", "data").tolist()]

    def texts(self, values):
        converted = convert(values, "x", "data")
        self.assertIsInstance(converted, list)
        return converted

    def test_numbers(self):
        self.assertEqual(self.numbers([1, None, float("nan"), True, decimal.Decimal("2.5")]), [1, None, None, 1, 2.5])
        self.assertEqual(self.numbers(np.ma.masked_array([1, 2], mask=[False, True])), [1, None])
        self.assertEqual(self.numbers([None, None]), [None, None])

    def test_texts(self):
        self.assertEqual(self.texts(["a", None, ""]), ["a", None, None])
        self.assertEqual(self.texts(["a", 2, 2.0, 2.5, True]), ["a", "2", "2", "2.5", "1"])
        self.assertEqual(self.texts([datetime.date(2019, 3, 31), None]), ["2019-03-31", None])
        self.assertEqual(self.texts(np.array(["2019-03-31T12", "NaT"], dtype="M8[h]")), ["2019-03-31", None])

    def test_large_whole_numbers_stay_exact(self):
        self.assertEqual(self.texts(np.array([2**60, 2**60 + 1])), [str(2**60), str(2**60 + 1)])
        self.assertEqual(self.texts([2**60, 2**60 + 1]), [str(2**60), str(2**60 + 1)])

    @unittest.skipUnless(pd, "pandas is not installed")
    def test_pandas(self):
        self.assertEqual(self.numbers(pd.Series([1, None], dtype="Int64")), [1, None])
        self.assertEqual(self.numbers(pd.Series([True, None], dtype="boolean")), [1, None])
        self.assertEqual(self.texts(pd.Series(["a", None], dtype="category")), ["a", None])
        self.assertEqual(self.texts(pd.Series(["a", pd.NA], dtype="string")), ["a", None])
        self.assertEqual(self.texts(pd.to_datetime(pd.Series(["2019-03-31", None])).dt.tz_localize("UTC")), ["2019-03-31", None])
        self.assertEqual(self.texts(pd.Series(pd.period_range("2019", periods=2, freq="A"))), ["2019", "2020"])

    def test_refused(self):
        for values in ([1j], np.zeros((2, 2)), "text", np.array([1j]), [[1], [2]], 5):
            with self.subTest(values), self.assertRaises(est.EstDataError) as caught:
                convert(values, "x", "data")
            self.assertEqual((caught.exception.code, caught.exception.column), ("EST_ECOLUMN", "x"))


if __name__ == "__main__":
    unittest.main()
