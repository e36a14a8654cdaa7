"""One run: arguments in, Result out."""
from __future__ import annotations

import operator
import os
import sys
import warnings
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import low
from ._columns import is_table, table
from ._errors import EstWarning, error
from ._registry import methods
from ._result import Result, from_low

Progress = Union[None, bool, Callable[[str, float], Any]]


def _whole(value: Any, name: str, minimum: int, maximum: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not minimum <= number <= maximum or isinstance(value, (bool, np.bool_)):
        raise error("EST_EOPTION", f"{name}: found {value!r}; expected a whole number from {minimum} to {maximum}",
                    name)
    return number


def _truth(value: Any, name: str) -> bool:
    """No truth value is guessed: "no" would be true."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: found {value!r}; expected True or False")
    return bool(value)


def _quoted(name: str) -> str:
    """A name that holds a comma or a quote stands between quotes, as in a CSV file."""
    plain = name == name.strip(" \t") and not any(mark in name for mark in ',"')
    return name if plain else '"' + name.replace('"', '""') + '"'


def _option_text(value: Any, kind: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    if hasattr(value, "__iter__"):
        parts = list(value)
        numeric = bool(parts) and all(isinstance(part, (int, float, np.number)) for part in parts)
        if kind == "columns":
            parts = [_quoted(part) if isinstance(part, str) else part for part in parts]
        return ("," if numeric or kind == "columns" else " ").join(_option_text(part, kind) for part in parts)
    return str(value)


def _split(method: str, options: Dict[str, Any]) -> Tuple[Tuple[Any, ...], List[Any]]:
    """Options as (name, text) pairs and companion tables; None = the library's default. A last _ only tells a Python word
    apart: class_ is the option "class"."""
    known = methods().get(method)
    kinds = {option.name: option.kind for option in known.options} if known else {}
    texts, tables = [], []
    for key, value in options.items():
        name = (key[:-1] if key.endswith("_") else key).replace("_", "-")
        if value is None:
            continue
        if kinds.get(name) == "table" or is_table(value):
            tables.append(table(value, name, name))
        else:
            texts.append((name, _option_text(value, kinds.get(name, ""))))
    return tuple(texts), tables


class _Bar:
    """A progress bar on standard error, wiped at the end."""

    def __init__(self) -> None:
        self.width = 0

    def __call__(self, stage: str, fraction: float) -> None:
        done = int(30 * min(max(fraction, 0.0), 1.0))
        text = f"[{'=' * done}{' ' * (30 - done)}] {100 * fraction:3.0f} % {stage}"
        sys.stderr.write("\r" + text.ljust(self.width))
        sys.stderr.flush()
        self.width = max(self.width, len(text))

    def close(self) -> None:
        if self.width:
            sys.stderr.write("\r" + " " * self.width + "\r")
            sys.stderr.flush()


def _progress(progress: Progress) -> Tuple[Optional[Callable[[str, float], Any]], Callable[[], None]]:
    if callable(progress):
        return progress, lambda: None
    if progress is None:
        progress = sys.stderr is not None and sys.stderr.isatty()
    if not progress:
        return None, lambda: None
    bar = _Bar()
    return bar, bar.close


def run(method: str, data: Any, *, seed: int = 1, threads: int = 1, suppress: Optional[str] = "default",
        suppress_below: Optional[int] = None, internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """Runs any method of the library (`methods()` lists them with their options).

    data: rows are records or capture histories, as `methods()[method].data` says: a DataFrame, a dict of columns of equal
        length, a structured array, or the path of a file (.csv, Stata .dta, SPSS .sav) that the library reads, without holding its
        rows where the method need not. Numbers, text, categories, truth values (0/1) and dates (as text, YYYY-MM-DD) are taken;
        None, NaN, NaT, NA and empty text are missing. The data are not changed.
    method: its id, with - or _ ("two-list", "two_list").
    options: the method's options by name, with _ for -, and `class_` for "class"; None = the library's default. Several columns
        are a list of names, several numbers a list of numbers; companion tables are given like data.
    seed: 0 to 2**64 - 1; the same seed gives the same numbers with any number of threads. threads: 0 or 1 = this thread.
    suppress: "default" is "counts" for methods on lists: counts of detected people below `suppress_below` (10 unless given) are
        withheld before anything leaves this function; and "dhs" for surveys: estimates on fewer than 25 cases are. Others of
        surveys: "mics", "nchs", "statcan", "custom:KEY=NUMBER,...". "none" withholds nothing (public data only). internal: nothing
        is withheld, and every page is marked.
    progress: True = a bar on standard error, None = only on a terminal, or a function (stage, fraction) that stops the run by
        returning true.

    Returns a Result. Its notes of severity "warning" are also warned of (EstWarning).
    Raises TypeError if `internal` is no bool; EstOptionError, EstDataError, EstIdentificationError, EstSystemError;
    KeyboardInterrupt on Ctrl-C; EstCancelled if `progress` stopped it. Source: `methods()[method].reference`.
    """
    method = method.replace("_", "-") if isinstance(method, str) else method
    texts, companions = _split(method, options)
    tick, close = _progress(progress)
    try:
        value = low.run(method, (table(data), *companions), texts, _whole(seed, "seed", 0, 2**64 - 1),
                        _whole(threads, "threads", 0, 1024), suppress,
                        -1 if suppress_below is None else _whole(suppress_below, "suppress_below", 0, 10**9),
                        int(_truth(internal, "internal")), tick)
    finally:
        close()
    if "error" in value:
        raise error(**value["error"])
    result = from_low(value)
    for note in result.notes:
        if note.severity == "warning":
            warnings.warn(EstWarning(note.message, note.code), stacklevel=_outside())
    return result


def _outside() -> int:
    """The stack level of the first caller outside this package, counted from `run`."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and os.path.dirname(frame.f_code.co_filename) == os.path.dirname(__file__):
        level, frame = level + 1, frame.f_back
    return level


def mse(data: Any, lists: Optional[Sequence[str]] = None, *, count: Optional[str] = None, model: Optional[str] = None,
        select: Optional[str] = None, max_order: Optional[int] = None, ci: Optional[str] = None,
        replicates: Optional[int] = None, level: Optional[float] = None, by: Optional[Sequence[str]] = None,
        average: Optional[bool] = None, diagnose: Optional[bool] = None, seed: int = 1, threads: int = 1,
        suppress: Optional[str] = "default", suppress_below: Optional[int] = None, internal: bool = False,
        progress: Progress = None, **options: Any) -> Result:
    """Multiple systems estimation: how many persons there are, those on no list included.

    data: one row per capture history with a column of counts (persons), or one row per person, or one row per person and list;
        list columns hold 0 and 1. lists: names of the list columns; None = every column that has no other role.
        count: the column of counts. A missing value in a list or a count is an error that names its row.
    model: "all-pairs", "main", or generators joined by ":" and separated by blanks ("LA:NG PF"); None = selected by `select`.
    by: names of columns of strata: one joint model, rows for each stratum and for their total.
    average: also the average over models. diagnose: every diagnostic as a table in `frames`, two charts, and a verdict in `notes`.
    level: of the intervals, 0 to 1. Other arguments and errors: see `run`; defaults and ranges: `methods()["mse"].options`.

    Returns a Result with rows population, unobserved and observed, in persons; with `average` also population_averaged.
    Source: the log-linear models for incomplete tables of Fienberg (1972); `methods()["mse"].reference`.
    """
    return run("mse", data, lists=lists, count=count, model=model, select=select, max_order=max_order, ci=ci,
               replicates=replicates, level=level, by=by, average=average, diagnose=diagnose, seed=seed, threads=threads,
               suppress=suppress, suppress_below=suppress_below, internal=internal, progress=progress, **options)


def two_list(data: Any, lists: Optional[Sequence[str]] = None, *, count: Optional[str] = None, pair: Optional[str] = None,
             estimator: Optional[str] = None, odds_ratios: Union[None, str, Sequence[float]] = None,
             limit: Optional[float] = None, level: Optional[float] = None, suppress: Optional[str] = "default",
             suppress_below: Optional[int] = None, internal: bool = False, progress: Progress = None,
             **options: Any) -> Result:
    """A population from two incomplete lists and the persons on both; every pair where there are more lists.

    data, lists, count: as in `mse`. pair: two lists, "A:B". estimator: "chapman" or "lincoln-petersen", which answers where there
        are two lists. odds_ratios: dependence between the lists that is tried, 1 = independent. limit: a population (persons)
        that matters; the odds ratio that leads to it is given.
    Missing values, other arguments and errors: see `run` and `mse`; defaults and ranges: `methods()["two-list"].options`.

    Returns a Result with rows population, unobserved and observed, in persons; `model` names the estimator, the domain label
    "pair" the lists. Everything rests on the independence of the two lists, which two lists cannot test.
    Source: `methods()["two-list"].reference`.
    """
    return run("two-list", data, lists=lists, count=count, pair=pair, estimator=estimator, odds_ratios=odds_ratios, limit=limit,
               level=level, suppress=suppress, suppress_below=suppress_below, internal=internal, progress=progress, **options)


def sample_coverage(data: Any, lists: Optional[Sequence[str]] = None, *, count: Optional[str] = None,
                    estimator: Optional[str] = None, threshold: Optional[float] = None, replicates: Optional[int] = None,
                    level: Optional[float] = None, seed: int = 1, threads: int = 1, suppress: Optional[str] = "default",
                    suppress_below: Optional[int] = None, internal: bool = False, progress: Progress = None,
                    **options: Any) -> Result:
    """A population from three or more lists that may depend on each other, by the sample coverage; no model is chosen.

    data, lists, count: as in `mse`. estimator: "auto", "independent", "high" or "low". threshold: sample coverage, 0 to 1, below
        which it counts as low.
    Missing values, other arguments and errors: see `run` and `mse`; defaults and ranges: `methods()["sample-coverage"].options`.

    Returns a Result with rows population, unobserved and observed, in persons; every estimator is in `frames`.
    Source: `methods()["sample-coverage"].reference`.
    """
    return run("sample-coverage", data, lists=lists, count=count, estimator=estimator, threshold=threshold,
               replicates=replicates, level=level, seed=seed, threads=threads, suppress=suppress,
               suppress_below=suppress_below, internal=internal, progress=progress, **options)


def heterogeneity(data: Any, lists: Optional[Sequence[str]] = None, *, count: Optional[str] = None,
                  frequencies: Optional[str] = None, occasions: Optional[int] = None, model: Optional[str] = None,
                  ci: Optional[str] = None, level: Optional[float] = None, corrected: Optional[bool] = None,
                  suppress: Optional[str] = "default", suppress_below: Optional[int] = None, internal: bool = False,
                  progress: Progress = None, **options: Any) -> Result:
    """Capture models with effects of time, of behaviour and of differences between persons, side by side.

    data, lists, count: as in `mse`; the lists are the occasions, in the order of time. Or frequencies: a column of how often
        persons were captured, beside `count`, with occasions: how often they could be.
    model: one model ("Mth-Chao") or "all". corrected: corrected for bias.
    Missing values, other arguments and errors: see `run` and `mse`; defaults and ranges: `methods()["heterogeneity"].options`.

    Returns a Result: the frame "models" has them side by side; rows observed and Chao's lower bound, in persons, and population
    when one model was named. Source: `methods()["heterogeneity"].reference`.
    """
    return run("heterogeneity", data, lists=lists, count=count, frequencies=frequencies, occasions=occasions, model=model, ci=ci,
               level=level, corrected=corrected, suppress=suppress, suppress_below=suppress_below, internal=internal,
               progress=progress, **options)


def decomposable(data: Any, lists: Optional[Sequence[str]] = None, *, count: Optional[str] = None, prior: Optional[str] = None,
                 delta: Optional[float] = None, most: Optional[int] = None, complete: Union[None, bool, str] = None,
                 level: Optional[float] = None, suppress: Optional[str] = "default", suppress_below: Optional[int] = None,
                 internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """A population by Bayes' theorem, averaged over every decomposable graph of dependence between three to six lists.

    data, lists, count: as in `mse`. prior: on the population, "one-over-n", "uniform" or "negative-binomial". delta: persons that
        the prior adds to each cell. most: the most unseen persons thought possible. complete: whether the graph that joins every
        pair takes part.
    Missing values, other arguments and errors: see `run` and `mse`; defaults and ranges: `methods()["decomposable"].options`.

    Returns a Result with rows population, unobserved and observed, in persons; the graphs are in `frames`.
    Source: `methods()["decomposable"].reference`.
    """
    return run("decomposable", data, lists=lists, count=count, prior=prior, delta=delta, most=most,
               complete=("no", "yes")[bool(complete)] if isinstance(complete, (bool, np.bool_)) else complete, level=level,
               suppress=suppress, suppress_below=suppress_below, internal=internal, progress=progress, **options)


def linkage(data: Any, lists: Optional[Sequence[str]] = None, *, count: Optional[str] = None, period: Optional[str] = None,
            sensitivity: Union[None, str, Sequence[float]] = None, false_match: Union[None, str, Sequence[float]] = None,
            rates: Any = None, model: Optional[str] = None, select: Optional[str] = None, replicates: Optional[int] = None,
            simulations: Optional[int] = None, level: Optional[float] = None, seed: int = 1, threads: int = 1,
            suppress: Optional[str] = "default", suppress_below: Optional[int] = None, internal: bool = False,
            progress: Progress = None, **options: Any) -> Result:
    """What the population would be if the linkage of the records missed matches, or made false ones.

    data, lists, count: as in `mse`; or one row a record with the columns list, id and cluster. period: a column of periods.
    sensitivity, false_match: probabilities that two records of one person are linked, and shares of the links that join two
        persons, which are tried. rates: a table of known rates, columns sensitivity and false_match, by period, or by list and
        other, or by both. simulations: how many times errors are put into the records, for each pair of rates.
    Missing values, other arguments and errors: see `run` and `mse`; defaults and ranges: `methods()["linkage"].options`.

    Returns a Result: rows from the data as they were linked, in persons; `frames` have the rest.
    Source: `methods()["linkage"].reference`.
    """
    return run("linkage", data, lists=lists, count=count, period=period, sensitivity=sensitivity, false_match=false_match,
               rates=rates, model=model, select=select, replicates=replicates, simulations=simulations, level=level, seed=seed,
               threads=threads, suppress=suppress, suppress_below=suppress_below, internal=internal, progress=progress,
               **options)


def patterns(data: Any, lists: Optional[Sequence[str]] = None, *, list: Optional[str] = None, period: Optional[str] = None,
             id: Optional[str] = None, cluster: Optional[str] = None, date: Optional[str] = None, until: Optional[str] = None,
             repeats: Optional[str] = None, suppress: Optional[str] = "default", suppress_below: Optional[int] = None,
             internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """How many persons are on which combination of lists, from records that somebody linked.

    data: one row a record. list, id, cluster, period, date: its columns of the list, of the record's id within the list, of the
        person that the linkage found, of the period and of the date; None = the columns of these names.
    lists: names of lists, in the order wanted. until: no date may lie after it ("2024-12-31"). repeats: "warn", "allow" or
        "refuse" persons with several records of one list.
    Missing values, other arguments and errors: see `run`; defaults and ranges: `methods()["patterns"].options`.

    Returns a Result whose frames hold the capture histories, which `mse` and `trend` read, and the checks; no identifier.
    Source: `methods()["patterns"].reference`.
    """
    return run("patterns", data, lists=lists, list=list, period=period, id=id, cluster=cluster, date=date, until=until,
               repeats=repeats, suppress=suppress, suppress_below=suppress_below, internal=internal, progress=progress,
               **options)


def trend(data: Any, lists: Optional[Sequence[str]] = None, *, period: Optional[str] = None, count: Optional[str] = None,
          seen: Optional[str] = None, population: Any = None, list_dates: Any = None, dependence: Optional[str] = None,
          model: Optional[str] = None, select: Optional[str] = None, max_order: Optional[int] = None,
          ci: Optional[str] = None, replicates: Optional[int] = None, level: Optional[float] = None,
          baseline: Optional[str] = None, seed: int = 1, threads: int = 1, suppress: Optional[str] = "default",
          suppress_below: Optional[int] = None, internal: bool = False, progress: Progress = None, **options: Any) -> Result:
    """The trend of a hidden population over periods, from lists that record it in each of them.

    data: as in `mse`, with a column of periods (`period`). seen: a column of persons seen on any list.
    population: a table with one row per period (columns period, years, population, truncated; years in years, population in
        persons). list_dates: a table with columns list, from, to.
    Missing values, other arguments and errors: see `run` and `mse`; defaults and ranges: `methods()["trend"].options`.

    Returns a Result with rows per period and model: persons observed and estimated, rates per year, ratios and annual change.
    Source: `methods()["trend"].reference`.
    """
    return run("trend", data, lists=lists, period=period, count=count, seen=seen, population=population,
               list_dates=list_dates, dependence=dependence, model=model, select=select, max_order=max_order, ci=ci,
               replicates=replicates, level=level, baseline=baseline, seed=seed, threads=threads, suppress=suppress,
               suppress_below=suppress_below, internal=internal, progress=progress, **options)
