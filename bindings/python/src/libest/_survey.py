"""Surveys: estimates, weights, the audit of a file."""
from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from ._columns import is_path, is_result, is_table, pick
from ._errors import EstDataError
from ._result import Result
from ._run import Progress, run

Names = Union[None, str, Sequence[str]]
Limits = Union[None, str, Sequence[Optional[float]]]


def survey(data: Any, *, mean: Names = None, total: Names = None, proportion: Names = None, ratio: Names = None,
           quantile: Union[Names, Mapping[str, Union[float, Sequence[float]]]] = None, by: Names = None,
           where: Optional[str] = None, contrast: Names = None, linear: Optional[str] = None,
           logistic: Optional[str] = None, association: Names = None,
           weight: Optional[str] = None, strata: Names = None, psu: Names = None, fpc: Names = None, variance: Optional[str] = None,
           calibrate: Optional[str] = None, margins: Any = None, ci: Optional[str] = None, level: Optional[float] = None,
           covariance: Optional[bool] = None, seed: int = 1, threads: int = 1, suppress: Optional[str] = "default",
           suppress_below: Optional[int] = None, internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """Estimates from a sample survey, with standard errors that respect its design.

    data: one row a person or household, or the path of a file. Only the columns that an option names are read.
    weight, strata, psu, fpc: columns of the design; of several stages, a list with one column a stage.
    mean, total: columns of numbers. proportion: columns, every level of which is estimated, or "COLUMN=LEVEL". ratio: "A/B".
    quantile: "age@0.5" or {"age": [0.25, 0.5]}. by: domains, every crossing of these columns. where: a condition, as text:
        'age >= 5 and sex == "f"'. Neither ever drops a PSU. contrast: of domains, "sex=f - sex=m".
    linear, logistic: "y ~ x + factor(z)". association: two columns, tests of independence.
    margins: known totals for `calibrate`: a table with columns variable, level, total; or {"sex": {"f": 510, "m": 490},
        "age": 31000}, with a tuple of names and of levels where columns are crossed.
    covariance: also the covariance of all estimates: `result.covariance()`.
    Missing values are left out of what needs them, and counted in a note. Other arguments, options and errors: see `run`; defaults
    and ranges: `methods()["survey"].options`.

    Returns a Result: for each thing asked for a row for the whole and one for each domain. Rows on fewer than 25 cases are withheld
    unless `suppress` or `internal` says otherwise.
    Source: `methods()["survey"].reference`.
    """
    options = {**options, "mean": mean, "total": total, "proportion": proportion, "ratio": ratio, "quantile": _quantiles(quantile),
               "by": by, "where": where, "contrast": _joined(contrast), "linear": linear, "logistic": logistic,
               "association": _pair(association), "weight": weight, "strata": strata, "psu": psu, "fpc": fpc, "variance": variance,
               "calibrate": calibrate, "margins": _margins(margins), "ci": ci, "level": level, "covariance": covariance}
    options["bounds"] = _limits(options.get("bounds"))
    return _run_named("survey", data, options, seed=seed, threads=threads, suppress=suppress, suppress_below=suppress_below,
                      internal=internal, progress=progress)


def _run_named(method: str, data: Any, options: Dict[str, Any], texts: Sequence[str] = (), again: Sequence[str] = ("EST_ECOLUMN",),
               **controls: Any) -> Result:
    """A run that sees the columns it names. If one is missing, again with every column: the message then names the nearest one.
    Another column's fault is none of this request. texts: what else names columns. again: the faults after which other columns are
    looked at."""
    picked = _named(data, options, texts)
    try:
        return run(method, picked, **controls, **options)
    except EstDataError as fault:
        if fault.code not in again or picked is data:
            raise
        first = fault
    try:
        return run(method, data, **controls, **options)
    except EstDataError as second:
        raise (second if second.column == first.column else first) from None


def weight(data: Any, *, weight: Optional[str] = None, probability: Names = None, response: Optional[str] = None,
           response_cells: Names = None, propensity: Optional[str] = None, calibrate: Optional[str] = None, margins: Any = None,
           bounds: Limits = None, trim: Limits = None, trim_median: Optional[float] = None, suppress: Optional[str] = "default",
           suppress_below: Optional[int] = None, internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """Survey weights, step by step: base weights, nonresponse, calibration to known totals, trimming. Each step is optional.

    data: one row a sampled person or household, those who did not respond too where `response` is given; or the path of a file.
    weight: the base weight; or probability: columns of the chances of selection, one a stage. response: column of 1 and 0.
    response_cells: columns whose crossing makes the cells in which respondents stand for all; or propensity: a model,
        "age + factor(region)". calibrate, margins: as in `survey`. bounds, trim: (lower, upper) of the factors and of the weights,
        None = no limit. trim_median: at most that many times the median weight.
    A missing or negative weight is an error that names its row. Other arguments and errors: see `run`; defaults and ranges:
    `methods()["weight"].options`.

    Returns a Result whose rows describe the weights after each step. `result.frame("weights")["final"]` has a weight for each row
    of the data, 0 for rows without one. Source: `methods()["weight"].reference`.
    """
    options = {**options, "weight": weight, "probability": probability, "response": response, "response_cells": response_cells,
               "propensity": propensity, "calibrate": calibrate, "margins": _margins(margins), "bounds": _limits(bounds),
               "trim": _limits(trim), "trim_median": trim_median}
    return _run_named("weight", data, options, suppress=suppress, suppress_below=suppress_below, internal=internal,
                      progress=progress)


def check(data: Any, *, weight: Optional[str] = None, strata: Names = None, psu: Names = None, fpc: Names = None,
          nest: Optional[bool] = None, by: Names = None, id: Names = None, columns: Names = None,
          suppress: Optional[str] = "default", suppress_below: Optional[int] = None, internal: bool = False,
          progress: Progress = None, **options: Any) -> Result:
    """Audit of a survey file: everything that is wrong or doubtful in its columns and in its design, at once.

    data: columns, or the path of a file. weight, strata, psu, fpc, nest: the design, as in `survey`; what is not given is not
        looked at. by: columns of domains to be tried. id: columns that together should differ in every row.
    columns: which to describe.
    Missing values are counted. Other arguments and errors: see `run`; defaults and ranges: `methods()["check"].options`.

    Returns a Result whose frame "findings" has severity, place, count and advice; others describe design, weights and columns.
    Source: `methods()["check"].reference`.
    """
    return run("check", data, weight=weight, strata=strata, psu=psu, fpc=fpc, nest=nest, by=by, id=id, columns=columns,
               suppress=suppress, suppress_below=suppress_below, internal=internal, progress=progress, **options)


def _limits(value: Any) -> Any:
    """(lower, upper) as "L,U"; None or an infinite one is left out."""
    if value is None or isinstance(value, str):
        return value
    return ",".join("" if limit is None or not np.isfinite(limit) else repr(float(limit)) for limit in value)


def _quantiles(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return [f"{name}@{float(probability)!r}" for name, wanted in value.items()
            for probability in (wanted if hasattr(wanted, "__iter__") else [wanted])]


def _joined(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else "; ".join(value)


def _pair(value: Any) -> Any:
    return ":".join(value) if value is not None and not isinstance(value, str) and len(value) == 2 else value


def _crossed(names: Any) -> str:
    return ":".join(map(str, names)) if isinstance(names, tuple) else str(names)


def _margins(value: Any) -> Any:
    """Totals by name of the column, as a table with columns variable, level, total. A table stays as it is."""
    if not isinstance(value, Mapping) or not all(isinstance(total, (Mapping, int, float, np.number)) for total in value.values()):
        return value
    lines: List[Tuple[str, Optional[str], float]] = []
    for variable, totals in value.items():
        levels = totals.items() if isinstance(totals, Mapping) else [(None, totals)]
        lines += [(_crossed(variable), None if level is None else _crossed(level), float(total)) for level, total in levels]
    return {name: [line[place] for line in lines] for place, name in enumerate(("variable", "level", "total"))}


def _texts(value: Any) -> List[str]:
    if isinstance(value, str):
        return [value]
    if is_result(value):
        return []
    if is_table(value):
        return [str(name) for name in value["variable"]] if "variable" in getattr(value, "columns", value) else []
    return [str(part) for part in value] if hasattr(value, "__iter__") else []


def _named(data: Any, options: Dict[str, Any], further: Sequence[str] = ()) -> Any:
    """Survey files have thousands of columns: only those that an option names cross. A name counts as named wherever it occurs."""
    if is_path(data) or is_path(options["margins"]):
        return data
    texts = [text for value in options.values() for text in _texts(value)]
    text = "\n".join(texts).replace("``", "`").replace("''", "'").replace('""', '"')
    starts = tuple(part.strip()[:-1] for one in texts for part in one.split(",") if part.strip()[1:].endswith("*"))
    words = set(re.findall(r"[A-Za-z0-9_.]+", "\n".join(further)))  # whole words, for a codebook is long

    def wanted(name: str) -> bool:
        if name == "SYNTHETIC" or name in words:
            return True
        odd = re.search(r"[^A-Za-z0-9_.]", name) is not None
        return bool(name) and (name in text or name.startswith(starts) or odd and any(name in line for line in further))

    return pick(data, wanted)
