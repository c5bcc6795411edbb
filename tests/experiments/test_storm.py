"""The experiment that kills a search, with ten kills."""

import random
from collections import Counter
from pathlib import Path

import pytest

from experiments import kills, storm


@pytest.mark.proof
def test_ten_kills_leave_no_trace(tmp_path: Path) -> None:
    out = tmp_path / "storm.md"
    done = storm.main(["--tiny", "--kills", "10", "--out", str(out)])
    assert sum(one.kills.total() for one in done) == 10
    assert [one.problems for one in done] == [[]] * len(done)
    ends = done[0].reference.ends
    assert ends["failed"] == 2
    assert ends["diverged"] > 0
    assert 3 * ends["pruned"] >= ends.total()
    assert "10 kills" in out.read_text()


def test_no_trial_loses_so_many_workers_that_it_would_fail() -> None:
    rng = random.Random(0)
    plans = [kills.planned(rng, 10) for _ in range(300)]
    assert all(plan.count("KILL child") <= 3 for plan in plans)
    assert {plan[-1] for plan in plans} == set(kills.ENDING)
    assert {name for plan in plans for name in plan} == set(kills.KINDS)
    assert all(len(kills.planned(rng, 2)) <= 2 for _ in range(100))


def test_a_storm_that_changed_the_study_is_reported() -> None:
    reference = storm.Reference({"pruner": "median", "sampler": "tpe", "seed": 0}, "", Counter())
    well = storm.Storm(0, reference, Counter({"KILL child": 2}), 1)
    badly = storm.Storm(1, reference, Counter(HUP=1), 2, ["trial 3 has 2 runs in MLflow"])
    assert storm.row(badly)[-1] == "trial 3 has 2 runs in MLflow"
    assert "1 storms ended as without kills, 1 did not" in storm.conclusion([well, badly])
