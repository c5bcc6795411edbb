"""The pictures of the documentation: what a person sees in the terminal and in the report.

Studies are searched in a temporary folder by the real commands. `search.svg` is drawn from what a
pseudo-terminal showed when most trials were running, and at the end. The screens of the gallery are
those of a real tmux of 80x24 and of 160x50 characters. The pages are reports in a headless
Chromium, 1280 and 400 pixels wide, light and dark. Seconds in the pictures are those of the machine
that made them.

With `--folder` the studies stay there, and another run draws them again without searching. Pictures
of a running search are drawn only if it runs.

Command: python experiments/gallery.py [--tiny] [--folder FOLDER] [--out docs/images]
"""

import argparse
import base64
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from selenium.webdriver.support.ui import WebDriverWait

from experiments.gallery_terminal import Tmux, on_a_terminal, scenes, svg

ROOT = Path(__file__).parents[1]
TINY = ["--trials=3", "--set", "iterations=300", "--set", "tracking=none"]
SIZES = ((80, 24), (160, 50))  # of the gallery's screens
SCREENS = {  # name -> command; the first one is drawn while it runs
    "running": "dnnsearch search churn --trials 40",
    "show": "dnnsearch show churn",
    "promote": "dnnsearch promote churn --top 3 --quiet",
    "explain": "dnnsearch explain churn --quiet",  # of the champion
}
BUSY_TRIALS = 8  # at which the running search is drawn
NEW = ["dnnsearch", "new", "churn.csv", "--target", "left", "--set", "tracking=none"]
PAGES = (  # study, heading of the section that is on top, or none; width, height; dark
    ("churn", "", 1280, 1000, False),
    ("churn", "", 400, 800, True),
    ("churn", "What the columns do", 1280, 1340, True),
    ("churn", "What the columns do", 400, 1000, False),
    ("moons", "History", 1280, 1150, False),
    ("moons", "Best over the rest", 1280, 1000, True),
    ("moons", "", 400, 800, True),
    ("moons", "All hyperparameters at once", 400, 800, False),
)
REPORT = ("digits", "", 1100, 1500, False)  # of report.webp
MANY = ["--trials=300", "--set", "iterations=300", "--set", "tracking=none"]
DRAWN = "return document.body.dataset.drawn !== undefined"
TOP = """
const headings = [...document.querySelectorAll("h2")];
return headings.find(h => h.textContent == arguments[0]).getBoundingClientRect().top + scrollY - 10;
"""
NAMING = {"What the columns do": 2, "All hyperparameters at once": 1}  # the word for the file
PAGE_SECONDS = 900  # for a page to be drawn; the machine may be busy
QUALITY = 40  # of the pages, in percent


def draw_screens(folder: Path, out: Path, tiny: bool) -> list[Path]:
    """Draw the screens of SCREENS in both sizes; return the paths."""
    tmux, made = Tmux(folder), []

    def draw(name: str, screen: str, size: tuple[int, int]) -> None:
        columns, rows = size
        path = out / f"{name}-{columns}x{rows}.svg"
        path.write_text(svg(screen, f"{columns}x{rows}", columns), encoding="utf-8")
        made.append(path)

    running, *others = SCREENS
    was_searched = is_searched(folder, "churn")
    tmux.start(SCREENS[running] + (f" {shlex.join(TINY)}" if tiny else ""), SIZES[0])
    for size in SIZES:
        tmux("resize-window", "-x", str(size[0]), "-y", str(size[1]))
        time.sleep(1)  # until it is drawn anew
        screen = tmux.wait(1 if tiny else BUSY_TRIALS)
        if not was_searched:
            draw(running, screen, size)
    tmux.wait()
    tmux.close()
    for name in others:
        for size in SIZES:
            if name == "promote":
                forget_champion(folder)
            tmux.start(SCREENS[name], size)
            draw(name, tmux.wait(), size)
            tmux.close()
    return made


def forget_champion(folder: Path) -> None:
    """Let the next promotion of churn, which has no version in MLflow, be the first one again."""
    for champion in (folder / "records" / "churn").glob("champion-*"):
        champion.unlink()


