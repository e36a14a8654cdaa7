"""Estimates of how many people live in child labour, forced labour, forced marriage and trafficking, and estimates from surveys.

    import libest as est
    result = est.mse(est.dataset("uk_2013"), model="LA:NG LA:PF NG:PF")
    print(result)

`mse` estimates a population that no list covers from the overlap of several lists; `two_list`, `sample_coverage`, `heterogeneity`
and `decomposable` do so in other ways; `linkage` shows what errors of the linkage would do to it; `patterns` counts the overlap
of linked records; `trend` follows a population over periods. `survey` estimates from a sample survey, as its design wants it,
with `weight` for its weights and `check` for the file. `indicator` estimates child labour, child and forced marriage and forced
labour from microdata, `trafficking` rates of victims; `small_area` models the estimates of areas, `compare` puts estimates in a
series; `definitions` and `codebook` show what they stand on, `codebook_init` and `codebook_check` help with one for a file. `run`
reaches every method that the library knows (`methods`).
Data are columns: a DataFrame, a dict of columns, a structured array, the path of a file, or a Result. Everything that can go
wrong is an `EstError`; what must be known beside a result is an `EstWarning` and a note in it.
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
from ._indicator import (
    Codebook,
    CodebookCheck,
    Definition,
    codebook,
    codebook_check,
    codebook_init,
    compare,
    definitions,
    indicator,
    small_area,
    trafficking,
)
from ._registry import Dataset, Method, Option, dataset, datasets, methods
from ._result import Chart, Estimate, Frame, Note, Result, Series, Svg
from ._run import decomposable, heterogeneity, linkage, mse, patterns, run, sample_coverage, trend, two_list
from ._survey import check, survey, weight
from .low import version as _version

__version__: str = _version()

__all__ = [
    "mse", "two_list", "sample_coverage", "heterogeneity", "decomposable", "linkage", "patterns", "trend", "survey", "weight",
    "check", "indicator", "trafficking", "small_area", "compare", "run", "definitions", "codebook", "codebook_init",
    "codebook_check",
    "methods", "dataset", "datasets", "Result", "Estimate", "Frame", "Note", "Chart", "Series", "Svg", "Method", "Option",
    "Dataset", "Columns", "Definition", "Codebook", "CodebookCheck",
    "EstError", "EstOptionError", "EstDataError", "EstIdentificationError", "EstSystemError", "EstCancelled", "EstWarning",
]
