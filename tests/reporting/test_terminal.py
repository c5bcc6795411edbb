"""What `show` prints: ties in a leaderboard, and several studies compared."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnnsearch.reporting.analysis import ties
from dnnsearch.reporting.analysis.report_data import read, read_lazily
from dnnsearch.reporting.analysis.study_comparison import compared
from dnnsearch.reporting.terminal import comparison, side_by_side, with_ties
from tests.reporting.conftest import Searched
from tests.support import rigs
from tests.support.preloaded import Preloaded

SHOW_TWO_STUDIES = """
import sys
sys.argv = ["dnnsearch", "show", "small", "other"]
from dnnsearch.__main__ import main
code = main()
print("plotly" in sys.modules, code)
"""


@pytest.mark.parametrize("seed", range(3))
def test_ties_are_the_same_if_only_records_that_may_be_tied_are_read(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    study = rigs.rigged(rigs.clean(rng), rng, 40)
    lazily = read_lazily(study)
    found = ties.ties(lazily)
    assert 0 < len(lazily.trial_curves) < len(lazily.finished)
    monkeypatch.setattr(ties, "may_be_tied", lambda *_: True)
    assert found == ties.ties(read(study))
    board = with_ties(study)
    assert board.tied == frozenset(found)
    assert "by McNemar's test on the dev examples" in board.tie_meaning


def test_studies_are_compared_by_their_best_trials_and_their_data() -> None:
    rng = np.random.default_rng(3)
    studies = [rigs.rigged(rigs.clean(rng), rng, 20, name=name) for name in ("one", "two")]
    boards = [with_ties(study) for study in studies]
    lines = {line.split("  ")[0].strip(): line for line in side_by_side(boards)}
    assert lines["study"].split() == ["study", "one", "two"]
    assert lines["its trial"].split()[2:] == [str(board.best.number) for board in boards]
    assert f"{boards[1].best.value:.4f} ±" in lines["best value"]
    text = " ".join(comparison(studies, lambda at, of: None))
    assert "the same data and the same split" in text
    assert "the best of 20 trials against the best of 20" in text
    assert text.endswith("; this covers the dev examples of these two trials, not new seeds.")


def test_optional_hyperparameters_that_a_best_trial_has_are_shown_side_by_side() -> None:
    rng = np.random.default_rng(3)
    board = with_ties(rigs.rigged(rigs.clean(rng), rng, 5))
    best = replace(board.best, params={**board.best.params, "dropout": 0.2, "codes": 8})
    other = replace(board, study="other", rows=[best, *board.rows[1:]])
    lines = {line.split()[0]: line.split()[1:] for line in side_by_side([board, other])}
    assert (lines["dropout"], lines["codes"]) == (["0", "0.2"], ["none", "8"])
    assert "beta2" not in lines


def test_a_single_network_without_an_error_is_not_called_significantly_better() -> None:
    rng = np.random.default_rng(3)
    studies = [rigs.rigged(rigs.clean(rng), rng, 9, name=name) for name in ("one", "two")]
    a, b = (read(study) for study in studies)
    for data in (a, b):
        best = replace(data.board.best, error=None)
        data.board.rows[0] = best
    (sentence,) = (x for x in compared([replace(a, dev=None), replace(b, dev=None)]) if "luck" in x)
    assert "has a better value than" in sentence
    assert "one network's dev_accuracy has no error, so this may be luck." in sentence


def test_studies_that_do_not_fit_side_by_side_are_in_further_tables() -> None:
    rng = np.random.default_rng(5)
    board = with_ties(rigs.rigged(rigs.clean(rng), rng, 5))
    boards = [replace(board, study=name) for name in ("one", "two", "three")]
    lines = list(side_by_side(boards, 50))
    assert max(map(len, lines)) <= 50
    heads = [line.split()[1:] for line in lines if line.startswith("study")]
    assert len(heads) > 1
    assert [name for head in heads for name in head] == ["one", "two", "three"]


def test_a_study_without_a_finished_trial_has_an_empty_column() -> None:
    rng = np.random.default_rng(4)
    board = with_ties(rigs.rigged(rigs.clean(rng), rng, 5))
    empty = replace(board, study="empty", rows=[])
    assert next(iter(side_by_side([board, empty]))).split() == ["study", "rig", "empty"]


def test_the_command_that_compares_two_studies_does_not_load_plotly(
    searched: Searched, program: Preloaded, tmp_path: Path
) -> None:
    searched("data: moons\n")
    Path("other.yaml").write_text(Path("small.yaml").read_text())
    program.run(tmp_path, "search", "other.yaml")
    output = subprocess.run(
        [sys.executable, "-c", SHOW_TWO_STUDIES], capture_output=True, text=True, check=True
    ).stdout
    assert "They have the same data and the same split." in output
    assert output.splitlines()[-1] == "False 0"
