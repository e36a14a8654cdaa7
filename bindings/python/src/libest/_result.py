"""The answer of every method: frozen dataclasses of plain values, nothing that a pickle could lose."""
from __future__ import annotations

import math
import os
import re
import tempfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

from ._columns import Columns
from ._errors import error

_OF_SURVEY = ("n_weighted", "numerator", "cv", "deff", "deft", "effective_n", "mark")
_OF_EVERY_ROW = ("model", "estimate", "se", "lower", "upper", "level", "df", "interval", "n", "n_weighted", "flags")
# What rows must share to be comparable, and the standard table that a row is a cell of.
_KEYS = ("population", "period", "definition", "geography", "ages", "reference_period", "unit", "table")
_EXTENSIONS = {"text": "txt", "json": "json", "csv": "csv", "md": "md", "html": "html"}


class Svg(str):
    """An SVG document; notebooks show it."""

    def _repr_svg_(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Estimate:
    """One estimate. Undefined numbers are NaN, texts that do not apply are "". `domain` holds labels, for example
    {"period": "2010-2014"}; `flags` words of a fixed vocabulary ("upper_unbounded", "boundary", "suppressed", ...).
    Of surveys: `n` is the unweighted number of cases, `n_weighted` the sum of their weights, `numerator` the cases with the
    attribute, `cv` se / |estimate|, `deff` and `deft` the design effect on the variance and on the standard error, `mark` how an
    agency prints it ("()" in parentheses, another mark in its place).
    `population`, `period`, `definition`, `geography`, `ages`, `reference_period` and `unit` ("proportion", "people", "years",
    "per 100,000") say what was estimated: rows that differ in them are not the same thing. `table` names the standard table that a
    row is a cell of."""

    estimand: str
    domain: Dict[str, str]
    model: str
    estimate: float
    se: float
    lower: float
    upper: float
    level: float
    df: float
    interval: str
    n: float
    flags: Tuple[str, ...]
    population: str
    period: str
    definition: str
    n_weighted: float = math.nan
    numerator: float = math.nan
    cv: float = math.nan
    deff: float = math.nan
    deft: float = math.nan
    effective_n: float = math.nan
    mark: str = ""
    geography: str = ""
    ages: str = ""
    reference_period: str = ""
    unit: str = ""
    table: str = ""


@dataclass(frozen=True)
class Frame:
    """A named table of the result. Cells are str or float; NaN = not defined."""

    name: str
    title: str
    columns: Tuple[str, ...]
    rows: Tuple[Tuple[Union[str, float], ...], ...]

    def to_frame(self) -> Any:
        """As a pandas DataFrame."""
        import pandas

        return pandas.DataFrame(list(self.rows), columns=list(self.columns))


@dataclass(frozen=True)
class Note:
    """What must be known beside the numbers; severity "note" or "warning"."""

    severity: str
    code: str
    message: str


@dataclass(frozen=True)
class Series:
    """One series of a chart, a value for each category; kind "band" or "line"."""

    name: str
    kind: str
    value: Tuple[float, ...]
    lower: Tuple[float, ...]
    upper: Tuple[float, ...]


@dataclass(frozen=True)
class Chart:
    """A chart as data and as the SVG document that the library draws. `alternative` is the chart in words.

    kind: "along" (categories along x), "forest" (a row each, a line at `reference`) or "upset" (combinations of `sets`:
    `membership` says for each category which of them it holds, `set_totals` how many are in each).
    """

    name: str
    title: str
    subtitle: str
    x_title: str
    y_title: str
    alternative: str
    categories: Tuple[str, ...]
    series: Tuple[Series, ...]
    svg: str = field(repr=False)
    kind: str = "along"
    reference: float = math.nan
    sets: Tuple[str, ...] = ()
    set_totals: Tuple[float, ...] = ()
    membership: Tuple[Tuple[bool, ...], ...] = ()


@dataclass(frozen=True, repr=False, eq=False)
class Result:
    """What a run found. `print(result)` is the text that the program `est` prints for the same request.

    rows: the estimates. stats: named numbers and texts. frames: named tables. notes, provenance: how the answer came about.
    reports: the whole report by format ("text", "json", "csv", "md", "html"). facts: (group, name, value), what was measured in
    words: "definition", titles of "estimand" and "table", published figures ("benchmark"). All of it is suppressed already.
    Two results are equal when their JSON is.
    """

    method: str
    title: str
    rows: Tuple[Estimate, ...]
    stats: Dict[str, Union[str, float]]
    frames: Dict[str, Frame]
    notes: Tuple[Note, ...]
    provenance: Dict[str, str]
    charts: Tuple[Chart, ...]
    reports: Dict[str, str]
    is_public: bool
    is_synthetic: bool
    is_internal: bool
    facts: Tuple[Tuple[str, str, str], ...] = ()

    @property
    def text(self) -> str:
        """The report as text."""
        return self.reports["text"]

    @property
    def json(self) -> str:
        """The result as JSON (est-result/1)."""
        return self.reports["json"]

    def __eq__(self, other: object) -> bool:
        """NaN equals nothing, itself included: the JSON, where it is null, is compared."""
        return self.json == other.json if isinstance(other, Result) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.json)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.reports["html"]

    def find(self, estimand: str, **domain: str) -> Estimate:
        """The first row of that estimand whose domain holds these labels. Raises KeyError if there is none."""
        for row in self.rows:
            if row.estimand == estimand and all(row.domain.get(name) == value for name, value in domain.items()):
                return row
        raise KeyError(f"no row '{estimand}' {domain or ''}".strip())

    def to_frame(self) -> Any:
        """The rows as a pandas DataFrame; domain labels become columns, flags words joined by a blank."""
        import pandas

        return pandas.DataFrame(self._records())

    def _records(self) -> List[Dict[str, Any]]:
        """A label named like a field is told apart by its prefix, as in the library's CSV; it takes the place of a comparability
        key of its name."""
        names = [part.name for part in fields(Estimate) if part.name not in ("domain", "flags", "estimand", *_KEYS)]
        if not any(_is_defined(getattr(row, name)) for row in self.rows for name in _OF_SURVEY):
            names = [name for name in names if name not in _OF_SURVEY]
        taken = {"estimand", "flags", *names}
        names += _KEYS
        labels = list(dict.fromkeys(label for row in self.rows for label in row.domain))
        records = []
        for row in self.rows:
            record: Dict[str, Any] = {"estimand": row.estimand}
            record.update({f"domain_{label}" if label in taken else label: row.domain.get(label, "") for label in labels})
            record.update({name: getattr(row, name) for name in names if name not in record})
            record["flags"] = " ".join(row.flags)
            records.append(record)
        return records

    def as_columns(self) -> Columns:
        """The rows as data of the next method, with the columns that the library gives its own JSON: a label whose name is taken
        begins with "domain:"; undefined and unbounded numbers are missing."""
        of_rows = [*_OF_EVERY_ROW, *_KEYS]
        public = self.is_public and not self.is_internal
        of_result = {"method": self.method, "title": self.title, "data_public": float(public),
                     "synthetic": float(self.is_synthetic), "internal": float(self.is_internal)}
        made = Columns(estimand=[row.estimand for row in self.rows])
        for label in dict.fromkeys(label for row in self.rows for label in row.domain):
            name = f"domain:{label}" if label in ("estimand", *of_rows, *of_result) else label
            made[name] = [row.domain.get(label) for row in self.rows]
        for name in of_rows:
            made[name] = [_cell(getattr(row, name)) for row in self.rows]
        made.update({name: [value] * len(self.rows) for name, value in of_result.items()})
        if not any(made["table"]):
            del made["table"]
        made.attrs.update(est_public=public, est_synthetic=self.is_synthetic)
        return made

    @property
    def names(self) -> Tuple[str, ...]:
        """A name for each row. Of surveys as users of the R package survey know them: "income", "sexf" (a proportion), "a/b"
        (a ratio), "x.0.5" (a quantile); of domains "f" or, where several things were estimated, "f:income"; of contrasts their
        text."""
        labels = list(dict.fromkeys(label for row in self.rows for label in row.domain))
        if self.method == "survey":
            return _unique(_survey_names(self.rows, labels))
        return _unique([" ".join(filter(None, [row.estimand, *(row.domain.get(label, "") for label in labels), row.model]))
                        for row in self.rows])

    @property
    def estimates(self) -> Dict[str, float]:
        """The estimates by `names`."""
        return dict(zip(self.names, (row.estimate for row in self.rows)))

    def covariance(self) -> Any:
        """The covariance of the estimates as a pandas DataFrame by `names`. Known between estimates of one run with
        `covariance=True` and between coefficients of one regression; NaN elsewhere."""
        import pandas

        values = [[math.nan] * len(self.rows) for _ in self.rows]
        coefficients = [place for place, row in enumerate(self.rows) if row.estimand.startswith("coefficient(")]
        for name in ("covariance", "linear_vcov", "logistic_vcov"):
            known = self.frames[name].rows if name in self.frames else ()
            places = list(range(len(known))) if name == "covariance" else coefficients[:len(known)]
            coefficients = [place for place in coefficients if place not in places]
            for place, line in zip(places, known):
                for other, cell in zip(places, line[1:]):
                    values[place][other] = cell if isinstance(cell, float) else math.nan
        for place, row in enumerate(self.rows):
            values[place][place] = row.se * row.se
        return pandas.DataFrame(values, index=list(self.names), columns=list(self.names))

    def confint(self) -> Any:
        """The intervals as a pandas DataFrame: estimand, labels, model, lower, upper, level, interval."""
        import pandas

        labels = {label for row in self.rows for label in row.domain}
        dropped = {"estimate", "se", "df", "n", "flags", *_KEYS, *_OF_SURVEY} - (labels & {*_KEYS})
        keep = [name for name in (self._records()[0] if self.rows else {}) if name not in dropped]
        return pandas.DataFrame([{name: record[name] for name in keep} for record in self._records()])

    def frame(self, name: str) -> Any:
        """A named table as a pandas DataFrame. Raises KeyError with the names there are."""
        if name not in self.frames:
            raise KeyError(f"no frame '{name}'; there are: {', '.join(self.frames) or 'none'}")
        return self.frames[name].to_frame()

    def chart(self, name: Optional[str] = None) -> Chart:
        """A chart by name; None = the first. Raises EstOptionError if there is no such chart."""
        for chart in self.charts:
            if name is None or chart.name == name:
                return chart
        raise error("EST_EOPTION", f"chart: found {name!r}; expected one of: "
                    f"{', '.join(chart.name for chart in self.charts) or 'none'}", "chart")

    def plot(self, chart: Optional[str] = None, ax: Any = None) -> Any:
        """Draws a chart with matplotlib and returns its axes; without matplotlib returns the SVG document."""
        picked = self.chart(chart)
        try:
            import matplotlib.pyplot as pyplot
        except ImportError:
            return Svg(picked.svg)
        return _draw(picked, pyplot.gca() if ax is None else ax)

    def save(self, path: Union[str, "os.PathLike[str]"], format: Optional[str] = None) -> None:
        """Writes the report; the extension picks the format. A folder (there already, or the path ends in "/"): every format
        and every chart. Files are whole or not there. Raises EstOptionError (no format), EstSystemError (cannot be written).
        """
        text, target = os.fspath(path), Path(path)
        if format is None and (target.is_dir() or text.endswith(os.sep)):
            _save_folder(self, target)
            return
        kinds = {extension: kind for kind, extension in _EXTENSIONS.items()}
        kind = format or kinds.get(target.suffix[1:], "")
        if kind not in self.reports:
            raise error("EST_EOPTION", f"{text}: found the format '{format or target.suffix}'; expected one of "
                        f"{', '.join(self.reports)}", text)
        _write(target, self.reports[kind])


