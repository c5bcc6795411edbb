"""What `show STUDY/NUMBER` prints of trials that ended in several ways."""

import re
from dataclasses import replace

from dnnsearch.reporting.one_trial import one_trial
from dnnsearch.reporting.terminal import with_ties
from dnnsearch.study.stored_study import OpenStudy
from tests.reporting.conftest import Searched

EARLY = """
data: moons
checkpoint: best
patience: 2
curve_every: 1
metrics: [dev_roc_auc]
replicates: 2
"""


def text_of(study: OpenStudy, number: int) -> str:
    board = with_ties(study)
    return "\n".join(one_trial(study, board, board.row(number)))


def test_the_kept_point_is_named_with_the_updates_that_were_made(searched: Searched) -> None:
    study = searched(EARLY)
    number = with_ties(study).best.number
    record, text = study.record(number), text_of(study, number)
    kept = f"its best point, after {record.kept} of {record.iterations} updates"
    assert re.search(rf"^  kept +{kept}$", text, re.MULTILINE)
    assert f"metrics after {record.kept} update" in text
    assert re.search(rf"^  dev_roc_auc +{record.means['dev_roc_auc']:.6g}$", text, re.MULTILINE)
    assert "of its 2 networks" in text
    assert text.splitlines()[0].startswith(f"trial small/{number}: finished, best")
    assert max(map(len, text.splitlines())) <= 80


def test_a_training_that_patience_ends_says_so(searched: Searched) -> None:
    study = searched(EARLY.replace("patience: 2", "patience: 1"))
    records = [study.record(number) for number in range(2)]
    ended = next(one for one in records if one.iterations < one.spec.updates)
    said = f"stopped by its patience after {ended.iterations} of 8 updates"
    assert re.search(rf"^  ended +{said}$", text_of(study, ended.spec.number), re.MULTILINE)


def test_the_champion_is_named_and_a_lost_record_leaves_the_rest(searched: Searched) -> None:
    study = searched("data: moons\n")
    board = with_ties(study)
    study.path(board.best.number).unlink()
    lines = [*one_trial(study, replace(board, champion=board.best.number), board.best)]
    assert lines[0].endswith("finished, best, champion")
    assert "metrics:" in lines
    assert not any(line.startswith("  cost") for line in lines)
    assert "hyperparameters, searched:" in lines


def test_a_regression_has_no_accuracy_with_and_without_a_record(searched: Searched) -> None:
    study = searched("data: {bundled: diabetes, target: target}\nobjective: dev_r2\n")
    number = with_ties(study).best.number
    text = text_of(study, number)
    assert "dev_r2" in text and "train_cost" in text
    assert "accuracy" not in text and "not finite" not in text
    study.path(number).unlink()
    text = text_of(study, number)
    assert "train_cost" in text and "accuracy" not in text
