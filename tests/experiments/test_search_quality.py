"""After how many trials a search is as good as a random one, and one real run."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import search_quality as experiment
from experiments import tables_report


def row(method: str, values: list[float | None], table: str = "t") -> dict[str, object]:
    return {"table": table, "kind": "numbers", "split": 0, "method": method, "values": values}


def test_the_first_trial_that_is_as_good_as_all_of_a_random_search_counts() -> None:
    random = row(experiment.RANDOM, [0.1, None, 0.5, 0.4])
    needed = [[0.5], [0.2, None, 0.6], [0.2, 0.49]]
    found = [experiment.trials_needed(row("TPE alone", values), random) for values in needed]
    assert found == [1, 3, experiment.LIMIT + 1]


def test_the_report_has_medians_of_the_searches_with_a_random_one_beside() -> None:
    searches = [
        *(row(experiment.RANDOM, [0.3], str(i)) for i in range(3)),
        *(row(experiment.DRAFTED, [0.0] * i + [0.3], str(i)) for i in range(3)),
        row(experiment.DRAFTED, [0.3], "without a random search"),
    ]
    table = experiment.paragraphs(searches)[0].splitlines()
    assert table[2].split("|")[3:5] == ["        3 ", "             2 "]


def test_searches_of_a_table_are_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.random.default_rng(0).normal(size=(120, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "price": x[:, 0] - x[:, 1] ** 2})
    for kind in ("classification", "regression"):
        (tmp_path / kind).mkdir()
    frame.to_csv(tmp_path / "regression" / "price.csv", index=False)
    monkeypatch.setattr(experiment, "RANDOM_TRIALS", 3)  # 100 and 40 take a minute
    monkeypatch.setattr(experiment, "LIMIT", 2)
    out = tmp_path / "out.jsonl"
    command = ["--data", str(tmp_path), "--seeds", "1", "--workers", "1", "--out", str(out)]
    experiment.main(command)
    known = tables_report.read(out)
    assert [len(known["price", 0, how]["values"]) for how in ("random", "as drafted")] == [3, 2]
    capsys.readouterr()
    experiment.main(command)
    assert capsys.readouterr().out == ""