def _cell(value: Union[str, float, Tuple[str, ...]]) -> Union[str, float]:
    if isinstance(value, tuple):
        return " ".join(value)
    return value if isinstance(value, str) or math.isfinite(value) else math.nan


def _is_defined(value: Union[str, float]) -> bool:
    return value != "" and value == value


def _unique(names: List[str]) -> Tuple[str, ...]:
    """Repeated names get a number."""
    seen: Dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, -1) + 1
        made.append(f"{name} {seen[name]}" if seen[name] else name)
    return tuple(made)


def _inner(estimand: str) -> str:
    return re.sub(r"^[a-z]+\((.*)\)$", r"\1", estimand)


def _short(estimand: str) -> str:
    name = _inner(estimand)
    if estimand.startswith("quantile("):
        return re.sub(r",([^,]*)$", r".\1", name)
    if estimand.startswith(("proportion(", "total(")):
        return name.replace("=", "", 1)
    if estimand.startswith("coefficient("):
        return "(Intercept)" if name == "(intercept)" else re.sub(r"(^|:)([^=:]*)=", r"\1\2", name)
    return name


def _survey_names(rows: Tuple[Estimate, ...], labels: List[str]) -> List[str]:
    plain = [_inner(row.estimand) if row.estimand.startswith("contrast(") else row.estimand for row in rows]
    others = {estimand for estimand in plain if not estimand.startswith("coefficient(")}
    models = {row.model for row in rows if row.estimand.startswith("coefficient(")}
    shorts = [_short(estimand) for estimand in sorted(others)]
    names = []
    for row, estimand in zip(rows, plain):
        short = _short(estimand)
        if estimand in others and shorts.count(short) > 1:  # the mean and the total of one column
            short = estimand
        domain = ".".join(filter(None, (row.domain.get(label, "") for label in labels)))
        if domain:
            short = f"{domain}:{short}" if len(others) > 1 else domain
        names.append(f"{row.model}: {short}" if estimand not in others and len(models) > 1 else short)
    return names


