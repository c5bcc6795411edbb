"""MLflow's user interface as a user sees it in a browser, because new versions change it.

Set DNNSEARCH_SCREENSHOTS to a folder to keep what the browser saw.
"""

import json
import os
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.tracking import ThreadPublisher, saved_view, ui_command
from dnnsearch.tracking.client import connect
from dnnsearch.tracking.parent_run import find_parents
from dnnsearch.tracking.read_runs import find_trial
from tests.support.browser import chromium

pytestmark = pytest.mark.flaky(reruns=1)  # a browser that starts slowly on a busy machine

PATIENCE = 60  # seconds for a page; the machine may be busy
TEXTS = "[...document.querySelectorAll('{}')].map(e => e.textContent.trim())"
DRAWN = "[...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => plot.data)"
AXES = f"{TEXTS.format('svg text')}.includes('activation')"
SCROLLED = (  # MLflow draws what is in sight
    "[...document.querySelectorAll('div')].filter(e => e.scrollHeight > e.clientHeight + 300)"
    ".forEach(e => { e.scrollTop = 1150 })"
)
HEADS = (  # in the order that is seen
    "[...document.querySelectorAll('.ag-header-cell')]"
    ".sort((a, b) => a.getAttribute('aria-colindex') - b.getAttribute('aria-colindex'))"
    ".map(e => e.textContent.trim())"
)
LINKS = "[...document.querySelectorAll('a')]"
STATES = ("finished", "finished", "pruned", "diverged", "failed", "finished")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with chromium(1900, 1500) as driver:
        yield driver


ERRORS_OF_MLFLOW_ITSELF = (  # which its pages log for every study
    "users/current",  # it asks for the user's name
    "translate(NaN)",  # on a busy machine it draws parallel coordinates before it has a size
)


class Page:
    """A browser at MLflow's UI, with the study of six trials in it."""

    def __init__(self, browser, url: str, ids: list[str], key: str) -> None:
        self.browser, self.url, self.ids, self.key = browser, url, ids, key

    def open(self, address: str) -> None:
        self.browser.get("about:blank")
        self.browser.get(f"{self.url}/{address}")

    def follow(self, text: str) -> None:
        """Click on the link with this text, below MLflow's guided tour, and look at what opens."""
        before = self.browser.window_handles
        self.ask(f"{LINKS}.find(a => a.innerText == '{text}').click()")
        (opened,) = set(self.browser.window_handles) - set(before)
        self.browser.switch_to.window(opened)

    def ask(self, script: str):
        return self.browser.execute_script(f"return {script}")

    def wait(self, script: str) -> None:
        from selenium.common.exceptions import TimeoutException
        from selenium.webdriver.support.ui import WebDriverWait

        text = "document.body.innerText"
        try:
            WebDriverWait(self.browser, PATIENCE, 0.1).until(lambda _: self.ask(script))
        except TimeoutException:
            self.keep("failed")
            pytest.fail(f"{script}\nat {self.browser.current_url}\n{self.ask(text)}")

    def keep(self, name: str) -> None:
        if folder := os.environ.get("DNNSEARCH_SCREENSHOTS"):
            self.browser.save_screenshot(Path(folder, f"{name}.png"))

    def errors(self) -> list[str]:
        said = [e["message"] for e in self.browser.get_log("browser") if e["level"] == "SEVERE"]
        return [
            line for line in said if not any(known in line for known in ERRORS_OF_MLFLOW_ITSELF)
        ]


@pytest.fixture(scope="module")
def study(browser, server, make_view, info, tmp_path_factory) -> Page:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("study"))
        Path("record.zip").write_bytes(b"the record")
        publisher = ThreadPublisher(server.url, info, print)
        publisher.start()
        for number, state in enumerate(STATES):
            publisher.put(make_view(number, state))
        publisher.conclude("finished", "f" * 64)
        assert publisher.close(60) == 0
    trials = [find_trial(server.url, "moons", "moons", n) for n in range(len(STATES))]
    (parent,) = find_parents(connect(server.url), "moons", "moons", "")
    key = saved_view.key_of_study(parent.info.run_id)
    return Page(browser, server.url, [trial.run_id for trial in trials if trial], key)


ROWS = "document.querySelectorAll('.ag-center-cols-container .ag-row').length"


