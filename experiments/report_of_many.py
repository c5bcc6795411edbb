"""Is the report on a study of 1,000 trials fast, small and complete?

Question:    how long does `dnnsearch report` take, how large is its page, and does a browser draw
             all plots without an error in its console?
Scientific:  the number of trials
Nuisance:    how many of them diverge and so have no value to draw
Fixed:       networks of a few updates on moons; the whole command, from its start to its end
Command:     python experiments/report_of_many.py [--tiny]
Result:      report_of_many.md, written by this program

Needs Chromium and chromedriver. Marks are the points, lines and bars that the browser has drawn.
The limits are 60 s and 8 MB.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import report
from experiments.machine import measured_on
from experiments.many_trials import CONFIG
from experiments.processes import environment, finish, start, write_config

MAX_SECONDS, MAX_MEGABYTES = 60.0, 8.0
TRIALS, TINY = (100, 1000), (12,)
BROWSER_TIMEOUT_SECONDS = 120
STUDY = "many"
MARKS = "plot.querySelectorAll('.point, .js-line, .points path').length"
DIVERGING_AND_PRUNED = {  # settings with which some trials diverge and some are pruned
    "learning_rate": {"low": 0.01, "high": 10000, "log": True},
    "iterations": {"low": 20, "high": 60},
    "activation": ["relu", "leaky_relu"],
    "pruner": "median",
    "sampler": "random",
    "tracking": "none",
}


@dataclass(frozen=True)
class Page:
    """A report and what a browser draws of it."""

    trials: int
    seconds: float
    megabytes: float
    plots: list[int]  # number of marks in each
    errors: list[str]

    @property
    def is_good(self) -> bool:
        within = self.seconds < MAX_SECONDS and self.megabytes < MAX_MEGABYTES
        return within and min(self.plots) > 0 and not self.errors

    def row(self) -> list[object]:
        size, marks = f"{self.megabytes:.1f}", sum(self.plots)
        seconds = f"{self.seconds:.1f}"
        return [self.trials, seconds, size, len(self.plots), marks, len(self.errors)]


HEADER = ["trials", "seconds", "MB", "plots", "marks", "console errors"]


def measure(trials: int) -> Page:
    """Search, report, and open the page in a browser."""
    with tempfile.TemporaryDirectory(prefix="dnnsearch-report-") as root:
        folder = Path(root)
        config: dict[str, Any] = {**CONFIG, **DIVERGING_AND_PRUNED, "trials": trials}
        finish(start(write_config(folder, STUDY, config)))
        seconds = written(folder)
        path = folder / "page.html"
        plots, errors = drawn(path)
        return Page(trials, seconds, path.stat().st_size / 1e6, plots, errors)


def written(folder: Path) -> float:
    """Write the report; return the seconds that the command takes."""
    command = [sys.executable, "-m", "dnnsearch", "report", STUDY, "--quiet"]
    command += ["--out", "page.html", "--storage", f"sqlite:///{folder}/optuna.db"]
    started = time.monotonic()
    subprocess.run(
        command, cwd=folder, env=environment(folder / "cache"), check=True, capture_output=True
    )
    return time.monotonic() - started


def drawn(path: Path) -> tuple[list[int], list[str]]:
    """Return the number of marks in each plot, and the messages in the browser's console."""
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1200,900"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        browser.get(path.as_uri())
        is_drawn = "return document.body.dataset.drawn"
        WebDriverWait(browser, BROWSER_TIMEOUT_SECONDS, 0.1).until(
            lambda _: browser.execute_script(is_drawn)
        )
        ask = f"return [...document.querySelectorAll('.plot')].map(plot => {MARKS})"
        log: Any = browser.get_log("browser")  # type: ignore[no-untyped-call]
        return browser.execute_script(ask), [one["message"] for one in log]
    finally:
        browser.quit()


def conclusion(pages: Sequence[Page]) -> str:
    """Return a sentence that says whether the largest report is within the limits."""
    last = pages[-1]
    verdict = "within" if last.is_good else "NOT within"
    return (
        f"The report on {last.trials} trials is {verdict} the limits of {MAX_SECONDS:.0f} s and "
        f"{MAX_MEGABYTES:.0f} MB; the plot with the fewest marks has {min(last.plots)}."
    )


def main(given: Sequence[str] | None = None) -> list[Page]:
    asked = report.arguments(__file__, __doc__, given)
    pages = []
    for trials in TINY if asked.tiny else TRIALS:
        pages.append(measure(trials))
        print(*pages[-1].row(), flush=True)
    table = report.table(HEADER, [page.row() for page in pages])
    report.write(asked.out, __doc__, table, conclusion(pages), measured_on())
    return pages


if __name__ == "__main__":
    raise SystemExit(not all(page.is_good for page in main()))
