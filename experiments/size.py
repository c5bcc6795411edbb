"""How long are our functions and files?

Question:    is the code still short enough to be read for pleasure?
Scientific:  lines of code per function, lines per file
Nuisance:    docstrings, comments and blank lines inside functions, which are left out
Fixed:       the aims: function median about 6, 90th percentile about 20, none over 40;
             files mostly under 150 lines, none over 300
Command:     make size, or python experiments/size.py [FOLDER...]
Result:      printed; what is over a limit is named with its place
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FUNCTION_LIMIT, FILE_LIMIT, FILE_AIM = 40, 300, 150
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Function:
    """A function and its lines of code, from `def` to the end."""

    place: str  # file:line
    name: str
    lines: int


def code_lines(source: str) -> set[int]:
    """The numbers of the lines that hold code, not only a comment or nothing."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    spans = (range(t.start[0], t.end[0] + 1) for t in tokens if t.type not in NO_CODE)
    return {line for span in spans for line in span}


def span(node: ast.stmt) -> set[int]:
    """The numbers of the lines that a statement stands on."""
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file; one that is nested counts in its parent too."""
    source = path.read_text(encoding="utf-8")
    code = code_lines(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = span(node.body[0]) if ast.get_docstring(node) is not None else set()
            lines = len((span(node) - docstring) & code)
            yield Function(f"{path}:{node.lineno}", node.name, lines)


def percentile(values: list[int], share: float) -> int:
    """The smallest of the values that at least this share of them does not exceed; 0 of none."""
    ranked = sorted(values)
    return ranked[max(0, -int(-share * len(ranked) // 1) - 1)] if ranked else 0


def summary(title: str, values: list[int]) -> str:
    """One line: count, median, 90th percentile, maximum."""
    median, high, most = (percentile(values, share) for share in (0.5, 0.9, 1.0))
    return f"{title:<20} {len(values):>6} {median:>7} {high:>5} {most:>5}"


def report(folders: list[str]) -> Iterator[str]:
    """The table, one line per folder for functions and files, then what is over a limit."""
    yield f"{'lines':<20} {'count':>6} {'median':>7} {'90 %':>5} {'max':>5}"
    over: list[str] = []
    for folder in folders:
        paths = sorted(Path(folder).rglob("*.py"))
        found = [function for path in paths for function in functions(path)]
        files = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
        yield summary(f"{folder} functions", [function.lines for function in found])
        yield summary(f"{folder} files", list(files.values()))
        over += [
            f"over {FUNCTION_LIMIT}: {function.place} {function.name} has {function.lines} lines"
            for function in found
            if function.lines > FUNCTION_LIMIT
        ]
        over += [
            f"over {FILE_LIMIT}: {p} has {n} lines" for p, n in files.items() if n > FILE_LIMIT
        ]
        yield f"{'':<20} {sum(n > FILE_AIM for n in files.values()):>6} files over {FILE_AIM} lines"
    yield from over or ["nothing over the limits"]


if __name__ == "__main__":
    print("\n".join(report(sys.argv[1:] or ["dnnsearch", "experiments", "tests"])))
