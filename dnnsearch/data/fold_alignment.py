"""Preparations of folds with the same inputs, so that their arrays stack."""

from collections.abc import Sequence
from dataclasses import replace

from dnnsearch.data.preprocessing import Preparation


def aligned(fitted: Sequence[Preparation]) -> list[Preparation]:
    """Return the preparations of the folds with the same inputs, so that their arrays stack.

    A level keeps its own input if it has one in every fold; a column has a missing-indicator if it
    has gaps in any fold.
    """
    first = fitted[0]
    levels = {
        name: tuple(v for v in kept if all(v in one.levels[name] for one in fitted))
        for name, kept in first.levels.items()
    }
    rare = {
        n for one in fitted for n in first.levels if n in one.rare or one.levels[n] != levels[n]
    }
    gaps = {name for one in fitted for name in one.gaps}
    return [
        replace(
            one,
            levels=levels,
            rare=tuple(name for name in levels if name in rare),
            gaps=tuple(name for name in first.numeric if name in gaps),
        )
        for one in fitted
    ]
