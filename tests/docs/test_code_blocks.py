"""The examples of README and docs run, or at least parse, as they stand.

Blocks of Python are run page by page, one after the other, as in a notebook. Every line of shell
that calls `dnnsearch` is parsed. On some pages the lines that begin with `$` are run by the real
program. Trials are shortened, and MLflow is left out.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from typer.main import get_command

from dnnsearch.cli.app import app
from dnnsearch.config.config import parse_config
from dnnsearch.config.yaml_file import parse
from tests.support.pages import PAGES, ROOT, blocks, commands
from tests.support.preloaded import Preloaded

TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}
NOTEBOOKS = [  # the course has a test of its own
    name for name, text in TEXTS.items() if blocks(text, "python") and name != "docs/course.md"
]
TRIED = ["docs/getting-started.md", "docs/own-data.md", "docs/promote-and-predict.md"]
SERVERS = ("serve", "ui")  # they do not end by themselves
SHORTENED = {"trials=10": "trials=2", ".plot()": ""}  # plotting needs matplotlib
SHORT_SEARCH = ["--set", "iterations=60", "--set", "curve_every=30"]
LONG = "iterations: {low: 500, high: 2000}"


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "none")
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)
    (tmp_path / "configs").mkdir()
    config = (ROOT / "configs" / "digits.yaml").read_text()
    assert LONG in config
    short = config.replace(LONG, "iterations: {low: 50, high: 200}")
    (tmp_path / "configs" / "digits.yaml").write_text(short)
    frame = customers(200)
    frame.to_csv(tmp_path / "churn.csv", index=False)
    frame.drop(columns="left").to_csv(tmp_path / "new.csv", index=False)
    load_digits(as_frame=True).frame.head(20).to_parquet(tmp_path / "digits.parquet")
    return tmp_path


def customers(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    months = rng.integers(1, 60, rows)
    left = np.where(months + rng.normal(0, 10, rows) < 20, "yes", "no")
    plan, region = rng.choice(["basic", "plus"], rows), rng.integers(0, 40, rows)
    return pd.DataFrame({"months": months, "plan": plan, "region": region, "left": left})


def shortened(words: list[str]) -> list[str]:
    """The same command with few and short trials."""
    words = ["3" if before == "--trials" else word for before, word in zip(["", *words], words)]
    if words[0] == "search":
        return [*words, *SHORT_SEARCH, *([] if "--trials" in words else ["--trials=2"])]
    if words[0] == "new":
        return [*words, *SHORT_SEARCH, "--set", "trials=2"]
    return [*words, "--top=2", "--replicates=2"] if words[0] == "promote" else words


@pytest.mark.usefixtures("forked_calls")
@pytest.mark.parametrize("page", NOTEBOOKS)
def test_the_blocks_of_python_of_a_page_run_in_their_order(page: str, workplace: Path) -> None:
    names: dict[str, object] = {}
    for block in blocks(TEXTS[page], "python"):
        for long, short in SHORTENED.items():
            block = block.replace(long, short)
        exec(compile(block, page, "exec"), names)
    assert len(names) > 1
    if "customers" in names:
        risk = names["customers"]["risk"]  # type: ignore[index]
        assert risk.between(0, 1).all()


@pytest.mark.parametrize("page", TRIED)
def test_the_commands_of_a_page_run(page: str, workplace: Path, program: Preloaded) -> None:
    tried = [words for words in commands(TEXTS[page], ("console",)) if words[0] not in SERVERS]
    assert len(tried) > 3
    for words in tried:
        run(shortened(words), workplace, program)


def run(words: list[str], folder: Path, program: Preloaded) -> None:
    """Run the command, which must end with 0.

    `new --search` starts the program again; so `search` is run here after `new`. That it does is
    tested in tests/cli/test_new.py.
    """
    before = set(folder.glob("configs/*"))
    program.run(folder, *(word for word in words if word != "--search"))
    if "--search" in words:
        (config,) = set(folder.glob("configs/*")) - before
        program.run(folder, "search", str(config.relative_to(folder)))


CALLS = [(page, words) for page, text in TEXTS.items() for words in commands(text)]


@pytest.mark.parametrize(("page", "words"), CALLS, ids=[f"{p}: {' '.join(w)}" for p, w in CALLS])
def test_every_command_and_every_option_that_a_page_names_exists(
    page: str, words: list[str]
) -> None:
    if words in (["--version"], ["--install-completion"]):  # of the program itself
        return
    name, *arguments = words
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    assert command.make_context(name, arguments).info_name == name  # raises for what is unknown


def test_an_unknown_option_would_be_seen() -> None:
    search = get_command(app).commands["search"]  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="No such option: --trails"):
        search.make_context("search", ["configs/digits.yaml", "--trails", "60"])


def test_every_config_in_the_documentation_is_one() -> None:
    found = [parse(block, "docs") for text in TEXTS.values() for block in blocks(text, "yaml")]
    assert found
    for document in found:
        parse_config(document, "docs", "example")


def test_every_block_says_its_language() -> None:
    known = ("python", "sh", "console", "text", "yaml")
    for page, text in TEXTS.items():
        fences = text.count("\n```") // 2
        assert fences == sum(len(blocks(text, language)) for language in known), page
