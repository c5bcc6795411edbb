"""The tables of a report. A number is shown with few digits; an attribute has all of them."""

from collections.abc import Iterable, Sequence

from dnnsearch.reporting.analysis.diagnosis import diagnosis
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.ties import tie_meaning
from dnnsearch.reporting.html.markup import Markup, joined, tag
from dnnsearch.study.leaderboard.formats import TABLE_HYPERPARAMETERS, short
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import OPTIONAL, value_of

MAX_OPEN_ROWS = 20  # the other rows are folded


def number(value: float | int | None, form: str) -> Markup:
    """Return the number formatted, with every digit in the attribute `value`; empty for None."""
    return Markup("") if value is None else tag("data", format(value, form), value=repr(value))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Markup:
    """Return a table; cells made by `number` are aligned to the right."""
    body = []
    for row in rows:
        aligned = [isinstance(cell, Markup) and cell.startswith("<data") for cell in row]
        classes = ["number" if right else None for right in aligned]
        cells = zip(row, classes, strict=True)
        body.append(tag("tr", *(tag("td", cell, class_=class_) for cell, class_ in cells)))
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in header)))
    parts = [tag("caption", caption)] if caption else []
    lines = tag("tbody", *body)
    return tag("div", tag("table", *parts, head, lines), class_="scroll")


def leaderboard(data: ReportData, tied: Sequence[int], champion: int | None = None) -> Markup:
    """Return the table of all trials, the best first; the best, ties and champion are marked."""
    names = [
        name
        for name in (*TABLE_HYPERPARAMETERS, *OPTIONAL)
        if len({_shown(r, name) for r in data.board.rows}) > 1
    ]
    header = ["trial", "state", data.objective, "95 %", "", *names, "parameters", "seconds"]
    marks = _marks(data, tied, champion)
    rows = [_row(data, row, marks.get(row.number, ""), names) for row in data.board.rows]
    first = table(header, rows[:MAX_OPEN_ROWS])
    if len(rows) <= MAX_OPEN_ROWS:
        return first
    rest = table(header, rows[MAX_OPEN_ROWS:])
    more = tag("summary", f"the other {len(rows) - MAX_OPEN_ROWS} trials")
    return joined([first, tag("details", more, rest)])


def _marks(data: ReportData, tied: Sequence[int], champion: int | None) -> dict[int, Markup]:
    """Return number of a trial -> its marks; only those that have one."""
    marks = {number: [tag("abbr", "tie", title=tie_meaning(data))] for number in tied}
    if data.board.leader is not None:
        marks[data.board.leader] = [tag("strong", "best")]
    if champion is not None:
        promoted = tag("abbr", "champion", title="the model of promote is of this trial")
        marks.setdefault(champion, []).append(promoted)
    return {number: Markup(", ".join(each)) for number, each in marks.items()}


def _row(data: ReportData, row: Row, mark: str, names: Sequence[str]) -> list[str]:
    interval = data.interval(row)
    return [
        number(row.number, "d"),
        tag("span", row.state, class_=f"state {row.state}", title=row.reason or None),
        number(row.value, ".4f"),
        str(interval) if interval else "",
        mark,
        *(_shown(row, name) for name in names),
        number(row.parameters, "d"),
        number(row.seconds, ".2f"),
    ]


def _shown(row: Row, name: str) -> str:
    return row.units if name == "units" else hyper(value_of(row.params, name))


def hyper(value: Value | None) -> str:
    return value if isinstance(value, str) else number(value, ".4g")


def diagnoses(data: ReportData, rows: Sequence[Row]) -> Markup:
    """Return the table of train and dev errors with their diagnoses, and what to do about each.

    It is empty if there are none.
    """
    header = ["trial", "train error", "dev error", "diagnosis"]
    lines: list[list[str]] = []
    advice: dict[str, str] = {}
    for row in rows:
        found = diagnosis(data, row)
        if found:
            errors = number(found.train, ".4f"), number(found.dev, ".4f")
            lines.append([number(row.number, "d"), *errors, found.text])
            advice[found.name] = found.advice
    notes = (tag("p", tag("strong", f"{name}: "), what) for name, what in advice.items())
    return joined([table(header, lines), *notes]) if lines else Markup("")


def confusion(counts: Iterable[Sequence[int]], classes: Sequence[str]) -> Markup:
    """Return a table with a row for each true class and a column for each predicted one."""
    head = tag(
        "tr", tag("th", "true \\ predicted"), *(tag("th", name, scope="col") for name in classes)
    )
    lines = []
    for at, (name, row) in enumerate(zip(classes, counts, strict=True)):
        kinds = ["right" if at == j else "wrong" if count else None for j, count in enumerate(row)]
        cells = (tag("td", str(c) if c else "·", class_=k) for c, k in zip(row, kinds, strict=True))
        lines.append(tag("tr", tag("th", name, scope="row"), *cells))
    body = tag("table", tag("thead", head), tag("tbody", *lines), class_="confusion")
    return tag("div", body, class_="scroll")


def failures(rows: Iterable[Row]) -> Markup:
    """Return the table of failed trials by cause; empty if no trial failed."""
    causes: dict[str, list[int]] = {}
    for row in rows:
        if row.state == "failed":
            causes.setdefault(row.reason, []).append(row.number)
    lines = [[short(len(n), "d"), ", ".join(map(str, n)), cause] for cause, n in causes.items()]
    return table(["failed", "trials", "cause"], lines) if lines else Markup("")
