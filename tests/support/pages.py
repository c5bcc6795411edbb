"""The pages of the documentation, cut into the parts that can be checked. Knows no rule itself."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```(\w*)(?: file=\S+)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^][]*\]\(([^()\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
END = ("|", ">", "<", "&&", ";")  # what ends a command in a line of shell


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of this language, in their order."""
    return [block for name, block in FENCED.findall(text) if name == language]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return FENCED.sub("", text)


def links(text: str) -> list[str]:
    """The targets of all links and pictures."""
    return LINK.findall(prose(text))


def inline_code(text: str) -> list[str]:
    """What stands between backticks."""
    return CODE.findall(prose(text))


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    plain = (CODE.sub(r"\1", heading) for heading in HEADING.findall(prose(text)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def table_rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of every table, without headers and rules."""
    lines = prose(text).split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("|") and not line.startswith("|-") and not following.startswith("|-"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def commands(text: str, languages: tuple[str, ...] = ("sh", "console")) -> list[list[str]]:
    """Every `dnnsearch ...` line of the shell blocks as a list of words, without `dnnsearch`."""
    lines = [
        line for name in languages for block in blocks(text, name) for line in block.split("\n")
    ]
    return [words[1:] for line in lines if (words := _words(line)) and words[0] == "dnnsearch"]


def _words(line: str) -> list[str]:
    words = shlex.split(line.removeprefix("$ "), comments=True)
    ends = [place for place, word in enumerate(words) if word in END]
    return words[: min(ends, default=len(words))]
