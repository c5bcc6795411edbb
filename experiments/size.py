"""How long are our functions and files, and which helpers say less than their call?

Question:    is the code short enough to be read for pleasure, and not cut into too small pieces?
Scientific:  lines of code per function, lines per file, small private helpers that are used once
Nuisance:    docstrings, comments and blank lines inside functions, which do not count
Fixed:       limits of the package, which is the first folder: median function 6 lines, 90th
             percentile 20, longest function 40, longest file 300; at most 20 private helpers of at
             most 3 lines that are used exactly once. In the other folders only the longest function
             and the longest file are limited
Command:     make size, or python experiments/size.py [--helpers] [FOLDER...]
Result:      printed: each number next to its limit, then what is over a limit with its place,
             and with --helpers the helpers. The exit code is 1 if a limit is exceeded
"""

import argparse
import ast
import io
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_MEDIAN, MAX_90TH_PERCENTILE, MAX_FUNCTION_LINES, MAX_FILE_LINES = 6, 20, 40, 300
MAX_HELPERS, MAX_HELPER_LINES = 20, 3
LONG_FILE_LINES = 150  # most files should be shorter; this is shown, not limited
FOLDERS = ["dnnsearch", "experiments", "tests"]
TOKENS_WITHOUT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Function:
    """A function or method and its lines of code, from `def` to the end."""

    place: str  # file:line
    name: str
    lines: int
    scope: ast.AST  # the module, class or function in which it is defined


@dataclass(frozen=True)
class Check:
    """A number of a folder and its limit."""

    folder: str
    name: str
    value: int
    limit: int

    @property
    def passes(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        verdict = "pass" if self.passes else "FAIL"
        return f"{self.folder:<12} {self.name:<24} {self.value:>5} {self.limit:>6}  {verdict}"


def code_lines(source: str) -> set[int]:
    """Return the numbers of the lines that hold code, not only a comment or nothing."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    spans = (range(t.start[0], t.end[0] + 1) for t in tokens if t.type not in TOKENS_WITHOUT_CODE)
    return {line for span in spans for line in span}


def span(node: ast.stmt) -> set[int]:
    """Return the numbers of the lines of a statement."""
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a file; a nested one also counts in its parent."""
    source = path.read_text(encoding="utf-8")
    yield from functions_of(str(path), source, ast.parse(source))


def functions_of(place: str, source: str, tree: ast.Module) -> Iterator[Function]:
    """Yield every function and method of this source, with the scope from `tree`."""
    code = code_lines(source)
    for scope in ast.walk(tree):
        for node in ast.iter_child_nodes(scope):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = span(node.body[0]) if ast.get_docstring(node) is not None else set()
                lines = len((span(node) - docstring) & code)
                yield Function(f"{place}:{node.lineno}", node.name, lines, scope)


def helpers(paths: Sequence[Path]) -> Iterator[Function]:
    """Yield the private functions of at most 3 lines that are used exactly once in these files.

    A use is any mention of the name as code: a call, an argument, an attribute. It is searched in
    the function's own file, and in the files that import the name from a module of that file's
    name. If a file defines a name more than once, each definition is searched in its own class (or
    function) alone.
    """
    sources = {path: path.read_text(encoding="utf-8") for path in paths}
    trees = {path: ast.parse(source) for path, source in sources.items()}
    for path, tree in trees.items():
        found = list(functions_of(str(path), sources[path], tree))
        names = [function.name for function in found]
        for function in found:
            if is_private(function.name) and function.lines <= MAX_HELPER_LINES:
                alone = names.count(function.name) == 1
                uses = mentions(tree if alone else function.scope, function.name)
                others = (t for t in trees.values() if imports(t, path.stem, function.name))
                if uses + sum(mentions(other, function.name) for other in others) == 1:
                    yield function


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def mentions(tree: ast.AST, name: str) -> int:
    """Return how many times code reads this name, as a variable or as an attribute."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)]
    read = [node for node in nodes if isinstance(node.ctx, ast.Load)]
    return sum(name == (node.id if isinstance(node, ast.Name) else node.attr) for node in read)


def imports(tree: ast.AST, module: str, name: str) -> bool:
    """Whether the file has `from ...module import name`."""
    return any(
        (node.module or "").rpartition(".")[2] == module
        and name in [alias.name for alias in node.names]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    )


def percentile(values: list[int], share: float) -> int:
    """Return the smallest value that at least this share of the values does not exceed.

    It is 0 if there are no values.
    """
    ranked = sorted(values)
    return ranked[max(0, -int(-share * len(ranked) // 1) - 1)] if ranked else 0


@dataclass(frozen=True)
class Folder:
    """What was counted in one folder."""

    name: str
    functions: list[Function]
    files: dict[Path, int]  # lines
    helpers: list[Function]

    @classmethod
    def read(cls, name: str) -> "Folder":
        paths = sorted(Path(name).rglob("*.py"))
        files = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
        return cls(name, [f for path in paths for f in functions(path)], files, [*helpers(paths)])

    def counts(self) -> str:
        long = sum(lines > LONG_FILE_LINES for lines in self.files.values())
        found = f"{len(self.functions)} functions in {len(self.files)} files"
        return f"{self.name}: {found}, {long} of them over {LONG_FILE_LINES} lines"

    def checks(self, is_package: bool) -> list[Check]:
        lines = [function.lines for function in self.functions]
        numbers = [
            ("longest function", max(lines, default=0), MAX_FUNCTION_LINES),
            ("longest file", max(self.files.values(), default=0), MAX_FILE_LINES),
        ]
        if is_package:
            numbers += [
                ("median function", percentile(lines, 0.5), MAX_MEDIAN),
                ("90th percentile function", percentile(lines, 0.9), MAX_90TH_PERCENTILE),
                ("helpers used once", len(self.helpers), MAX_HELPERS),
            ]
        return [Check(Path(self.name).name, *number) for number in numbers]

    def over(self) -> Iterator[str]:
        """Yield a line for each function and file over its limit."""
        for function in self.functions:
            if function.lines > MAX_FUNCTION_LINES:
                place = f"{function.place} {function.name}"
                yield f"over {MAX_FUNCTION_LINES}: {place} has {function.lines} lines"
        for path, lines in self.files.items():
            if lines > MAX_FILE_LINES:
                yield f"over {MAX_FILE_LINES}: {path} has {lines} lines"


def main(given: Sequence[str] | None = None) -> int:
    """Print the numbers; return 1 if one is over its limit, else 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", default=FOLDERS, metavar="FOLDER")
    parser.add_argument("--helpers", action="store_true", help="list the helpers used once")
    asked = parser.parse_args(given)
    folders = [Folder.read(name) for name in asked.folders]
    checks = [check for i, one in enumerate(folders) for check in one.checks(is_package=i == 0)]
    print(f"{'folder':<12} {'':<24} {'found':>5} {'limit':>6}")
    print(*checks, *(one.counts() for one in folders), sep="\n")
    for line in (line for one in folders for line in one.over()):
        print(line)
    for helper in folders[0].helpers if asked.helpers else []:
        print(f"used once: {helper.place} {helper.name}, {helper.lines} lines")
    return int(not all(check.passes for check in checks))


if __name__ == "__main__":
    sys.exit(main())