def _save_folder(result: Result, folder: Path) -> None:
    """The names of the program's own folder: METHOD.txt, METHOD_FRAME.csv, METHOD_CHART_chart.svg."""
    _make_folder(folder)
    method = _plain(result.method)
    for kind, report in result.reports.items():
        _write(folder / f"{method}.{_EXTENSIONS.get(kind, kind)}", report)
    for frame in result.frames.values():
        _write(folder / f"{method}_{_plain(frame.name)}.csv", _frame_csv(frame, _marks(result)))
    for chart in result.charts:
        _write(folder / f"{method}_{_plain(chart.name)}_chart.svg", chart.svg)


def _plain(name: str) -> str:
    return re.sub("[^A-Za-z0-9_-]", "-", name)


def _csv_cell(value: Union[str, float]) -> str:
    """Undefined numbers are empty; a text that a spreadsheet would run as a formula gets a leading single quote."""
    if isinstance(value, str):
        text = "'" + value if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
        quoted = any(mark in value for mark in '",\r\n') or value.strip(" ") != value
        return '"' + text.replace('"', '""') + '"' if quoted else text
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _marks(result: Result) -> str:
    marks = (("SYNTHETIC DATA", result.is_synthetic), ("FOR INTERNAL USE", result.is_internal))
    return "; ".join(mark for mark, bears in marks if bears)


