"""What the library knows: its methods with their options, its bundled datasets."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

import numpy as np

from . import low
from ._columns import Columns
from ._errors import error


@dataclass(frozen=True)
class Option:
    """One option of a method. `default`, `minimum`, `maximum` and `choices` are the library's own; Python writes max_order
    for "max-order". `further`: wanted by few."""

    name: str
    kind: str
    default: str
    minimum: float
    maximum: float
    choices: Tuple[str, ...]
    doc: str
    further: bool = False


@dataclass(frozen=True)
class Method:
    """A method of the registry: what it estimates, from what data, after whom, with which options."""

    id: str
    title: str
    summary: str
    reference: str
    data: str
    options: Tuple[Option, ...]


@dataclass(frozen=True)
class Dataset:
    """A bundled dataset without its rows. `companion` names the dataset of its periods, "" if there is none."""

    name: str
    title: str
    companion: str
    description: str
    is_public: bool
    is_synthetic: bool


def _option(fields: Dict[str, Any]) -> Option:
    return Option(**{**fields, "choices": tuple(filter(None, fields["choices"].split("|")))})


def methods() -> Dict[str, Method]:
    """Every method of the library by its id, in the order of the registry."""
    found = (Method(**{**fields, "options": tuple(map(_option, fields["options"]))}) for fields in low.methods())
    return {method.id: method for method in found}


def datasets() -> Dict[str, Dataset]:
    """The bundled datasets by name."""
    return {fields["name"]: Dataset(**fields) for fields in low.datasets()}


def _fetch(name: str) -> Dict[str, Any]:
    if not isinstance(name, str):
        raise error("EST_EOPTION", f"name: found {name!r}; expected the name of a bundled dataset as text", "name")
    found = low.dataset("dataset:" + name.removeprefix("dataset:"))
    if "error" in found:
        raise error(**found["error"])
    return found


def bundled_columns(name: str) -> Dict[str, Any]:
    """The columns of a bundled dataset as lists; none if there is no such dataset."""
    return low.dataset("dataset:" + name).get("columns", {})


def _narrow(values: Any) -> Any:
    if values and isinstance(values[0], float) and all(value == value and value.is_integer() for value in values):
        return np.array(values, dtype=np.int64)
    return np.array(values, dtype=object if any(isinstance(value, str) for value in values) else np.float64)


def dataset(name: str, *, as_frame: Optional[bool] = None) -> Any:
    """A bundled dataset.

    as_frame: True = a pandas DataFrame, False = a dict of arrays (`Columns`), None = a DataFrame where pandas is installed.
    Either has `attrs` "est_public" (may be published as it is: small cells are not hidden) and "est_synthetic".
    Missing values are None in text and NaN in numbers. Raises EstDataError if there is no such dataset, EstOptionError if the
    name is no text.
    Source: the dataset's page, `datasets()[name].description`.
    """
    found = _fetch(name)
    made: Any = Columns({column: _narrow(values) for column, values in found["columns"].items()})
    if as_frame is not False:
        try:
            import pandas
        except ImportError:
            if as_frame:
                raise
        else:
            made = pandas.DataFrame(dict(made))
    made.attrs.update(est_name=name.removeprefix("dataset:"), est_public=found["is_public"], est_synthetic=found["is_synthetic"])
    return made
