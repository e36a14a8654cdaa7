"""Exceptions by family of status."""
from __future__ import annotations

from typing import Any, Mapping, Type


class EstWarning(UserWarning):
    """A note of severity "warning" of a result; `code` names it."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class EstError(Exception):
    """A fault of a run.

    code: the status, for example "EST_EVALUE". where: file, dataset or argument. column: its column.
    record: the data record, 1 = the first below the header; line: the line of the file. Both 0 when they do not apply.
    """

    def __init__(self, message: str, code: str = "EST_EINTERNAL", where: str = "", column: str = "", record: int = 0,
                 line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.where = where
        self.column = column
        self.record = record
        self.line = line

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"

    def __reduce__(self) -> Any:
        return (type(self), (self.message, self.code, self.where, self.column, self.record, self.line))


class EstOptionError(EstError, ValueError):
    """An option or a request that is impossible (EST_EOPTION)."""


class EstDataError(EstError, ValueError):
    """A file, a column, a value or a definition is wrong or missing."""


class EstIdentificationError(EstError):
    """The data are valid, but nothing is identified by them (EST_EIDENTIFY)."""


class EstSystemError(EstError):
    """Memory ran out, output could not be written, or a defect of libest."""


class EstCancelled(EstError, KeyboardInterrupt):
    """The caller's `progress` asked to stop (EST_ECANCELLED). Ctrl-C itself raises KeyboardInterrupt."""


_FAMILIES: Mapping[str, Type[EstError]] = {
    "EST_EOPTION": EstOptionError,
    "EST_EFILE": EstDataError,
    "EST_EFORMAT": EstDataError,
    "EST_ECOLUMN": EstDataError,
    "EST_EVALUE": EstDataError,
    "EST_EDEFINITION": EstDataError,
    "EST_EIDENTIFY": EstIdentificationError,
    "EST_ECANCELLED": EstCancelled,
}


def error(code: str, message: str, where: str = "", column: str = "", record: int = 0, line: int = 0) -> EstError:
    """The exception of a status code."""
    return _FAMILIES.get(code, EstSystemError)(message, code, where, column, record, line)