def test_the_table_shows_the_trials_best_first_with_their_hyperparameters(study):
    study.open(saved_view.link("1", study.key))
    study.wait(f"{ROWS} == 6")
    names = study.ask(TEXTS.format(".ag-pinned-left-cols-container .ag-row a"))
    study.keep("table")
    assert names[:3] == ["0 relu 64-32 lr 0.1", "1 tanh 64-32 lr 0.05", "5 tanh 64-32 lr 0.017"]
    heads = study.ask(HEADS)
    shown = [head for head in heads if head in ("objective", "dev_accuracy", "train_cost")]
    assert shown == ["objective", "train_cost"]  # in this order, without the last point of a curve
    assert {"learning_rate", "activation"} <= set(heads)
    assert saved_view.name_of("moons") in study.ask("document.body.innerText")
    assert study.errors() == []


@pytest.mark.proof
def test_the_table_of_all_studies_groups_the_trials_by_study(study):
    study.open(saved_view.link("1"))
    study.wait("document.body.innerText.includes('Group: moons')")
    study.keep("all")
    assert "dnnsearch.study" in study.ask(HEADS)


@pytest.mark.proof
def test_the_charts_compare_the_curves_and_the_hyperparameters(study):
    study.open(saved_view.link("1", study.key, charts=True))
    for title in ("Hyperparameters", "Curves"):
        study.wait(f"document.body.innerText.includes('{title}')")
    study.wait(AXES)
    study.keep("charts")
    study.ask(SCROLLED)
    study.wait(f"{DRAWN}.filter(curve => curve.x.length >= 5).length >= 10")  # 5 runs, 2 charts
    study.keep("curves")
    assert "hp.momentum" not in study.ask("document.body.innerText")


@pytest.mark.proof
def test_the_compare_page_draws_parallel_coordinates_of_the_objective(study):
    chosen = [id for id, state in zip(study.ids, STATES, strict=True) if state != "failed"]
    query = {"runs": json.dumps(chosen), "experiments": '["1"]'}
    study.open(f"#/compare-runs?{urllib.parse.urlencode(query)}")
    study.wait("document.body.innerText.includes('Comparing 5 Runs')")
    study.wait("document.querySelectorAll('.parcoords .axis-title').length >= 3")
    axes = study.ask(TEXTS.format(".parcoords .axis-title"))
    study.keep("compare")
    assert {"activation", "learning_rate", "dev_accuracy"} <= set(axes)
    early = "<path> attribute d"  # MLflow draws before it knows the page's size, when that is slow
    assert [error for error in study.errors() if early not in error] == []


@pytest.mark.proof
def test_a_run_has_charts_and_the_command_to_repeat_it(study):
    study.open(f"#/experiments/1/runs/{study.ids[0]}?workflowType=machine_learning")
    study.wait("document.body.innerText.includes('dnnsearch rerun moons/0')")
    study.keep("run")
    study.open(f"#/experiments/1/runs/{study.ids[0]}/model-metrics?workflowType=machine_learning")
    study.wait(f"{DRAWN}.filter(curve => curve.x.length == 12).length >= 2")
    study.keep("metrics")
    assert study.errors() == []


@pytest.mark.proof
def test_the_address_that_is_printed_leads_to_the_charts_and_their_note_to_the_study(study, server):
    study.open(ui_command(server.database, server.port).address.removeprefix(f"{server.url}/"))
    study.wait(AXES)
    study.open("#/experiments/1")  # where MLflow's own list of experiments leads
    study.wait(f"{LINKS}.some(a => a.innerText == 'charts')")
    study.keep("experiment")
    study.follow("table")
    study.wait(f"{ROWS} == 6")
    study.ask("document.querySelector('.ag-pinned-left-cols-container .ag-row a').click()")
    study.wait(f"{LINKS}.some(a => a.innerText == 'moons' && a.href.includes('/runs/'))")
    study.ask(f"{LINKS}.find(a => a.innerText == 'moons' && a.href.includes('/runs/')).click()")
    study.wait("document.body.innerText.includes('The best by dev_accuracy')")
    study.keep("study")
    hrefs = study.ask(f"{LINKS}.filter(a => a.innerText == 'table').map(a => a.href)")
    assert f"{server.url}/{saved_view.link('1', study.key)}" in hrefs


def test_the_ui_listens_on_this_machine_only_and_reads_the_given_database():
    command = ui_command("sqlite:///some.db", 5001)
    assert command.argv[command.argv.index("--host") + 1] == "127.0.0.1"
    assert "sqlite:///some.db" in command.argv
    assert command.environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    with pytest.raises(UserError, match="http://host:5000"):
        ui_command("http://host:5000")
