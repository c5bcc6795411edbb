"""What `new` prints of a file: one table of its columns, and what was done that one should know.

It has a row for each column, for the target, for all rows and for the file. A reason says why
a column is ignored; the last cell, what was read in another way or counted. Advice can be pasted.

It does not know how wide the terminal is: the caller fits the table to it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dnnsearch.config.category_levels import alike_levels_note, shared_levels_note
from dnnsearch.config.grades import grades_note
from dnnsearch.config.recommendations import (
    equal_rows_note,
    group_gaps_note,
    in_a_line,
    known_test_rows_note,
    objective,
    rare_class_warning,
    rare_classes_note,
    whole_groups_note,
)
from dnnsearch.config.split_notes import split_notes
from dnnsearch.data.answer_names import clash_note
from dnnsearch.data.column_roles import Column
from dnnsearch.data.date_parts import DateParts
from dnnsearch.data.file_table import FileTable
from dnnsearch.data.files.source import DATE
from dnnsearch.data.labels import case_note, texts_note
from dnnsearch.data.splitting import Indices
from dnnsearch.data.target import relabelled
from dnnsearch.runtime.text_table import aligned
from dnnsearch.validators import shortened

MAX_LINES = 40
MAX_COLUMN = 24  # characters of a name
MAX_CLASSES_SHOWN = 8
# Words of a shell behind `--set`, as `shlex.quote` writes them; a sentence may go on behind them.
WORD = r"""--set (?:'[^']*'|"[^"]*"|[\w@%+=:,./-])+(?<![,.:])"""
SETTINGS = re.compile(rf"({WORD}(?: {WORD})*)")
BLANKS = re.compile(r"\s+")
ALL_ROWS, THE_FILE = "(rows)", "(file)"


class Line(NamedTuple):
    """A row of the table."""

    column: str
    role: str
    reason: str
    warning: str = ""  # what was done: read as, counted
    is_alone: bool = False  # whether the row is never joined with others


HEADER = ("column", "role", "reason", "warning")


class FileReport(NamedTuple):
    """Sentences, and below them the rows of a table, without its header; at most 40 lines."""

    head: list[str]
    rows: list[Line]

    def within(self, width: int | None) -> list[str]:
        """Return the lines with a table that fits a terminal of this width; None is a log."""
        if width is None:
            return self.lines
        rows = (row[:4] for row in self.rows)
        return [*self.head, *(f"  {line}" for line in aligned(HEADER, rows, width - 2))]

    @property
    def advised(self) -> list[str]:
        """The options that the warnings advise, each a `--set` or several that belong together."""
        found = (SETTINGS.findall(row.warning) for row in self.rows)
        return list(dict.fromkeys(options for each in found for options in each))

    @property
    def numbered(self) -> "FileReport":
        """The report with `(1)`, `(2)`, ... in place of the options that are `advised`."""
        places = {options: place for place, options in enumerate(self.advised, start=1)}

        def marked(row: Line) -> Line:
            text = SETTINGS.sub(lambda found: f"({places[found[1]]})", row.warning)
            return row._replace(warning=text)

        return self._replace(rows=[marked(row) for row in self.rows])

    @property
    def lines(self) -> list[str]:
        """The text for a log; its lines may be long."""
        table = [HEADER, *(row[:4] for row in self.rows)]
        widths = [max(len(row[i]) for row in table) for i in range(3)]
        return [
            *self.head,
            *(
                "  ".join(("", *(c.ljust(w) for c, w in zip(row, widths)), row[3])).rstrip()
                for row in table
            ),
        ]


def report(
    table: FileTable,
    split: Mapping[str, Any],
    folds: int | None,
    rows: Indices,
    relabel: Mapping[str, str | None],
) -> FileReport:
    """Return what was found in a file, and what was done with it; `relabel` is that of `data`."""
    metric, why = objective(table)
    lines = [
        *_target(table, split, folds, relabel),
        *_rows(table, split, folds, rows),
        *_file(table),
    ]
    columns = [_line(column, table, rows) for column in table.columns]
    lines += _fitting(columns, MAX_LINES - 3 - len(lines))
    head = [summary(table).rstrip("."), f"  metric  {metric}: {why}"]
    return FileReport(head, [_printable(line) for line in lines][: MAX_LINES - 3])


def summary(table: FileTable) -> str:
    """Return the size of the table and its task in a sentence."""
    rows, columns = len(table.target.y), len(table.columns)
    classes = f", {len(table.target.classes)} classes" if table.target.classes else ""
    return f"{rows} rows, {columns} columns and the target: a {table.task} task{classes}."


def _target(
    table: FileTable,
    split: Mapping[str, Any],
    folds: int | None,
    relabel: Mapping[str, str | None],
) -> list[Line]:
    """Return the row of the target, and one for each further warning about it."""
    counts = [f"{name} {count}" for name, count in table.target.counts.items()]
    more = ", ..." if len(counts) > MAX_CLASSES_SHOWN else ""
    reason = f"{', '.join(counts[:MAX_CLASSES_SHOWN])}{more}" if counts else "numbers"
    warnings = [
        *_left_out(table, relabel),
        rare_class_warning(table, split, folds),
        rare_classes_note(table),
        grades_note(table),
        case_note(table.target.counts),
        texts_note(table.target.counts),
        clash_note(table.classes, [*table.roles, table.target_name]),
        *_notices(table, table.target_name),
    ]
    return _lines(table.target_name, "target", reason, warnings)


