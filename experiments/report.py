"""The Markdown file that an experiment writes: next to its program, or where --out says."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def arguments(module: str, doc: str, given: Sequence[str] | None) -> argparse.Namespace:
    """Return the options `tiny` and `out` (path of the report) of an experiment without others."""
    return parser_of(module, doc).parse_args(given)


def parser_of(module: str, doc: str) -> argparse.ArgumentParser:
    """Return a parser of --tiny and --out, to which an experiment may add its own options."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tiny", action="store_true", help="run in a few seconds, to see that it works"
    )
    out = Path(module).with_suffix(".md")
    parser.add_argument("--out", type=Path, default=out, metavar="FILE", help="path of the report")
    return parser


def table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table whose columns are also aligned in its source."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(header))]
    rule = ["-" * width for width in widths]
    return "\n".join(_line(row, widths) for row in (lines[0], rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return f"| {' | '.join(padded)} |"


def write(out: Path, doc: str, *paragraphs: str) -> None:
    """Write the docstring `doc` and the paragraphs to `out`; print the paragraphs."""
    title, header = doc.strip().split("\n\n", 1)
    text = "\n\n".join(paragraphs)
    print(text)
    out.write_text(f"# {title}\n\n```text\n{header}\n```\n\n{text}\n", encoding="utf-8")
