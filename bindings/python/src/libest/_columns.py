"""Columns on their way to C: contiguous doubles (NaN = missing) or lists of str (None = missing)."""
from __future__ import annotations

import datetime
import decimal
import math
import numbers
import os
from typing import Any, Callable, Dict, List, Tuple, Union

import numpy as np

from ._errors import error

Converted = Union["np.ndarray[Any, Any]", List[Any]]

_EXACT = 2**53  # whole numbers above it are no longer exact as doubles: they cross as text


class Columns(Dict[str, Any]):
    """A dict of columns with `attrs`, as a DataFrame has: what `dataset` gives without pandas."""

    def __init__(self, *arguments: Any, **columns: Any) -> None:
        super().__init__(*arguments, **columns)
        self.attrs: Dict[str, Any] = {}


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, str):
        return value == ""
    return isinstance(value, (float, np.floating, decimal.Decimal)) and math.isnan(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_, numbers.Real, decimal.Decimal))


def _text(value: Any, name: str, where: str) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, (datetime.datetime, datetime.date)):
        text = value.strftime("%Y-%m-%d")
    elif isinstance(value, np.datetime64):
        text = str(value.astype("datetime64[D]"))
    elif isinstance(value, bytes):
        text = value.decode("utf-8")
    elif isinstance(value, (bool, np.bool_)):
        text = str(int(value))
    elif isinstance(value, (float, np.floating)) and float(value).is_integer():
        text = str(int(value))
    elif _is_number(value) or type(value).__name__ == "Period":
        text = str(value)
    else:
        raise _refusal(f"a {type(value).__name__}", name, where)
    if "\0" in text:
        raise error("EST_EVALUE", f"{where}, column '{name}': found a NUL character; expected text", where, name)
    return text


def _refusal(found: str, name: str, where: str) -> Exception:
    return error("EST_ECOLUMN", f"{where}, column '{name}': found {found}; expected numbers, text, categories, truth values "
                 "or dates", where, name)


def _from_objects(values: List[Any], name: str, where: str) -> Converted:
    values = [None if _is_missing(value) else value for value in values]
    present = [value for value in values if value is not None]
    if all(_is_number(value) and abs(value) <= _EXACT for value in present):
        return np.array([math.nan if value is None else float(value) for value in values], dtype=np.float64)
    return [None if value is None else _text(value, name, where) for value in values]


def _from_array(array: "np.ndarray[Any, Any]", name: str, where: str) -> Converted:
    if array.ndim != 1:
        raise _refusal(f"an array of {array.ndim} dimensions", name, where)
    if array.dtype.kind in "iu" and array.size and max(abs(int(array.min())), abs(int(array.max()))) > _EXACT:
        return [str(value) for value in array.tolist()]
    if array.dtype.kind in "biuf":
        return np.ascontiguousarray(array, dtype=np.float64)
    if array.dtype.kind == "M":
        days = array.astype("datetime64[D]")
        return [None if np.isnat(day) else str(day) for day in days]
    if array.dtype.kind in "OUS":
        return _from_objects(array.tolist(), name, where)
    raise _refusal(f"type {array.dtype}", name, where)


def _from_series(series: Any, name: str, where: str) -> Converted:
    """A pandas Series: nullable, categorical and time-zone types become objects, the rest their array."""
    if isinstance(series.dtype, np.dtype):
        return _from_array(series.to_numpy(), name, where)
    return _from_objects(series.astype(object).tolist(), name, where)


def convert(values: Any, name: str, where: str) -> Converted:
    """One column."""
    if hasattr(values, "dtype") and hasattr(values, "to_numpy"):
        return _from_series(values, name, where)
    if isinstance(values, np.ma.MaskedArray):
        return _from_objects(values.tolist(), name, where)
    if isinstance(values, np.ndarray):
        return _from_array(values, name, where)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise _refusal(f"a {type(values).__name__}", name, where)
    return _from_objects(list(values), name, where)


def _pairs(data: Any, where: str) -> List[Tuple[str, Any]]:
    if isinstance(data, np.ndarray) and data.dtype.names:
        return [(name, data[name]) for name in data.dtype.names]
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        return [(str(name), data.iloc[:, i]) for i, name in enumerate(data.columns)]
    if isinstance(data, dict):
        return [(str(name), values) for name, values in data.items()]
    raise error("EST_EOPTION", f"{where}: found a {type(data).__name__}; expected a DataFrame, a dict of columns, a structured "
                "array or the path of a file (.csv, .dta, .sav)", where)


def is_path(value: Any) -> bool:
    """Whether data are a file that the library reads itself."""
    return isinstance(value, (str, os.PathLike))


def pick(data: Any, wanted: Callable[[str], bool], where: str = "data") -> Any:
    """The columns whose names are wanted, with the marks of the whole; everything if none is: the library says what is missing."""
    pairs = [(name, values) for name, values in _pairs(data, where) if wanted(name)]
    if not pairs or len({name for name, _ in pairs}) < len(pairs):
        return data
    picked = Columns(dict(pairs))
    picked.attrs.update(getattr(data, "attrs", None) or {})
    return picked


def is_result(value: Any) -> bool:
    """Whether data are the Result of another run."""
    return hasattr(value, "as_columns")


def is_table(value: Any) -> bool:
    """Whether an option's value is a companion table."""
    return is_result(value) or isinstance(value, dict) or hasattr(value, "iloc") or isinstance(value, np.ndarray) and bool(value.dtype.names)


def _keys(columns: List[Tuple[str, Converted]]) -> List[Tuple[Any, ...]]:
    cells = [[None if _is_missing(value) else value for value in (v if isinstance(v, list) else v.tolist())]
             for _, v in columns]
    return list(zip(*cells))


def _origin(attributes: Dict[Any, Any], columns: List[Tuple[str, Converted]], where: str) -> Tuple[str, bool]:
    """Name and publicity. A bundled dataset is public as long as every row is still one of the bundled rows: new numbers under
    an old name are not. Whole, it bears its own name. Data marked by hand with `attrs["est_public"] = True` are what their
    owner says they are."""
    from ._registry import bundled_columns

    name, public = attributes.get("est_name"), attributes.get("est_public") is True
    if name is None:
        return where, public
    bundled = dict(bundled_columns(str(name)))
    if not all(column in bundled for column, _ in columns):
        return where, False
    known = _keys([(column, convert(bundled[column], column, where)) for column, _ in columns])
    rows = _keys(columns)
    whole = rows == known and [column for column, _ in columns] == list(bundled)
    return f"dataset:{name}" if whole else where, public and set(rows) <= set(known)


def table(data: Any, option: str = "", where: str = "data") -> Tuple[Any, ...]:
    """(option, name, rows, public, synthetic, columns), or (option, path): what low.run takes."""
    if is_path(data):
        return (option, os.path.expanduser(os.fsdecode(data)))
    if is_result(data):
        data = data.as_columns()
    columns = [(name, convert(values, name, where)) for name, values in _pairs(data, where)]
    rows = len(columns[0][1]) if columns else 0
    for name, values in columns:
        if len(values) != rows:
            raise error("EST_ECOLUMN", f"{where}, column '{name}': found {len(values)} rows; expected {rows}, as in column "
                        f"'{columns[0][0]}'", where, name)
    attributes = dict(getattr(data, "attrs", None) or {})
    name, public = _origin(attributes, columns, where)
    return (option, name, rows, public, attributes.get("est_synthetic") is True, tuple(columns))
