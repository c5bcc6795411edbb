"""The page: what it escapes, whether its values are right, and whether a browser draws it."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.html.log_axis import log_ticks
from dnnsearch.reporting.html.markup import Markup, harmless, tag
from dnnsearch.reporting.html.plotted_study import in_memory
from dnnsearch.reporting.write_report import Report, report
from dnnsearch.study.leaderboard.formats import csv_text, in_markdown
from dnnsearch.study.leaderboard.ranking import leaderboard
from tests.reporting.conftest import Searched
from tests.support import rigs
from tests.support.browser import chromium

EVIL = "<script>alert('&')<script>"
BROWSER_TIMEOUT_SECONDS = 120  # the machine may be busy
OVERLAPPING = """[...document.querySelectorAll('.plot')].flatMap(plot =>
  ['.xtick text', '.ytick text', '.annotation-text'].flatMap(kind => {
    const level = [...plot.querySelectorAll(kind)].filter(
      one => !/rotate\\((?!0)/.test(one.getAttribute('transform') || ''));
    const boxes = level.map(one => one.getBoundingClientRect());
    const apart = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) < 1
      || Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) < 2;
    return boxes.flatMap((a, i) => boxes.slice(i + 1).flatMap((b, j) => apart(a, b) ? []
      : [plot.ariaLabel + ': ' + level[i].textContent + ' ' + level[i + 1 + j].textContent]));
  }))"""
TEXTS = """Object.fromEntries([...document.querySelectorAll('.plot')].map(plot => [plot.ariaLabel,
  [...plot.querySelectorAll('.xtick text, .ytick text')].map(one => one.textContent)]))"""


def mixed(rng: np.random.Generator) -> rigs.Rule:
    """Finished, diverged, pruned and failed trials."""
    rule = rigs.clean(rng)

    def ends(hyper, chance):
        end = chance.choice(["finished", "diverged", "pruned", "failed"], p=[0.7, 0.1, 0.15, 0.05])
        return rigs.Outcome(rule(hyper, chance).right, str(end))

    return ends


@pytest.fixture(scope="module")
def study(store: Path) -> rigs.Rigged:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNSEARCH_CACHE", str(store))
        rng = np.random.default_rng(5)
        return rigs.rigged(mixed(rng), rng, 60, name=EVIL)


@pytest.fixture(scope="module")
def written(study: rigs.Rigged, store: Path) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNSEARCH_CACHE", str(store))
        return report([study], draws=1)


@pytest.fixture(scope="module")
def text(written: Report) -> str:
    return written.html


def test_text_from_data_is_escaped_everywhere(text: str) -> None:
    assert EVIL not in text
    assert "<b>planted" not in text
    assert html.escape(EVIL) in text
    assert "&lt;b&gt;planted" in text


def test_optuna_copies_no_records_for_its_plots(searched: Searched) -> None:
    """Of 1,000 trials that took a second for each report."""
    study = searched("data: wine\n")
    shown, stored = in_memory(read(study)).trials, study.trials()
    assert [(one.params, one.values) for one in shown] == [(t.params, t.values) for t in stored]
    assert all(trial.user_attrs and trial.intermediate_values for trial in stored)
    assert not any(trial.user_attrs or trial.intermediate_values for trial in shown)


def test_the_verdict_is_that_of_the_page_with_markdown_escaped(written: Report) -> None:
    assert written.verdict.startswith("Trial ")
    assert "dev\\_accuracy" in written.verdict
    plain = written.verdict.replace("\\", "")
    assert f'<p class="verdict">{html.escape(plain)}</p>' in written.html
    assert in_markdown("<script> *a*") == r"\<script\> \*a\*"


def test_a_page_on_several_studies_has_no_verdict_of_its_own(study: rigs.Rigged) -> None:
    both = report([study, study], draws=0)
    assert both.verdict == ""
    assert both.html.count('<p class="verdict">') == 3


def test_text_that_is_not_markup_is_escaped() -> None:
    assert tag("p", "<b>", Markup("<i>"), title='"') == '<p title="&quot;">&lt;b&gt;<i></p>'
    document = {"</script>": "<!--"}
    assert "<" not in harmless(json.dumps(document))
    assert json.loads(harmless(json.dumps(document))) == document


def test_the_page_loads_nothing_from_the_network(text: str) -> None:
    page = re.sub(r"<script>/\*\*\n\* plotly\.js.*?</script>", "", text, flags=re.DOTALL)
    assert len(page) < len(text) / 3
    assert re.findall(r"""(?:src|href)=["'](?!data:)""", page) == []
    assert "http" not in page.replace("http://www.w3.org", "")


