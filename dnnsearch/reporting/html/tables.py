"""The tables of a report. A number is shown with few digits and keeps all of them in the page."""

from collections.abc import Iterable, Sequence

from dnnsearch.reporting.analysis.diagnosis import diagnosis
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.html.markup import Markup, joined, tag
from dnnsearch.study.leaderboard.formats import TABLE_HYPERPARAMETERS, short
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.spec import Value

SHOWN_AT_ONCE = 20  # rows; the others are there to be opened


def number(value: float | int | None, form: str) -> Markup:
    """The number in few digits, with every digit in its attribute `value`."""
    return Markup("") if value is None else tag("data", format(value, form), value=repr(value))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Markup:
    """Columns of numbers stand to the right."""
    body = [joined(_cell(cell) for cell in row) for row in rows]
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in header)))
    parts = [tag("caption", caption)] if caption else []
    lines = tag("tbody", *(tag("tr", row) for row in body))
    return tag("div", tag("table", *parts, head, lines), class_="scroll")


def _cell(content: str) -> Markup:
    is_number = isinstance(content, Markup) and content.startswith("<data")
    return tag("td", content, class_="number" if is_number else None)


def leaderboard(material: ReportData, tied: Sequence[int]) -> Markup:
    """Every trial, the best first; those tied with the best are marked."""
    names = [
        name
        for name in TABLE_HYPERPARAMETERS
        if len({_shown(r, name) for r in material.board.rows}) > 1
    ]
    header = ["trial", "state", material.objective, "95 %", "", *names, "parameters", "seconds"]
    rows = [_row(material, row, row.number in set(tied), names) for row in material.board.rows]
    first = table(header, rows[:SHOWN_AT_ONCE])
    if len(rows) <= SHOWN_AT_ONCE:
        return first
    rest = table(header, rows[SHOWN_AT_ONCE:])
    more = tag("summary", f"the other {len(rows) - SHOWN_AT_ONCE} trials")
    return joined([first, tag("details", more, rest)])


def _row(material: ReportData, row: Row, is_tied: bool, names: Sequence[str]) -> list[str]:
    interval = material.interval(row)
    mark = tag("abbr", "tie", title="cannot be told from the best") if is_tied else ""
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
    return row.units if name == "units" else hyper(row.params[name])


def hyper(value: Value) -> str:
    return value if isinstance(value, str) else number(value, ".4g")


def diagnoses(material: ReportData, rows: Sequence[Row]) -> Markup:
    """Train and dev error of trials, what they suffer from, and what to try next."""
    header = ["trial", "train error", "dev error", "suffers from", "what to try next"]
    lines = []
    for row in rows:
        found = diagnosis(material, row)
        if found:
            errors = number(found.train, ".4f"), number(found.dev, ".4f")
            lines.append([number(row.number, "d"), *errors, found.name, found.advice])
    return table(header, lines) if lines else Markup("")


def confusion(counts: Iterable[Sequence[int]], classes: Sequence[str]) -> Markup:
    """A row for each true class, a column for each answer; what is wrong stands out."""
    head = tag("tr", tag("th", "is \\ called"), *(tag("th", name, scope="col") for name in classes))
    lines = []
    for at, (name, row) in enumerate(zip(classes, counts, strict=True)):
        kinds = ["right" if at == j else "wrong" if count else None for j, count in enumerate(row)]
        cells = (tag("td", str(c) if c else "·", class_=k) for c, k in zip(row, kinds, strict=True))
        lines.append(tag("tr", tag("th", name, scope="row"), *cells))
    body = tag("table", tag("thead", head), tag("tbody", *lines), class_="confusion")
    return tag("div", body, class_="scroll")


def failures(rows: Iterable[Row]) -> Markup:
    """Each cause of failed trials, with their numbers."""
    causes: dict[str, list[int]] = {}
    for row in rows:
        if row.state == "failed":
            causes.setdefault(row.reason, []).append(row.number)
    lines = [[short(len(n), "d"), ", ".join(map(str, n)), cause] for cause, n in causes.items()]
    return table(["failed", "trials", "cause"], lines) if lines else Markup("")