def _frame_csv(frame: Frame, marks: str) -> str:
    """As the library writes it: a result that bears marks has them in a last column."""
    lines: List[Any] = [frame.columns, *frame.rows]
    if marks:
        lines = [(*line, marks if index else "marks") for index, line in enumerate(lines)]
    return "".join(",".join(map(_csv_cell, line)) + "\n" for line in lines)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise error("EST_EIO", f"{path}: cannot be made: {fault.strerror}", str(path)) from fault


def _write(path: Path, text: str) -> None:
    part = None
    try:
        handle, part = tempfile.mkstemp(prefix=".est-", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as output:
            output.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part, 0o666 & ~mask)
        os.replace(part, path)
    except OSError as fault:
        if part and os.path.exists(part):
            os.unlink(part)
        raise error("EST_EIO", f"{path}: cannot be written: {fault.strerror}", str(path)) from fault


def _draw(chart: Chart, ax: Any) -> Any:
    return {"forest": _draw_forest, "upset": _draw_upset}.get(chart.kind, _draw_along)(chart, ax)


def _finite(values: Iterable[float]) -> List[float]:
    return [value for value in values if math.isfinite(value)]


def _draw_forest(chart: Chart, ax: Any) -> Any:
    """A row a category. An interval without an upper limit ends in an arrow at the edge."""
    known = _finite(v for s in chart.series for v in s.value + s.lower + s.upper)
    low, high = min(known, default=0.0), max(known, default=1.0)
    if low > 0 and high > 10 * low:
        ax.set_xscale("log")
    for index, series in enumerate(chart.series):
        rows = [place + index * 0.7 / len(chart.series) for place in range(len(chart.categories))]
        (points,) = ax.plot(series.value, rows, "o", label=series.name)
        for row, value, lower, upper in zip(rows, series.value, series.lower, series.upper):
            start, end = (value if math.isnan(limit) else limit for limit in (lower, upper))
            ax.plot([start, min(end, high)], [row, row], color=points.get_color())
            if math.isinf(end):
                ax.plot([high], [row], ">", color=points.get_color())
    if math.isfinite(chart.reference):
        ax.axvline(chart.reference, linestyle="--", color="0.4")
    ax.set(title=chart.title, xlabel=chart.x_title, ylabel=chart.y_title)
    ax.set_yticks(range(len(chart.categories)), chart.categories)
    ax.invert_yaxis()
    if len(chart.series) > 1:
        ax.legend()
    return ax


