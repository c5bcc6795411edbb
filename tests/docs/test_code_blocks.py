"""README's examples in Python run as they stand, one after the other, as in a notebook."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
SHORTENED = {"trials=10": "trials=2", ".plot()": ""}  # plotting needs matplotlib


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the examples speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "none")
    (tmp_path / "configs").mkdir()
    long = "iterations: {low: 500, high: 2000}"
    config = (ROOT / "configs" / "digits.yaml").read_text()
    assert long in config
    short = config.replace(long, "iterations: {low: 50, high: 200}")
    (tmp_path / "configs" / "digits.yaml").write_text(short)
    rng = np.random.default_rng(0)
    months = rng.integers(1, 60, 200)
    left = np.where(months + rng.normal(0, 10, 200) < 20, "yes", "no")
    plan = rng.choice(["basic", "plus"], 200)
    frame = pd.DataFrame({"months": months, "plan": plan, "left": left})
    frame.to_csv(tmp_path / "churn.csv", index=False)
    return tmp_path


def test_every_example_in_python_runs(workplace: Path) -> None:
    names: dict[str, object] = {}
    for block in BLOCKS:
        for long, short in SHORTENED.items():
            block = block.replace(long, short)
        exec(compile(block, "README.md", "exec"), names)
    customers = names["customers"]
    assert isinstance(customers, pd.DataFrame)
    assert customers["risk"].between(0, 1).all()
    assert {"search", "study", "trial", "network"} <= names.keys()
