"""The simulation of workers on the virtual clock."""

import random

import pytest

from experiments.simulation import Simulation


@pytest.mark.parametrize("parallelism", [1, 2, 6])
def test_one_worker_never_waits(parallelism: int) -> None:
    chance = random.Random(0)
    costs = [chance.randint(1, 1000) for _ in range(50)]
    assert Simulation(costs, parallelism, workers=1).busy_share() == 1.0


def test_equal_trials_keep_all_workers_busy() -> None:
    assert Simulation([7] * 40, parallelism=4, workers=4).busy_share() == 1.0


def test_workers_beyond_the_parallelism_are_idle() -> None:
    assert Simulation([5] * 20, parallelism=1, workers=2).busy_share() == 0.5


def test_a_short_trial_waits_for_a_long_one_that_could_still_end_before_it() -> None:
    # 0 and 1 start at 0; 1 ends at 4, when 0 has also reached 4: 1 is told, 2 starts at 4 or 5
    share = Simulation([10, 4, 5], parallelism=2, workers=2).busy_share()
    assert share == pytest.approx(19 / 20)
