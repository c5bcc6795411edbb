"""The page and the notebook on the course: their code is the package's, and it runs."""

import json
import re
from pathlib import Path
from textwrap import dedent, indent

import plotly.graph_objects as go
import pytest
import yaml

from dnnsearch import nn
from dnnsearch.config.config import parse_config
from dnnsearch.config.dimensions import Architectures, Range
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, OPTIONAL_KEYS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "course.md").read_text(encoding="utf-8")
NOTEBOOK = json.loads((ROOT / "docs" / "course.ipynb").read_text(encoding="utf-8"))
EXCERPTS = re.findall(r"```(?:python|text) file=(\S+)\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
CELLS = ["".join(c["source"]) for c in NOTEBOOK["cells"] if c["cell_type"] == "code"]


def is_in_package(file: str, excerpt: str) -> bool:
    """Whether a file of this name has the lines of the excerpt, in one piece, at any depth."""
    block = dedent(excerpt)
    sources = [path.read_text() for path in (ROOT / "dnnsearch").rglob(file)]
    depths = (0, 4, 8, 12, 16, 22)
    return any(indent(block, " " * depth) in source for source in sources for depth in depths)


@pytest.mark.parametrize(("file", "excerpt"), EXCERPTS)
def test_every_excerpt_is_the_code_itself(file: str, excerpt: str) -> None:
    assert is_in_package(file, excerpt)


def test_an_excerpt_with_one_changed_character_is_noticed() -> None:
    file, excerpt = EXCERPTS[1]
    assert is_in_package(file, excerpt)
    assert not is_in_package(file, excerpt.replace("np.add", "np.subtract"))
    assert not is_in_package("nn/network.py", excerpt)


def test_every_section_has_code_of_the_package_or_a_command() -> None:
    sections = re.split(r"^## (?=\d\. )", PAGE, flags=re.MULTILINE)[1:]
    assert len(sections) == 7
    for section in sections[:-1]:
        assert "```python" in section
    assert "dnnsearch retune" in sections[-1]


def test_the_examples_run_in_order() -> None:
    names: dict[str, object] = {}
    for example in EXAMPLES:
        exec(compile(example, "course.md", "exec"), names)
    assert len(EXAMPLES) > 10


def test_the_table_of_the_assignments_names_what_there_is() -> None:
    named = set(re.findall(r"nn\.([A-Za-z_]+)", PAGE))
    assert named <= set(nn.__all__)
    assert {"linear_forward", "compute_cost", "update_parameters", "gradient_check"} <= named


def test_the_seven_hyperparameters_have_a_sentence_each_in_the_order_of_the_config() -> None:
    seven = [name for name in HYPERPARAMETERS if name not in OPTIONAL_KEYS]
    assert re.findall(r"^- `(\w+)`: ", PAGE, re.MULTILINE) == seven
    sentence = re.search(r"^- `activation`: .*\n?.*one of (.*)\.$", PAGE, re.MULTILINE)
    assert sentence is not None
    assert sentence[1].split(", ") == [*nn.ACTIVATIONS]


def test_the_config_of_the_page_is_one_and_its_two_ways_to_write_units_are_too() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    document = yaml.safe_load(block)
    assert parse_config(document, "course.md", "course").units == Range(16, 128, log=True)
    del document["hidden_layers"]
    written = re.findall(r"`units: (\[\[.*?\]\])`", PAGE)
    assert len(written) == 2
    for units in written:
        config = parse_config({**document, "units": yaml.safe_load(units)}, "course.md", "course")
        assert isinstance(config.units, Architectures)


def test_links_and_pictures_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert "course.ipynb" in links
    for link in links:
        assert (ROOT / "docs" / link).is_file(), link


def test_the_cells_of_the_notebook_run_in_order_and_draw() -> None:
    names: dict[str, object] = {}
    for cell in CELLS:
        exec(compile(cell, "course.ipynb", "exec"), names)
    figures = {name for name, value in names.items() if isinstance(value, go.Figure)}
    assert figures >= {"by_learning_rate", "by_depth", "boundaries", "by_start"}


def test_the_notebook_is_small_and_without_outputs() -> None:
    assert NOTEBOOK["nbformat"] == 4
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    for cell in NOTEBOOK["cells"]:
        assert cell["cell_type"] == "markdown" or not cell["outputs"]
    assert (ROOT / "docs" / "course.ipynb").stat().st_size < 40_000
