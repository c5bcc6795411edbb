"""What columns do, compared with the same done on the raw rows by the trial's own predictions."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.api.results import Study
from dnnsearch.errors import UserError
from dnnsearch.reporting.analysis import column_importance, dev_networks, explanation
from dnnsearch.reporting.analysis.champion_trial import (
    ShownNetworks,
    most_confidently_wrong,
    networks_to_show,
)
from dnnsearch.reporting.analysis.explanation import Explanation, explain
from dnnsearch.reporting.analysis.report_data import read_lazily
from dnnsearch.reporting.analysis.row_numbers import dev_row_numbers
from dnnsearch.reporting.explanation_text import document, effect_of, importance_of, lines
from dnnsearch.reporting.write_report import _columns
from dnnsearch.study.stored_study import OpenStudy, open_study
from tests.support.preloaded import Preloaded

pytestmark = pytest.mark.usefixtures("forked_pinned_calls")
CONFIG = """
data: {file: people.csv, target: left, columns: {joined: date}, reading: 2}
trials: 2
learning_rate: 0.3
iterations: 300
hidden_layers: 1
units: [6, 8]
activation: tanh
momentum: 0.9
batch_size: 32
tracking: none
"""


def people(m: int = 400) -> pd.DataFrame:
    """Rows in which `months` and `plan` decide, `joined` and `noise` do not."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"months": rng.integers(0, 60, m) * 1.0})
    frame["plan"] = rng.choice(["basic", "plus", "pro"], m)
    days = pd.to_timedelta(rng.integers(0, 900, m), unit="D")
    frame["joined"] = (pd.Timestamp("2020-01-01") + days).strftime("%Y-%m-%d")
    frame["noise"] = rng.normal(size=m)
    score = 2 - frame["months"] / 15 + 2.5 * (frame["plan"] == "pro") + rng.normal(size=m) / 2
    frame["left"] = np.where(score > 0, "yes", "no")
    frame.loc[frame.index[::10], "months"] = np.nan
    frame.loc[frame.index[::11], "left"] = np.nan  # rows that no part has
    return frame