def test_values_agree_to_the_last_digit_with_the_leaderboard_and_optuna(
    study: rigs.Rigged, text: str
) -> None:
    cells = re.findall(r'<tr><td class="number"><data value="(\d+)">.*?</tr>', text)
    assert len(cells) >= 60
    rows = re.findall(
        r'<data value="(\d+)">\d+</data></td><td><span class="state (\w+)".*?</td>'
        r'<td(?: class="number"><data value="([^"]+)")?',
        text,
    )
    shown = {int(n): (state, float(value) if value else None) for n, state, value in rows}
    assert len(shown) == 60
    assert {state for state, _ in shown.values()} == {"finished", "diverged", "pruned", "failed"}
    for trial in study.trials():
        state = trial.user_attrs["dnnsearch"]["state"]
        assert shown[trial.number] == (state, trial.value if trial.values else None)
    lines = [line.split(",") for line in csv_text([leaderboard(study)]).splitlines()[1:]]
    written = {int(line[0]): (line[1], float(line[2]) if line[2] else None) for line in lines}
    assert written == shown


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with chromium(1200, 900) as driver:
        yield driver


class OpenPage:
    """A page that is open in the browser."""

    def __init__(self, browser, path: Path) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        self.browser = browser
        browser.get(f"file://{path}")
        drawn = "document.body.dataset.drawn"
        WebDriverWait(browser, BROWSER_TIMEOUT_SECONDS, 0.1).until(
            lambda _: self.ask(drawn) is not None
        )

    def ask(self, script: str):
        return self.browser.execute_script(f"return {script}")

    def marks(self) -> list[int]:
        """Return the number of points, lines and bars in each plot."""
        found = "plot.querySelectorAll('.point, .js-line, .points path').length"
        return self.ask(f"[...document.querySelectorAll('.plot')].map(plot => {found})")

    def points(self, caption: str) -> int:
        """Return the number of points in the first plot with that caption."""
        figures = "[...document.querySelectorAll('figure')]"
        one = f"{figures}.find(f => f.querySelector('figcaption').textContent == '{caption}')"
        return self.ask(f"{one}.querySelectorAll('.scatterlayer .point').length")

    def errors(self) -> list[str]:
        return [entry["message"] for entry in self.browser.get_log("browser")]


@pytest.mark.flaky(reruns=1)  # a browser that starts slowly on a busy machine
def test_a_browser_draws_every_mark_without_an_error(
    browser, study: rigs.Rigged, text: str, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    page = OpenPage(browser, tmp_path / "page.html")
    board = leaderboard(study)
    diverged = sum(row.state == "diverged" for row in board.rows)
    others = sum(row.state in ("diverged", "pruned", "failed") for row in board.rows)
    assert min(page.marks()) > 0
    assert page.points("learning_rate") == len(board.ranked) + diverged
    assert page.points("best value so far, and how trials ended") == len(board.ranked) + others
    assert page.errors() == []
    assert page.ask("document.documentElement.scrollWidth <= window.innerWidth")
    page.ask("document.getElementById('theme').click()")
    assert page.ask("document.documentElement.dataset.theme") in ("light", "dark")
    assert page.errors() == []


@pytest.mark.flaky(reruns=1)  # a browser that starts slowly on a busy machine
def test_labels_are_whole_and_do_not_overlap_on_a_wide_page_and_on_a_phone(
    browser, study: rigs.Rigged, text: str, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    for width in (400, 1280):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        page = OpenPage(browser, tmp_path / "page.html")
        assert page.ask(OVERLAPPING) == []
        assert page.ask("document.documentElement.scrollWidth <= window.innerWidth")
    texts = page.ask(TEXTS)
    assert {"relu", "tanh"} <= set(texts["activation"])
    assert {"0.01", "0.1"} <= set(texts["learning_rate"])
    ranked = sum(row.state == "finished" for row in leaderboard(study).rows)
    names = {"learning_rate", "iterations", "hidden_layers", "activation", "momentum", "batch_size"}
    assert names <= set(texts[f"all {ranked} finished trials"])


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.002, 0.023, [0.002, 0.005, 0.01, 0.02]),
        (229, 1000, [300, 400, 500, 600, 800, 1000]),
        (1e-5, 1.0, [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]),
        (0.7, 0.8, [0.7, 0.8]),
        (0.61, 0.68, [0.61, 0.68]),
    ],
)
def test_a_logarithmic_axis_has_whole_numbers(low: float, high: float, ticks: list) -> None:
    assert log_ticks(low, high) == ticks


@pytest.mark.proof
def test_the_page_of_a_thousand_trials_is_small_and_fast_and_complete(
    browser, tmp_path: Path
) -> None:
    import time

    rng = np.random.default_rng(0)
    study = rigs.rigged(mixed(rng), rng, 1000)
    began = time.process_time()
    text = report([study]).html
    assert time.process_time() - began < 60
    assert len(text.encode()) < 8e6
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    page = OpenPage(browser, tmp_path / "page.html")
    ranked, rows = leaderboard(study).ranked, leaderboard(study).rows
    diverged = sum(row.state == "diverged" for row in rows)
    assert min(page.marks()) > 0
    assert page.points("learning_rate") == len(ranked) + diverged
    assert page.errors() == []