def customers(path: Path) -> None:
    """Write a table of customers who left or stayed, made up from a seed."""
    rng = np.random.default_rng(0)
    m = 900
    months, income = rng.integers(0, 72, m), np.exp(rng.normal(10, 1, m)).round()
    plan, age = rng.choice(["basic", "plus", "pro"], m, p=[0.5, 0.3, 0.2]), rng.normal(45, 12, m)
    joined = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 1500, m), unit="D")
    score = 1.5 - 0.08 * months + 1.5 * (plan == "pro") + 0.8 * (np.log(income) - 10)
    left = np.where(score + rng.normal(size=m) > 0, "yes", "no")
    frame = pd.DataFrame({"months": months, "plan": plan, "age": age.round(), "income": income})
    frame.loc[rng.random(m) < 0.1, "age"] = np.nan
    frame.assign(joined=joined.strftime("%Y-%m-%d"), left=left).to_csv(path, index=False)


@contextmanager
def browser() -> Iterator[Any]:
    """Yield a driver of a headless Chromium."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        raise SystemExit("error: the pictures of pages need chromium and chromedriver on PATH")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars"):
        options.add_argument(f"--{argument}")
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as chrome:
        connection: Any = chrome.command_executor
        connection.client_config.timeout = PAGE_SECONDS
        yield chrome


def photograph(
    chrome: Any, page: Path, picture: Path, heading: str, width: int, height: int, is_dark: bool
) -> None:
    """A screen of a page from the section with this heading, else from its top, as WebP."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chrome.get(page.absolute().as_uri())
    WebDriverWait(chrome, PAGE_SECONDS).until(lambda c: c.execute_script(DRAWN))
    top = chrome.execute_script(TOP, heading) if heading else 0
    clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
    form = {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip}
    shot = chrome.execute_cdp_cmd("Page.captureScreenshot", form)
    picture.write_bytes(base64.b64decode(shot["data"]))


def draw_pages(chrome: Any, folder: Path, out: Path) -> list[Path]:
    """Draw the pages of PAGES; return the paths."""
    made = []
    for study, heading, width, height, is_dark in PAGES:
        part = heading.split(" ")[NAMING.get(heading, 0)] if heading else "top"
        path = out / f"page-{study}-{part.lower()}-{width}-{'dark' if is_dark else 'light'}.webp"
        page = folder / f"report-{study}.html"
        photograph(chrome, page, path, heading, width, height, is_dark)
        made.append(path)
    return made


def is_searched(folder: Path, study: str) -> bool:
    """Return whether an earlier run has left this study in the folder."""
    return (folder / "records" / study).exists()


def search_digits(folder: Path, tiny: bool) -> str:
    """Search the study of README; return the text of its picture, empty if it was done already."""
    search = ["dnnsearch", "search", "configs/digits.yaml"]
    was_searched = is_searched(folder, "digits")
    frame, end = scenes(on_a_terminal([*search, *(TINY if tiny else [])], folder))
    if was_searched:
        return ""
    return f"$ {' '.join(search)}\n{frame}\n\n...\n\n{end}"


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    """Make the pictures and return their paths."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tiny", action="store_true", help="a small study, to see that it works")
    parser.add_argument(
        "--folder", type=Path, help="of the studies  [default: one that is removed]"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", metavar="FOLDER")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    terminal, report = given.out / "search.svg", given.out / "report.webp"
    with tempfile.TemporaryDirectory(prefix="dnnsearch-gallery-") as root:
        folder = (given.folder or Path(root)).absolute()
        shutil.copytree(ROOT / "configs", folder / "configs", dirs_exist_ok=True)
        if not (folder / "configs" / "churn.yaml").exists():
            customers(folder / "churn.csv")
            on_a_terminal(NEW, folder)
        if text := search_digits(folder, given.tiny):
            terminal.write_text(svg(text, "dnnsearch"), encoding="utf-8")
        screens = draw_screens(folder, given.out, given.tiny)
        many = TINY if given.tiny else MANY
        on_a_terminal(["dnnsearch", "search", "moons", "--quiet", *many], folder)
        for study in ("digits", "churn", "moons"):
            on_a_terminal(["dnnsearch", "report", study, "--quiet"], folder)
        with browser() as chrome:
            photograph(chrome, folder / "report-digits.html", report, *REPORT[1:])
            return [terminal, *screens, report, *draw_pages(chrome, folder, given.out)]


if __name__ == "__main__":
    for path in main():
        print(path)
