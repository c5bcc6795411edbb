"""What results show of themselves in a notebook: well-formed, escaped, without a program."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from dnnsearch.api.explanations import Explained
from dnnsearch.api.promotions import Promoted, Retuned
from dnnsearch.api.reproduction import ReportPage, Verdict
from dnnsearch.api.results import Study
from dnnsearch.reporting.html import notebook
from dnnsearch.study.stored_study import open_study
from tests.support.browser import chromium

ATTACK = "<script>alert(1)</script>"
EMPTY = {"br", "meta"}


class Tags(HTMLParser):
    """Checks that every element is closed, and collects their names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.names.append(tag)
        self.open += [] if tag in EMPTY else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def study(tiny: Path) -> Study:
    return Study(open_study("tiny", "sqlite:///optuna.db"))


def test_a_study_shows_its_leaderboard_with_a_curve_for_each_trial(study: Study) -> None:
    shown = study._repr_html_()
    names = Tags(shown).names
    assert names.count("tr") == 1 + 5
    assert names.count("polyline") == 1 + 3, "best so far; 1 diverged at once and 1 failed"
    assert {"button", "script"} & {*names} == set()
    assert f"the best is trial {study.best.number} with dev_accuracy" in shown
    numbers = re.findall(r'<data value="(\d+)">', shown)
    assert [int(n) for n in numbers] == study.trials["trial"].tolist()


def test_a_trial_shows_its_curves_and_all_its_hyperparameters(study: Study) -> None:
    shown = study.best._repr_html_()
    assert Tags(shown).names.count("polyline") == 4
    assert all(f"<td>{name}</td>" in shown for name in study.best.hyperparameters)
    failed = study[3]._repr_html_()
    assert "polyline" not in Tags(failed).names
    assert "a planted accident" in failed


def test_text_from_data_is_escaped(study: Study) -> None:
    row = replace(study.leaderboard.best, reason=ATTACK)
    texts = [
        notebook.trial(ATTACK, row, "dev_accuracy", None),
        notebook.study(replace(study.leaderboard, study=ATTACK, rows=[row]), {}),
        Verdict(identical=False, text=ATTACK)._repr_html_(),
        Promoted(1, True, True, Path("x"), ATTACK, {})._repr_html_(),
        Retuned(True, ATTACK, (0.0, 1.0), ATTACK, {})._repr_html_(),
        Explained(ATTACK, {})._repr_html_(),
    ]
    for text in texts:
        assert "script" not in Tags(text).names
        assert "&lt;script&gt;" in text


def test_a_verdict_says_at_once_whether_it_is_good() -> None:
    assert "✗ not identical" in Verdict(identical=False, text="")._repr_html_()
    assert "<strong>identical" in Verdict(identical=True, text="")._repr_html_()


def test_a_line_leaves_out_what_is_not_finite_and_needs_two_points() -> None:
    points = re.search('points="([^"]*)"', notebook.sparkline([0.0, np.nan, 2.0, 1.0], "cost"))
    assert points is not None
    assert points[1] == "1.0,20.0 73.0,2.0 109.0,11.0"
    assert notebook.sparkline([1.0], "cost") == ""
    assert notebook.sparkline([1.0, np.inf], "cost") == ""


def test_a_study_without_a_finished_trial_and_one_without_records_show_what_there_is(
    study: Study, tiny: Path
) -> None:
    Tags(notebook.study(replace(study.leaderboard, rows=[]), {}))
    for path in Path("records").rglob("*.npz"):
        if not path.name.startswith(f"{study.best.number:05}"):
            path.unlink()
    names = Tags(study._repr_html_()).names
    assert names.count("tr") == 1 + 5
    assert names.count("polyline") == 1 + 1


@pytest.mark.flaky(reruns=1)  # a browser that starts slowly on a busy machine
def test_a_page_in_a_frame_is_whole_and_cannot_reach_the_notebook(tmp_path: Path) -> None:
    page = ReportPage(tmp_path / "page.html")
    assert page._repr_html_() is None, "a path without a file shows itself as a path"
    page.write_text(
        "<!doctype html><meta charset='utf-8'><p id='p' title=\"a 'b'\">&lt;é</p><script>"
        "try { parent.document.title = 'reached'; } catch (error) { p.id = 'kept-out'; }</script>",
        encoding="utf-8",
    )
    shown = page._repr_html_()
    assert shown is not None
    (tmp_path / "notebook.html").write_text(f"<meta charset='utf-8'>{shown}", encoding="utf-8")
    with chromium(800, 600) as browser:
        browser.get(f"file://{tmp_path / 'notebook.html'}")
        title = browser.title
        browser.switch_to.frame(0)
        assert browser.find_element("id", "kept-out").text == "<é"
    assert title != "reached"
