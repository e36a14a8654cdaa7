"""Estimates of how many people live in child labour, forced labour, forced marriage and trafficking, and estimates from surveys.

    import libest as est
    result = est.mse(est.dataset("uk_2013"), model="LA:NG LA:PF NG:PF")
    print(result)

`mse` estimates a population that no list covers from the overlap of several lists; `two_list`, `sample_coverage` and
`heterogeneity` do so in other ways; `linkage` shows what errors of the linkage would do to it; `patterns` counts the overlap
of linked records; `trend` follows a population over periods; `survey` estimates from a sample survey, as its design wants it,
with `weight` for its weights and `check` for the file; `run` reaches every method that the library knows (`methods`).
Data are columns: a DataFrame, a dict of columns, a structured array, or the path of a file. Everything that can go wrong is an
`EstError`; what must be known beside a result is an `EstWarning` and a note in it.
"""
from ._columns import Columns
from ._errors import (
    EstCancelled,
    EstDataError,
    EstError,
    EstIdentificationError,
    EstOptionError,
    EstSystemError,
    EstWarning,
)
from ._registry import Dataset, Method, Option, dataset, datasets, methods
from ._result import Chart, Estimate, Frame, Note, Result, Series, Svg
from ._run import heterogeneity, linkage, mse, patterns, run, sample_coverage, trend, two_list
from ._survey import check, survey, weight
from .low import version as _version

__version__: str = _version()

__all__ = [
    "mse", "two_list", "sample_coverage", "heterogeneity", "linkage", "patterns", "trend", "survey", "weight", "check", "run",
    "methods", "dataset", "datasets", "Result", "Estimate", "Frame", "Note", "Chart", "Series", "Svg", "Method", "Option",
    "Dataset", "Columns",
    "EstError", "EstOptionError", "EstDataError", "EstIdentificationError", "EstSystemError", "EstCancelled", "EstWarning",
]
