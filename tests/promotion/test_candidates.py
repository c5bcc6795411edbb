"""Covers how a promotion counts its trainings."""

from dnnsearch.promotion.candidates import TrainingMeter


def test_a_training_that_was_not_planned_raises_the_total_before_it_begins() -> None:
    shown: list[tuple[float, int]] = []
    meter = TrainingMeter(2, lambda done, total: shown.append((done, total)))
    meter.expect(2)
    meter.end(0)
    meter.end(1)
    meter.expect(1)  # as of a mixture's second member
    meter.part(1, 0.5)
    meter.end(1)
    assert shown == [(0, 2), (1, 2), (2, 2), (2.5, 3), (3, 3)]
