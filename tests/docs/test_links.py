"""Whatever README and docs point to is there: pages, anchors, files, modules, tests, figures."""

import re
from functools import cache
from pathlib import Path

import pytest

import dnnsearch
from tests.support.pages import PAGES, ROOT, anchors, inline_code, links, prose

NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
FILE = re.compile(r"(?:dnnsearch|tests|experiments|docs|\.ci)/[\w./-]*\w/?|configs/\w+\.yaml")
MADE = {"configs/churn.yaml"}  # by the examples
DOTTED = re.compile(r"dnnsearch\.(\w+)((?:\.\w+)*)")
TEST = re.compile(r"test_\w+?_\w+?_\w+")  # a sentence, not a key such as test_file
REPORT = re.compile(r"experiments/(\w+)\.(py|md)")
MOST_LINES = 150


def missing_targets(text: str, page: Path) -> list[str]:
    """The links of a page that lead nowhere. Addresses on the web are not asked."""
    wrong = []
    for target in links(text):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        is_there = path.exists() and (not anchor or anchor in anchors(path.read_text("utf-8")))
        wrong += [] if is_there else [target]
    return wrong


def missing_files(text: str) -> list[str]:
    """The files of the repository that are named anywhere in the text, and are not there."""
    named = set(FILE.findall(text)) - MADE
    return sorted(name for name in named if not (ROOT / name).exists())


def missing_modules(text: str) -> list[str]:
    """The names in code that begin with `dnnsearch.` and are neither exported nor a module."""
    found = [match for code in inline_code(text) for match in DOTTED.finditer(code)]
    return sorted(match[0] for match in found if not _is_known(match[1], match[2]))


def _is_known(first: str, rest: str) -> bool:
    path = ROOT / "dnnsearch" / f"{first}{rest}".replace(".", "/")
    return first in dnnsearch.__all__ or path.is_dir() or path.with_suffix(".py").is_file()


@cache
def names_of_tests() -> frozenset[str]:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(name for source in sources for name in re.findall(r"def (test_\w+)", source))


def missing_tests(text: str) -> list[str]:
    """The names of test functions in code that no test has."""
    named = {code for code in inline_code(text) if TEST.fullmatch(code)}
    return sorted(named - names_of_tests())


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file_and_to_one_of_its_headings(name: str) -> None:
    assert missing_targets((ROOT / name).read_text(encoding="utf-8"), ROOT / name) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_file_module_and_test_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [*missing_files(text), *missing_modules(text), *missing_tests(text)] == []


PLANTED = """# A page
[one](#a-page), [two](#another-page), [three](nowhere.md), [four](README.md#no-such-heading),
[five](README.md#documentation), `dnnsearch/nowhere.py`, `dnnsearch.nowhere.module`, and
`test_that_nobody_wrote`
"""


def test_what_is_not_there_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PLANTED, encoding="utf-8")
    (tmp_path / "README.md").write_text("# Title\n\n## Documentation\n", encoding="utf-8")
    wrong = ["#another-page", "nowhere.md", "README.md#no-such-heading"]
    assert missing_targets(PLANTED, page) == wrong
    assert missing_files(PLANTED) == ["dnnsearch/nowhere.py"]
    assert missing_modules(PLANTED) == ["dnnsearch.nowhere.module"]
    assert missing_tests(PLANTED) == ["test_that_nobody_wrote"]


def test_every_page_is_in_the_table_of_contents() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {target.partition("#")[0] for target in links(index.read_text(encoding="utf-8"))}
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {index.name}
    assert pages - listed == set()


def test_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES


MEASURED = re.compile(r"\d+(?:\.\d+)?(?= (?:%|times|ms\b|MB\b|KB\b|s\b))")


def figures(text: str) -> list[str]:
    """The numbers with a unit of measured figures in the prose, tables left out."""
    lines = [line for line in prose(text).split("\n") if not line.startswith("|")]
    return MEASURED.findall("\n".join(lines))


def tables_named_in(text: str) -> str:
    """The content of all reports under experiments/ that the text names."""
    names = {name for name, _ in REPORT.findall(text)}
    reports = (ROOT / "experiments" / f"{name}.md" for name in names)
    return "\n".join(path.read_text(encoding="utf-8") for path in reports if path.exists())


def unproved(text: str) -> list[str]:
    """The figures that stand in no report that the text names."""
    tables = tables_named_in(text)
    return [figure for figure in figures(text) if figure not in tables]


def test_every_figure_of_the_page_on_performance_stands_in_a_report_that_it_names() -> None:
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert len(figures(text)) > 10
    assert unproved(text) == []
    assert unproved(text + "\nIt takes 123456.5 s.") == ["123456.5"]
    numbers = [cell for line in text.split("\n") if line[:2] == "| " for cell in line.split("|")]
    digits = [found[0] for cell in numbers if (found := re.match(r" (\d+\.\d+) ", cell))]
    assert len(digits) > 15
    assert [number for number in digits if number not in tables_named_in(text)] == []
