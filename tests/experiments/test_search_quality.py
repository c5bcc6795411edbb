"""After how many trials a search is as good as a random one, and one real run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import search_quality as experiment
from experiments import tables_report


def row(
    method: str,
    values: Sequence[float | None],
    tests: Sequence[float | None] | None = None,
    **more: object,
) -> dict[str, object]:
    found = {"table": "t", "kind": "numbers", "split": 0, "method": method, "values": values}
    tests = [None if one is None else 1 - one for one in values] if tests is None else tests
    return {**found, "tests": tests, **more}


@pytest.mark.parametrize("judge", experiment.JUDGES)
def test_the_first_trial_that_is_as_good_as_all_of_a_random_search_counts(judge: str) -> None:
    random = row(experiment.RANDOM, [0.1, None, 0.5, 0.4])
    needed: list[list[float | None]] = [[0.5], [0.2, None, 0.6], [0.2, 0.49]]
    found = [experiment.trials_needed(row("TPE alone", one), random, judge) for one in needed]
    assert found == [1, 3, experiment.LIMIT + 1]


def test_test_rows_judge_the_best_by_dev_and_not_the_best_on_test() -> None:
    random = row(experiment.RANDOM, [0.9, 0.1], tests=[3.0, 1.0])
    search = row(experiment.DRAFTED, [0.2, 0.8, 0.7], tests=[4.0, 3.0, 1.0])
    assert experiment.losses_by_test(random) == [3, 3]
    assert experiment.losses_by_test(search) == [4, 3, 3]
    assert experiment.trials_needed(search, random, "test") == 2
    assert experiment.trials_needed(search, random, "dev") == experiment.LIMIT + 1


def test_a_loss_on_dev_is_the_log_loss_or_that_of_the_share_that_is_not_explained() -> None:
    assert experiment.losses_by_dev(row("a", [None, 0.75])) == [np.inf, 0.5]
    assert experiment.losses_by_dev(row("a", [-0.7, -0.3], kind="classes")) == [0.7, 0.3]


def test_the_report_has_medians_of_the_searches_with_a_random_one_beside() -> None:
    searches = [
        *(row(experiment.RANDOM, [0.3], table=str(i)) for i in range(3)),
        *(row(experiment.DRAFTED, [0.0] * i + [0.3] * (40 - i), table=str(i)) for i in range(3)),
        row(experiment.DRAFTED, [0.3], table="without a random search"),
    ]
    _, needed, aim, _, far = experiment.paragraphs(searches)
    (line,) = (line for line in needed.splitlines() if " test " in line)
    assert [cell.strip() for cell in line.split("|")][4:6] == ["3", "2"]
    assert "15 trials" in aim
    (line,) = (line for line in far.splitlines() if " test " in line)
    assert "1.000 (1.000 to 1.000)" in line


@pytest.mark.proof
@pytest.mark.usefixtures("forked_calls")
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
    assert all(0 < one < 5 for one in known["price", 0, experiment.WHOLE]["tests"])
    capsys.readouterr()
    experiment.main(command)
    assert capsys.readouterr().out == ""