def _left_out(table: FileTable, relabel: Mapping[str, str | None]) -> Iterator[str]:
    """Yield how many rows are left out because of their target, and why."""
    none = [label for label, name in relabel.items() if name is None]
    given = table.sheet.frame[table.target_name]
    unwanted = relabelled(given, relabel).isna() & given.notna()
    counts = {
        f"relabel gives no class to {shortened(map(repr, none), 5)}": int(unwanted.sum()),
        "the target is missing": table.target.missing - int(unwanted.sum()),
    }
    for why, count in counts.items():
        if count:
            yield f"{count} {'row is' if count == 1 else 'rows are'} left out: {why}"


def _rows(
    table: FileTable, split: Mapping[str, Any], folds: int | None, rows: Indices
) -> list[Line]:
    counted = [
        group_gaps_note(table, split),
        equal_rows_note(table, split, folds, rows),
        whole_groups_note(table, split, folds, rows),
        known_test_rows_note(table, rows),
        *split_notes(table, split),
    ]
    return [Line(ALL_ROWS, "", "", text) for text in counted if text]


def _file(table: FileTable) -> list[Line]:
    """Return the notices that are not about one column."""
    names = [*map(str, table.sheet.frame.columns)]
    about = {notice for name in names for notice in _about(table, name)}
    notices = [*_encoding(table), *(n for n in table.sheet.notices if n not in about)]
    return [Line(THE_FILE, "", "", notice) for notice in notices]


def _encoding(table: FileTable) -> list[str]:
    """Return a note of the encoding that was detected, if it is not the usual UTF-8."""
    found = str(table.sheet.found.get("encoding", "utf-8"))
    if found.lower().startswith(("utf", "ascii")):
        return []
    western, central = "cp1252", "cp1250"
    other = central if found.lower() == western else western
    return [f"read as {found}; if letters look wrong: --set data.encoding={other}, or another"]


def _lines(column: str, role: str, reason: str, warnings: Sequence[str]) -> list[Line]:
    found = [warning for warning in warnings if warning] or [""]
    first, *more = found
    return [Line(column, role, reason, first), *(Line(column, "", "", text) for text in more)]


def _about(table: FileTable, name: str) -> list[str]:
    """Return the notices about a column, which begin with its name."""
    return [notice for notice in table.sheet.notices if notice.startswith(f"{name}: ")]


def _notices(table: FileTable, name: str) -> list[str]:
    return [notice.removeprefix(f"{name}: ") for notice in _about(table, name)]


def _line(column: Column, table: FileTable, rows: Indices) -> Line:
    done = [f"counted: {column.missing} missing"] if column.missing else []
    levels = [alike_levels_note(table, column.name), shared_levels_note(table, rows, column.name)]
    warning = "; ".join((*done, *filter(None, levels), *_notices(table, column.name)))
    is_alone = column.loud or column.role == "ignored"
    return Line(column.name, column.role, column_reason(column, table), warning, is_alone)


def column_reason(column: Column, table: FileTable) -> str:
    """Return why a column has its role; of dates that were detected, which inputs they become."""
    if column.role != DATE or not column.loud:
        return column.reason
    parts = DateParts.of(table.frame[column.name]).parts
    return f"{column.reason.partition(', as ')[0]}; inputs: {', '.join(parts)}"


def _fitting(lines: list[Line], most: int) -> list[Line]:
    """Return at most so many lines: those with no warning are joined by role, then cut."""
    if len(lines) <= most:
        return lines
    warned = [line for line in lines if line.warning or line.is_alone]
    others = [line for line in lines if line not in warned]
    plain = {role: [x for x in others if x.role == role] for role in (x.role for x in others)}
    joined = [
        Line(f"{same[0].column} ... {same[-1].column}", role, f"{len(same)} columns")
        for role, same in plain.items()
    ]
    left = max(most - len(joined) - 1, 0)
    more = f"{len(warned) - left} more columns with warnings: see the config"
    rest = [Line("...", "", "", more)] if len(warned) > left else []
    return [*joined, *warned[:left], *rest]


def _printable(row: Line) -> Line:
    """Return the row with cells of one line each: the name cut, the warning whole.

    The warning may be advice that is to be pasted.
    """
    parts = SETTINGS.split(row.warning)  # text and options in turn
    parts[::2] = [_shown(BLANKS.sub(" ", text)) for text in parts[::2]]
    column, reason = _cut(row.column, MAX_COLUMN), in_a_line(row.reason)
    return row._replace(column=column, reason=reason, warning="".join(parts).strip())


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "." for c in text)


def _cut(text: str, most: int) -> str:
    """Return a text of one line, cut between words if it has several."""
    line = in_a_line(text)
    if len(line) <= most:
        return line
    start = line[: most - 3]
    return f"{start.rpartition(' ')[0] or start}..."
