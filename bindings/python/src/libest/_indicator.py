"""Indicators from microdata, what is worked out from their results, and what they stand on: definitions and codebooks."""
from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union, overload

import numpy as np

from . import low
from ._columns import is_path, table
from ._errors import error
from ._registry import methods
from ._result import Result
from ._run import Progress, run
from ._survey import Limits, Names, _limits, _margins, _run_named

Path = Union[str, "os.PathLike[str]"]
Settings = Union[Names, Mapping[str, Any]]


@dataclass(frozen=True)
class Definition:
    """The rules of an indicator as data. `method`: the indicator; `status`: "default", "variant", "superseded" or "analyst's
    choice"; `text`: the file (INI) with every threshold and comparison."""

    id: str
    method: str
    title: str
    status: str
    version: str
    source: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Codebook:
    """A bundled codebook: which columns of a known survey mean what. `text`: the file (INI)."""

    id: str
    title: str
    source: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class CodebookCheck:
    """A codebook tried on data. `faults`: how many there are; `text`: roles, strata, rows and every fault with its records."""

    faults: int
    text: str


def indicator(name: str, data: Any, *, codebook: Optional[Path] = None, preset: Optional[str] = None, by: Names = None,
              where: Optional[str] = None, ages: Names = None, indicators: Names = None, tables: Names = None,
              population: Optional[float] = None, numbers: Union[None, bool, str] = None, benchmarks: Optional[bool] = None,
              small_area: Optional[str] = None, covariates: Any = None, sampling_errors: Optional[bool] = None,
              level: Optional[float] = None, set: Settings = None, reference_period: Optional[str] = None, seed: int = 1,
              threads: int = 1, suppress: Optional[str] = "default", suppress_below: Optional[int] = None,
              internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """Child labour, child marriage, forced marriage of adults or forced labour, from the microdata of a survey.

    name: "child-labour", "child-marriage", "forced-marriage" or "forced-labour".
    data: one row a person: columns, or the path of a file (.csv, Stata .dta, SPSS .sav), or "dataset:NAME". Of columns only those
        cross that the codebook or an option names; value labels are in files alone.
    codebook: which columns mean what: the path of a codebook (.ini), or the id of a preset (`codebook()`). Needed.
    preset: the definition, `definitions(name)`; None = the default of the indicator.
    by: domains, every crossing of these roles or columns. where: a condition, as text: 'sex == 2'.
    ages: age groups instead of the definition's: ["20-24", "25-49"]. indicators: which of the definition's. tables: "all", or
        ["T2", "T3"].
    population: people of the definition's ages, for numbers of people. numbers: True refuses where they cannot be had.
    benchmarks: published figures beside the estimates. small_area: model-based estimates of these areas, with `covariates`: a table
        with a line an area, its first column the area. sampling_errors: the table R, SE, N, WN, DEFT, SE/R, R-2SE, R+2SE.
    set: parameters of the definition: {"NAME": 43}. reference_period: over how long people were asked, where the codebook does
        not say it.
    margins (an option): known totals, in the forms that `survey` takes.
    Missing values: as the definition says; the frame "missing" shows them. Other options and errors: see `run`; defaults and
    ranges: `methods()["child-labour"].options`. EstDataError names record and column of a special code that nobody
    declared, and of ages and hours out of range.

    Returns a Result: proportions in [0, 1], numbers of people, ages in years, hours a week, as `unit` of each row says; `facts`
    have the definition in words. Source: `methods()["child-labour"].reference`, and each definition's own.
    """
    method = _microdata_method(name)
    options = {**options, "codebook": _path(codebook), "preset": preset, "by": by, "where": where, "ages": _commas(ages),
               "indicators": _commas(indicators), "tables": _commas(tables), "population": population,
               "numbers": ("no", "yes")[bool(numbers)] if isinstance(numbers, (bool, np.bool_)) else numbers,
               "benchmarks": benchmarks, "small_area": small_area, "covariates": covariates, "sampling_errors": sampling_errors,
               "level": level, "set": _commas(set), "reference_period": reference_period,
               "margins": _margins(options.get("margins")), "bounds": _limits(options.get("bounds"))}
    return _run_named(method, data, options, texts=_codebook_texts(options["codebook"]), again=("EST_ECOLUMN", "EST_EDEFINITION"),
                      seed=seed, threads=threads, suppress=suppress, suppress_below=suppress_below, internal=internal,
                      progress=progress)


def small_area(data: Any, *, area: Optional[str] = None, estimate: Optional[str] = None, se: Optional[str] = None,
               variance: Optional[str] = None, covariates: Names = None, n: Optional[str] = None, fit: Optional[str] = None,
               share: Optional[str] = None, national: Optional[float] = None, benchmark: Optional[str] = None,
               unit: Optional[str] = None, level: Optional[float] = None, suppress: Optional[str] = "default",
               suppress_below: Optional[int] = None, internal: bool = False, progress: Progress = None,
               **options: Any) -> Result:
    """Model-based estimates of small areas (Fay and Herriot) beside the direct ones, with their mean squared errors.

    data: one row an area. area, estimate, se, n: its columns of the name, of the direct estimate (missing: an area without a
        sample), of its standard error and of the cases behind it; None = the columns of these names. variance: instead of `se`.
    covariates: columns that foretell the areas; "factor(NAME)" by levels. fit: "reml", "ml" or "moment".
    share: a column of the areas' shares of the population: the estimates are made to meet the national figure (`national`; None =
        the direct estimates weighted by `share`), as `benchmark` says: "ratio", "difference" or "optimal".
    unit: what the estimates are; "proportion": limits end at 0 and 1.
    Other arguments, options and errors: see `run`; defaults and ranges: `methods()["small-area"].options`.

    Returns a Result with rows direct and small_area of each area, in the unit of the data, and small_area_benchmarked with shares.
    Source: `methods()["small-area"].reference`.
    """
    return run("small-area", data, area=area, estimate=estimate, se=se, variance=variance, covariates=covariates, n=n, fit=fit,
               share=share, national=national, benchmark=benchmark, unit=unit, level=level, suppress=suppress,
               suppress_below=suppress_below, internal=internal, progress=progress, **options)


def trafficking(data: Any, *, population: Any = None, denominator: Optional[str] = None, by: Names = None,
                period: Optional[str] = None, count: Optional[str] = None, sex: Optional[str] = None, age: Optional[str] = None,
                form: Optional[str] = None, forms: Settings = None, year: Union[None, int, str] = None,
                window_years: Optional[float] = None, suppress: Optional[str] = "default", suppress_below: Optional[int] = None,
                internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """Victims of trafficking per 100,000 people (SDG 16.2.2), detected or estimated. Only windows of one year have a rate.

    data: counts of detected victims, a row a group or a victim; or the Result of `mse`, `trend` or another method on lists, or its
        .json file: the interval is carried through.
    population: a table with the column population and any of denominator, period, sex, age, geography. Needed; for Kenya
        "dataset:kenya_population". denominator: whose population it is; stands beside every rate.
    by: groups of counted victims. period, count, sex, age, form: names of columns. forms: what values of the form mean:
        {"begging": "other"}. year: of data without periods. window_years: length of windows whose label does not tell it.
    Missing sex, age or form: the group "not stated", counted in the total. Other arguments, options and errors: see `run`; defaults
    and ranges: `methods()["trafficking"].options`.

    Returns a Result with rows victims_detected_rate (per 100,000) and victims_detected_number (people), or
    victims_estimated_rate and victims_estimated_number. Source: `methods()["trafficking"].reference`.
    """
    return run("trafficking", data, population=population, denominator=denominator, by=by, period=period, count=count, sex=sex,
               age=age, form=form, forms=_commas(forms), year=year, window_years=window_years, suppress=suppress,
               suppress_below=suppress_below, internal=internal, progress=progress, **options)


def compare(data: Any, with_: Any = None, *, estimand: Names = None, domain: Settings = None, id: Names = None,
            order: Optional[str] = None, against: Optional[str] = None, allow_break: Optional[bool] = None,
            level: Optional[float] = None, suppress: Optional[str] = "default", suppress_below: Optional[int] = None,
            internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """Estimates of one thing at several times: their differences, ratios and change per year, and whether they may be compared.

    data: a row an estimate: estimand, estimate, period, and any of se, lower, upper, level, df, n, flags, geography, ages, sex,
        population, definition, reference_period, unit and others; or a Result, or its .json file. with_: more of them.
    estimand, id: only these. domain: only rows with these values: {"county": "Busia"}. order: "period" or "given".
        against: "both", "previous" or "first".
    allow_break: estimates that differ in what they are, of whom, where or how defined are compared too, and marked. Without it
        they are refused: EstDataError, EST_EDEFINITION.
    An estimate that is missing is not compared. Other arguments and errors: see `run`; defaults and ranges:
    `methods()["compare"].options`.

    Returns a Result with each estimate as given, then difference(E), ratio(E) and change_per_year(E), in the unit of the estimates
    or, ratios, without one. Source: `methods()["compare"].reference`.
    """
    return run("compare", data, with_=with_, estimand=_commas(estimand), domain=_commas(domain), id=_commas(id), order=order,
               against=against, allow_break=allow_break, level=level, suppress=suppress, suppress_below=suppress_below,
               internal=internal, progress=progress, **options)


def definitions(method: Optional[str] = None) -> Dict[str, Definition]:
    """The definitions of the indicators by id; `method`: those of one indicator. Raises EstOptionError if there is no such
    indicator. Source: each definition's own."""
    wanted = None if method is None else _microdata_method(method)
    found = (Definition(**fields) for fields in low.definitions())
    return {one.id: one for one in found if wanted in (None, one.method)}


@overload
def codebook(preset: None = None) -> Dict[str, Codebook]: ...


@overload
def codebook(preset: str) -> Codebook: ...


def codebook(preset: Optional[str] = None) -> Union[Codebook, Dict[str, Codebook]]:
    """The bundled codebooks by id, or one of them: its `text` is a file that can be changed and given by its path. Raises
    EstOptionError if there is no such preset. Source: each codebook's own."""
    found = {fields["id"]: Codebook(**fields) for fields in low.codebooks()}
    if preset is None:
        return found
    if preset not in found:
        raise error("EST_EOPTION", f"preset: found {preset!r}; expected one of {', '.join(found)}", "preset")
    return found[preset]


def codebook_init(data: Any, preset: Optional[Path] = None) -> str:
    """A codebook for data, as text: the columns and values that they have, and lines to be decided (below the word DECIDE).

    data: the path of a file, whose labels and missing codes are then looked at too, or columns. preset: the id of a preset, the
        path of a codebook, or what the ids of a survey begin with ("kdhs"); None = the roles that any survey may have.
    The strata are the one candidate with as many values as the preset expects, else they are left to be decided.
    Raises EstOptionError (no such preset, or not exactly one fits), EstDataError; KeyboardInterrupt on Ctrl-C. Source: the data.
    """
    return str(_codebook_call(data, "" if preset is None else preset, "preset", False)["text"])


def codebook_check(data: Any, codebook: Path) -> CodebookCheck:
    """Tries a codebook (a path or the id of a preset) on data: every row of the mapped columns is read, every fault is listed.

    Raises EstOptionError; EstDataError if the codebook cannot be used at all (a column that is not there, strata that are not
    decided): faults of cells are counted instead. Missing values are no faults. Source: the codebook.
    """
    value = _codebook_call(data, codebook, "codebook", True)
    return CodebookCheck(int(value["faults"]), str(value["text"]))


def _codebook_call(data: Any, codebook: Any, name: str, check: bool) -> Dict[str, Any]:
    if not is_path(codebook):
        raise error("EST_EOPTION", f"{name}: found {codebook!r}; expected the id of a preset (codebook() lists them) or the path "
                    "of a codebook", name)
    value: Dict[str, Any] = low.codebook(table(data), _path(codebook), int(check))
    if "error" in value:
        raise error(**value["error"])
    return value


def _microdata_method(name: Any) -> str:
    """The methods that read microdata through a codebook."""
    ids = [method.id for method in methods().values() if any(option.name == "codebook" for option in method.options)]
    wanted = name.replace("_", "-") if isinstance(name, str) else name
    if wanted not in ids:
        raise error("EST_EOPTION", f"name: found {name!r}; expected one of {', '.join(ids)}", "name")
    return str(wanted)


def _path(value: Any) -> Any:
    return os.path.expanduser(os.fsdecode(value)) if is_path(value) else value


def _commas(value: Any) -> Any:
    """["a", "b"] as "a,b"; {"a": 1} as "a=1"."""
    if isinstance(value, Mapping):
        return ",".join(f"{name}={_plain(one)}" for name, one in value.items())
    if value is None or isinstance(value, str) or not hasattr(value, "__iter__"):
        return value
    return ",".join(map(_plain, value))


def _plain(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return repr(float(value)).removesuffix(".0")
    return str(value)


def _codebook_texts(name: Any) -> List[str]:
    """What names columns in a codebook and in those that it changes: its sections, its columns, values and conditions."""
    presets = {fields["id"]: fields["text"] for fields in low.codebooks()}
    texts: List[str] = []
    seen: List[str] = []
    while isinstance(name, str) and name and name not in seen:
        seen.append(name)
        lines = (presets.get(name) or _read_small(name)).splitlines()
        texts += [line for line in lines if re.match(r"[ \t]|\[column|(column|value|sample)[ \t]*[=:]", line)]
        found = (re.match(r"[ \t]*preset[ \t]*[=:](.*)", line) for line in lines)
        name = next((match[1].strip() for match in found if match), None)
    return texts


def _read_small(path: str) -> str:
    """The library reports what is wrong with it."""
    try:
        if os.path.getsize(path) < 10**7:
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read()
    except OSError:
        pass
    return ""