@pytest.fixture(scope="module")
def folder(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the studies `people`, `folded` and, with input pieces, `pieces`."""
    folder = tmp_path_factory.mktemp("people")
    people().to_csv(folder / "people.csv", index=False)
    (folder / "people.yaml").write_text(CONFIG)
    (folder / "folded.yaml").write_text(CONFIG + "folds: 3\nobjective: dev_roc_auc\n")
    (folder / "pieces.yaml").write_text(CONFIG + "numbers: quantile\ncodes: 4\nembedding: 3\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
        for name in ("people", "folded", "pieces"):
            program.run(folder, "search", f"{name}.yaml", "--workers=1")
    return folder


@pytest.fixture
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], OpenStudy]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    return lambda name: open_study(name, "sqlite:///optuna.db")


def explained(study: OpenStudy) -> Explanation:
    shown = networks_to_show(read_lazily(study), study, lambda text: None)
    return explain(study, shown, lambda text: None)


def shuffled_accuracy(study: OpenStudy, column: str, number: int) -> list[float]:
    """The accuracy on the raw dev rows with the column shuffled, for each shuffle."""
    frame, rows = people(), dev_row_numbers(study)
    assert rows is not None
    dev = frame.iloc[rows - 1].reset_index(drop=True)
    found = []
    for shuffle in range(column_importance.SHUFFLES):
        sequence = np.random.SeedSequence(dev_networks.SEED, spawn_key=(number, shuffle))
        order = np.random.default_rng(sequence).permutation(len(dev))
        mixed = dev.assign(**{column: dev[column].to_numpy()[order]})
        answers = Study(study).best.predict(mixed)
        found.append(float((answers == dev["left"]).mean()))
    return found


@pytest.mark.parametrize("name", ["people", "pieces"])
def test_shuffled_inputs_are_those_of_the_shuffled_column_of_the_file(
    opened: Callable[[str], OpenStudy], name: str
) -> None:
    study = opened(name)
    found = explained(study)
    by_name = {one.name: one for one in found.importance}
    assert list(by_name)[:2] == ["months", "plan"]
    for number, column in enumerate(["months", "plan", "joined", "noise"]):
        expected = found.value - np.mean(shuffled_accuracy(study, column, number))
        assert by_name[column].worse_by == pytest.approx(expected, abs=1e-12), column
    assert by_name["plan"].is_clear
    assert not by_name["noise"].is_clear
    assert 0 in by_name["noise"].interval


@pytest.mark.parametrize("name", ["people", "pieces"])
@pytest.mark.filterwarnings("ignore:'months' is missing")
def test_an_effect_is_the_mean_prediction_of_rows_that_all_have_the_value(
    opened: Callable[[str], OpenStudy], name: str
) -> None:
    study = opened(name)
    rows = dev_row_numbers(study)
    assert rows is not None
    dev, best = people().iloc[rows - 1], Study(study).best
    effects = {one.column: one for one in explained(study).effects}
    for column in ("months", "plan"):
        effect = effects[column]
        (outcome,) = effect.outcomes
        assert outcome.name == "yes"
        assert outcome.intervals is None, "one network has no spread"
        for value, mean in zip(effect.values, outcome.means, strict=True):
            same = dev.assign(**{column: np.nan if value is None else value})
            assert mean == pytest.approx(best.predict_proba(same)[:, 1].mean(), abs=2e-6)
    assert effects["months"].values[-1] is None, "some months are missing"
    assert sorted(effects["plan"].values) == ["basic", "plus", "pro"]
    levels = (
        f"The blocks of categories, from left to right: plan: {', '.join(effects['plan'].values)}"
    )
    assert any(line.startswith(levels) for line in lines(explained(study)))


def test_the_numbers_are_the_same_at_every_call_and_survive_the_document(
    opened: Callable[[str], OpenStudy],
) -> None:
    first, again = (explained(opened("people")) for _ in range(2))
    assert document(first) == document(again)
    assert importance_of(document(first)) == first.importance
    assert [effect_of(one) for one in document(first)["effects"]] == first.effects


def test_with_folds_each_network_is_asked_about_the_rows_of_its_own_fold(
    opened: Callable[[str], OpenStudy],
) -> None:
    found = explained(opened("folded"))
    assert found.objective == "dev_roc_auc"
    assert found.networks == 3
    assert found.rows == found.all_rows
    board = Study(opened("folded")).leaderboard
    assert found.value == pytest.approx(board.best.value, abs=1e-6)
    assert [one.name for one in found.importance][:2] == ["months", "plan"]
    assert found.importance[0].is_clear
    assert found.effects[0].outcomes[0].intervals is not None


def test_large_data_are_sampled_and_it_says_so(
    opened: Callable[[str], OpenStudy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "MAX_ROWS", 40)
    monkeypatch.setattr(explanation, "MIN_ROWS", 40)
    monkeypatch.setattr(column_importance, "MAX_COLUMNS", 2)
    found = explained(opened("people"))
    assert sorted(one.name for one in found.importance) == ["months", "plan"]
    text = " ".join(lines(found, 70))
    assert f"40 of {found.all_rows} dev rows" in text
    assert "Of 4 columns, the 2 that move the outputs most at a glance are measured." in text
    assert max(map(len, lines(found, 70))) <= 70


def test_the_worst_errors_are_named_by_the_row_of_the_file(
    opened: Callable[[str], OpenStudy],
) -> None:
    study = opened("people")
    best = Study(study).best
    wrong = most_confidently_wrong(read_lazily(study), study, [best.record])
    assert wrong
    frame = people()
    for one in wrong:
        row, file = one.place.removeprefix("row ").split(" of ")
        assert file == "people.csv"
        there = frame.iloc[[int(row) - 1]]
        assert there["left"].item() == one.label
        assert best.predict(there).tolist() == [one.prediction]


def test_without_the_file_errors_are_named_by_the_row_of_dev_and_columns_by_a_line(
    opened: Callable[[str], OpenStudy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(Path(), tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "copy" / "cache"))
    study = open_study("people", "sqlite:///optuna.db")
    data = read_lazily(study)
    shown = networks_to_show(data, study, lambda text: None)
    frame = people()
    frame.loc[2, "noise"] += 1
    frame.to_csv("people.csv", index=False)
    assert dev_row_numbers(study) is None, "another file"
    Path("people.csv").unlink()
    assert dev_row_numbers(study) is None
    wrong = most_confidently_wrong(data, study, shown.records)
    assert all(one.place.endswith(" of dev") for one in wrong)
    assert "worse by" in _columns(study, shown, lambda text: None), "the cache has the rows"
    shutil.rmtree("cache")
    assert "This could not be measured: " in _columns(study, shown, lambda text: None)
    with pytest.raises(UserError, match=r"people\.csv"):
        explained(study)


def test_a_report_does_not_train_networks_that_are_too_large_for_their_record(
    opened: Callable[[str], OpenStudy],
) -> None:
    study = opened("people")
    expected = explained(study)
    record = Study(study).best.record
    del record.arrays["parameters"]
    shown = ShownNetworks("The best trial", "", [record])
    section = _columns(study, shown, lambda text: None)
    assert "dnnsearch explain people trains them again" in section
    assert "`" not in section
    again = explain(study, shown, lambda text: None)
    assert again.importance == expected.importance
