"""What an experiment leaves: a Markdown file beside it, or in a folder that is asked for."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def arguments(module: str, doc: str, given: Sequence[str] | None) -> argparse.Namespace:
    """`tiny`, and `out`, the path of the report; the rest of an experiment stands in its file."""
    parser = parser_of(module, doc)
    return parser.parse_args(given)


def parser_of(module: str, doc: str) -> argparse.ArgumentParser:
    """A parser of --tiny and --out, to which an experiment may add options of its own."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tiny", action="store_true", help="a few seconds, to see that it works")
    out = Path(module).with_suffix(".md")
    parser.add_argument("--out", type=Path, default=out, metavar="FILE", help="the report")
    return parser


def table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table whose columns are aligned in the source, too."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(header))]
    rule = ["-" * width for width in widths]
    return "\n".join(_line(row, widths) for row in (lines[0], rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return f"| {' | '.join(padded)} |"


def write(out: Path, doc: str, *paragraphs: str) -> None:
    """Write an experiment's header and then the paragraphs; show the paragraphs."""
    title, header = doc.strip().split("\n\n", 1)
    text = "\n\n".join(paragraphs)
    print(text)
    out.write_text(f"# {title}\n\n```text\n{header}\n```\n\n{text}\n", encoding="utf-8")
