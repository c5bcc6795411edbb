"""The reference in docs says what the schemas and the program say, no more and no less."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from typer.main import get_command

from dnnsearch import nn
from dnnsearch.cli.app import app
from dnnsearch.config.config import RUN_TIME, Config, parse_config
from dnnsearch.config.samplers import SAMPLERS
from dnnsearch.data.datasets import DATASETS
from dnnsearch.data.files.source import KEYS, TASKS, WAYS, roles
from dnnsearch.data.split_config import Split
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, NEUTRAL
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.pruning import PRUNERS
from tests.support.pages import CODE, PAGES, ROOT, blocks, inline_code, table_rows

SPACE = (ROOT / "docs" / "search-space.md").read_text(encoding="utf-8")
REPRODUCIBILITY = (ROOT / "docs" / "reproducibility.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
ELSEWHERE = ("study", "tracking", "workers")  # their defaults depend on file, environment, machine


def first_names(text: str) -> set[str]:
    """What stands as code in the first cells of tables."""
    return {code for row in table_rows(text) for code in CODE.findall(row[0])}


def section(text: str, heading: str) -> str:
    """The text from a heading to the next one of any level."""
    return re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]


def every_key() -> set[str]:
    """The keys of a config, by its schemas."""
    return {*Config.model_fields, *(f"split.{key}" for key in Split.model_fields)}


def test_every_key_of_a_config_is_documented_and_no_other() -> None:
    known = every_key() | KEYS.keys() | METRICS.keys() | DATASETS.keys()
    known |= {"DNNSEARCH_STORAGE", "MLFLOW_TRACKING_URI", "DNNSEARCH_CACHE"}
    assert every_key() - first_names(SPACE) == set()
    assert first_names(SPACE) - known == set()


def test_a_key_that_is_missing_would_be_seen() -> None:
    without = "\n".join(line for line in SPACE.split("\n") if not line.startswith("| `momentum`"))
    assert every_key() - first_names(without) == {"momentum"}


def test_every_key_of_a_file_is_documented() -> None:
    assert first_names(section(SPACE, "A file")) == KEYS.keys()
    assert {*roles(), *TASKS, *WAYS} - set(inline_code(section(SPACE, "A file"))) == set()


def test_the_table_of_optional_hyperparameters_is_that_of_the_package() -> None:
    rows = [*table_rows(section(SPACE, "Optional hyperparameters"))]
    words = {name: "none" if neutral is None else str(neutral) for name, neutral in NEUTRAL.items()}
    table = {name: HYPERPARAMETERS[name] for name in NEUTRAL}
    assert rows == [
        [f"`{name}`", f"`{row.example}`", f"`{words[name]}`", row.acts, row.about]
        for name, row in table.items()
    ]


def test_every_set_has_its_options_with_their_defaults() -> None:
    text = section(SPACE, "Named and generated sets")
    generated = {name: one for name, one in DATASETS.items() if one.options}
    assert first_names(text) == generated.keys()
    assert DATASETS.keys() - set(inline_code(text)) == set()
    for name, options in table_rows(text):
        given = dict(next(iter([c.split(": ")])) for c in CODE.findall(options) if ": " in c)
        expected = {key: str(one.default) for key, one in DATASETS[name.strip("`")].options.items()}
        assert given == expected


@pytest.mark.parametrize(
    "names",
    [SAMPLERS, PRUNERS, METRICS, HYPERPARAMETERS, nn.ACTIVATIONS, nn.INITIALIZATIONS],
    ids=["samplers", "pruners", "objectives", "hyperparameters", "activations", "initializations"],
)
def test_every_name_that_a_key_may_have_is_documented(names: Any) -> None:
    assert set(names) - set(inline_code(SPACE)) == set()


def test_each_objective_has_its_direction() -> None:
    words = {"maximize": "larger is better", "minimize": "smaller is better"}
    rows = {row[0].strip("`"): row[1] for row in table_rows(SPACE) if row[0].startswith("`dev_")}
    assert rows == {name: words[metric.direction.name] for name, metric in METRICS.items()}


def test_documented_defaults_are_the_defaults() -> None:
    example = yaml.safe_load(blocks(SPACE, "yaml")[0])
    needed = {name: example[name] for name in ("data", *list(HYPERPARAMETERS)[:7])}
    found = parse_config(needed, "docs", "example").document()
    found |= {f"split.{key}": value for key, value in Split().model_dump().items()}
    rows = [row for row in table_rows(SPACE) if len(row) == 4 and row[0].strip("`") in found]
    checked = 0
    for key, _, default, _ in rows:
        name = key.strip("`")
        if name not in (*ELSEWHERE, "data", "split"):
            written = yaml.safe_load(re.sub("none|apart", "null", default.replace("`", "")))
            neutral = None if found[name] == "none" else found[name]
            written = None if (name, written) == ("split.equal_rows", "apart") else written
            assert written == neutral, name
            checked += 1
    assert checked > 18


def test_the_table_of_reproducibility_is_that_of_the_config() -> None:
    (row,) = table_rows(section(REPRODUCIBILITY, "Which keys define a study"))
    defining, running = (set(CODE.findall(cell)) for cell in row)
    assert running == set(RUN_TIME)
    assert defining == Config.model_fields.keys() - set(RUN_TIME)


def test_every_command_is_in_the_table_of_readme() -> None:
    rows = table_rows(section(README, "The commands"))
    named = [CODE.findall(row[0])[0].split() for row in rows]
    assert [words[0] for words in named] == ["dnnsearch"] * len(named)
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert {words[1] for words in named} == commands.keys()


def everything() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in PAGES)


def test_every_target_of_make_that_is_named_is_one() -> None:
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"(?:`|^|&& )make ([a-z][a-z-]*)", everything(), re.MULTILINE)
    assert len(set(named)) > 10
    assert set(named) - set(targets) == set()


def test_every_extra_that_is_named_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"'(?:dnnsearch|\.)\[(\w+)\]'", everything())
    assert {"bench", "dask", "hdf5"} <= set(named)
    assert set(named) - project["optional-dependencies"].keys() == set()


def test_the_picture_of_the_rooms_has_every_room_in_the_order_of_the_contract() -> None:
    picture = section(ARCHITECTURE, "The rooms")
    lines = blocks(ARCHITECTURE, "text")[0].strip().split("\n")
    assert lines[0] in ARCHITECTURE
    assert "may import" in picture
    drawn = [set(re.split(r" \| ", re.split(r"  +", line)[0])) for line in lines]
    rooms = {path.parent.name for path in (ROOT / "dnnsearch").glob("*/__init__.py")}
    assert set().union(*drawn) == rooms
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [
        set(re.findall(r"\w+", layer)) & rooms for layer in contract["contracts"][0]["layers"]
    ]
    assert drawn == [layer for layer in layers if layer]


def test_every_package_that_is_used_privately_is_in_the_list() -> None:
    """The imports of names with a leading underscore, and those that are asked for as text."""
    private = re.compile(r"^\s*from (\w[\w.]*) import \(?([\w, ]+)", re.MULTILINE)
    as_text = re.compile(r'(?:getattr\(.*?, "|"[a-z]\w*\.(?:\w+\.)*)(_[a-z]\w*)', re.DOTALL)
    listed = section(ARCHITECTURE, "Private parts of other packages")
    found = set()
    for path in (ROOT / "dnnsearch").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        found |= set(as_text.findall(source))
        for module, names in private.findall(source):
            parts = [
                *module.split("."),
                *(name.split()[0] for name in names.split(",") if name.strip()),
            ]
            if module.split(".")[0] not in ("dnnsearch", "__future__"):
                found |= {part for part in parts if part.startswith("_")}
    assert {"_rdb", "_trial_id"} <= found
    assert [name for name in sorted(found) if name.strip("_") and name not in listed] == []