def _draw_upset(chart: Chart, ax: Any) -> Any:
    """Bars above, dots below the axis: the table of combinations on one pair of axes."""
    counts = chart.series[0].value if chart.series else ()
    top = max(_finite(counts), default=1.0) or 1.0
    rows = [-top * 0.08 * (index + 1) for index in range(len(chart.sets))]
    ax.bar(range(len(counts)), [0.0 if math.isnan(count) else count for count in counts], color="0.1")
    for place, members in enumerate(chart.membership):
        held = [row for row, member in zip(rows, members) if member]
        ax.plot([place] * len(rows), rows, "o", color="0.8", markersize=3)
        ax.plot([place] * len(held), held, "o-", color="0.1")
        ax.annotate(f"{counts[place]:,.0f}" if math.isfinite(counts[place]) else "n.p.", (place, max(0.0, counts[place])),
                    ha="center", va="bottom")
    totals = [f"{total:,.0f}" if math.isfinite(total) else "n.p." for total in chart.set_totals]
    ticks = [tick for tick in ax.get_yticks() if 0 <= tick <= 1.1 * top]
    ax.set_yticks(rows + ticks, [f"{name} ({total})" for name, total in zip(chart.sets, totals)] + [f"{t:,.0f}" for t in ticks])
    ax.set_xticks([])
    ax.set(title=chart.title, xlabel=chart.x_title, ylabel=chart.y_title)
    return ax


def _draw_along(chart: Chart, ax: Any) -> Any:
    places = range(len(chart.categories))
    top = max((v for s in chart.series for v in s.value + s.upper if v == v and v != float("inf")), default=1.0) * 1.1
    for index, series in enumerate(chart.series):
        shift = 0.0 if series.kind == "band" else (index - (len(chart.series) - 1) / 2) * 0.08
        at = [place + shift for place in places]
        upper = [min(value, top) for value in series.upper]
        (line,) = ax.plot(at, series.value, marker="o", label=series.name)
        if series.kind == "band":
            ax.fill_between(at, series.lower, upper, alpha=0.25, color=line.get_color(), linewidth=0)
        else:
            ax.vlines(at, series.lower, upper, color=line.get_color())
    ax.set(title=chart.title, xlabel=chart.x_title, ylabel=chart.y_title, ylim=(0, None))
    ax.set_xticks(list(places), list(chart.categories))
    if len(chart.series) > 1:
        ax.legend()
    return ax


def _estimate(values: Dict[str, Any]) -> Estimate:
    return Estimate(**{**values, "flags": tuple(values["flags"])})


def _frame(values: Dict[str, Any]) -> Frame:
    return Frame(values["name"], values["title"], tuple(values["columns"]), tuple(map(tuple, values["rows"])))


def _chart(values: Dict[str, Any]) -> Chart:
    series = tuple(Series(s["name"], s["kind"], tuple(s["value"]), tuple(s["lower"]), tuple(s["upper"]))
                   for s in values["series"])
    return Chart(**{**values, "categories": tuple(values["categories"]), "series": series, "sets": tuple(values["sets"]),
                    "set_totals": tuple(values["set_totals"]), "membership": tuple(map(tuple, values["membership"]))})


def from_low(value: Dict[str, Any]) -> Result:
    """The Result of what low.run returned."""
    frames = [_frame(frame) for frame in value["frames"]]
    return Result(**{
        **value,
        "rows": tuple(map(_estimate, value["rows"])),
        "frames": {frame.name: frame for frame in frames},
        "notes": tuple(Note(**note) for note in value["notes"]),
        "charts": tuple(map(_chart, value["charts"])),
        "facts": tuple(value["facts"]),
    })
