"""The best of several studies, trained with common fresh seeds and compared on the same dev rows.

The best trials of two studies are two lucky ones. With fresh seeds, and paired row by row, their
configurations are compared as in a promotion. Each study selected its own on these rows, so scores
are optimistic; differences less so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dnnsearch.data.restored_arrays import open_restored
from dnnsearch.deployment.champion import Report
from dnnsearch.errors import UserError
from dnnsearch.models.targets import target_of
from dnnsearch.promotion.candidates import (
    COMPARE,
    Candidate,
    TrainingMeter,
    candidates,
    hyperparameters_of,
)
from dnnsearch.promotion.evaluation_scores import on_dev
from dnnsearch.promotion.fresh_training import (
    announced,
    fresh_training,
    paired_rounds,
    train_paired,
)
from dnnsearch.promotion.promotion import resolved_study
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.definition import Definition, differences
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.metrics import METRICS
from dnnsearch.validators import cut, short_digests, shortened

COMMAND = "compare"  # the folder of the records
COMMON_SEED = 0  # of which all fresh seeds are drawn, whatever the studies' own seeds are
SAME_ROWS = ("data", "split", "folds")  # keys of a definition from which the dev rows follow


@dataclass(frozen=True)
class Entrant:
    """A configuration of one of the studies, measured with fresh seeds."""

    study: str
    candidate: Candidate
    sample: ScoreSample


@dataclass(frozen=True)
class StudyComparison:
    """All entrants, measured by one objective; those that diverged are not among them."""

    objective: str
    own_objectives: Mapping[str, str]  # of the searches, by study
    folds: int | None
    entrants: list[Entrant]
    diverged: list[tuple[str, int]]  # study and trial
    absent: Mapping[str, tuple[int, int]]  # champions that do not take part: trial, and its rank

    @cached_property
    def comparison(self) -> Comparison:
        """The comparison of each entrant with the best of all."""
        samples = [one.sample for one in self.entrants]
        maximize = METRICS[self.objective].direction.maximize
        return Comparison(samples, maximize, paired=True)

    def best_of(self, study: str) -> int:
        """Return the index of the study's best entrant."""
        own = [k for k, one in enumerate(self.entrants) if one.study == study]
        return max(own, key=lambda k: float(self.comparison.means[k]))

    @property
    def ranked(self) -> list[str]:
        """The studies, that with the best entrant first."""
        means = self.comparison.means
        return sorted(self.own_objectives, key=lambda name: -float(means[self.best_of(name)]))

    def difference(self, study: str, other: str) -> tuple[float, Interval]:
        """Return how much better the best of one study is than that of another, with 95 %."""
        a, b = self.best_of(study), self.best_of(other)
        means = self.comparison.means
        return float(means[a] - means[b]), self.comparison.difference(a, b)


def compare(
    studies: Sequence[OpenStudy],
    top: int,
    replicates: int | None,
    workers: int | None,
    report: Report,
    accept_code: bool = False,
    show: Callable[[float, int], object] = lambda done, total: None,
) -> StudyComparison:
    """Compare the best `top` configurations of two or more studies; call it with pinned numerics.

    The objective of the first study is the measure. `show` is called with the number of trainings
    that are done and of all. Raise UserError if the dev rows differ, if all configurations of a
    study diverge, and as `promote`.
    """
    store = ArrayStore(default_root())
    definitions = [resolved_study(study, store) for study in studies]
    check_same_rows(studies, definitions, store)
    chosen = [candidates(*pair, top) for pair in zip(studies, definitions, strict=True)]
    each = zip(chosen, definitions, strict=True)
    trainings = sum(len(own) * paired_rounds(d, replicates) for own, d in each)
    report(announced(trainings, sum(map(len, chosen))))
    meter = TrainingMeter(trainings, show)
    objective = studies[0].config.objective
    entrants: list[Entrant] = []
    diverged: list[tuple[str, int]] = []
    for study, own in zip(studies, chosen, strict=True):
        with fresh_training(study, COMMAND, workers, report, accept_code) as trainer:
            configurations = [one.hyperparameters for one in own]
            names = [f"{study.name}/{one.trial}" for one in own]
            trainer = replace(trainer, meter=meter, names=names)
            records = train_paired(trainer, configurations, replicates, COMPARE, COMMON_SEED)
        arrays = open_restored(study.config, store, trainer.definition.prepared.key)
        for one, of_one in zip(own, records, strict=True):
            if all(record.end == "finished" for record in of_one):
                entrants.append(Entrant(study.name, one, on_dev(of_one, arrays, objective)))
            else:
                diverged.append((study.name, one.trial))
    for study in studies:
        if all(one.study != study.name for one in entrants):
            raise UserError(f"study {study.name}: all of its best configurations diverged")
    own_objectives = {study.name: study.config.objective for study in studies}
    absent = {one.name: found for one, own in zip(studies, chosen) if (found := _absent(one, own))}
    folds = studies[0].config.folds
    return StudyComparison(objective, own_objectives, folds, entrants, diverged, absent)


def _absent(study: OpenStudy, chosen: Sequence[Candidate]) -> tuple[int, int] | None:
    """Return the champion's trial and its rank in the search, if it is not among the chosen."""
    board = leaderboard(study)
    if board.champion is None:
        return None
    if hyperparameters_of(study, board.champion) in [one.hyperparameters for one in chosen]:
        return None
    ranks = (rank for rank, row in enumerate(board.ranked, 1) if row.number == board.champion)
    return board.champion, next(ranks, 0)


def check_same_rows(
    studies: Sequence[OpenStudy], definitions: Sequence[Definition], store: ArrayStore
) -> None:
    """Raise UserError, with what can be compared, unless all studies have the same dev rows.

    They have if the same places of the table are dev and have the same targets: a study that
    ignores a column is comparable with one that uses it.
    """
    first, *others = (_rows(definition, store) for definition in definitions)
    for study, rows in zip(studies[1:], others, strict=True):
        is_same = rows[0] == first[0] and np.array_equal(rows[1], first[1])
        if not is_same:
            a, b = studies[0], study
            was, now = ({key: s.definition.get(key) for key in SAME_ROWS} for s in (a, b))
            found = differences(was, now) or ["the file has other rows"]
            short = [cut(short_digests(one)) for one in found]
            raise UserError(
                f"studies {a.name} and {b.name} have other dev rows: {shortened(short, 1)}; "
                "compare needs equal data, split and folds; of these two: "
                f"{program_name()} show {a.name} {b.name}"
            )


def _rows(definition: Definition, store: ArrayStore) -> tuple[object, np.ndarray]:
    """Return what identifies the places of the rows and the classes, and dev's targets."""
    prepared = definition.prepared
    arrays = open_restored(definition.config, store, prepared.key)
    mean, scale = target_of(arrays)
    targets = np.asarray(arrays["y_dev"], np.float64) * scale + mean
    return (prepared.split_digest, prepared.classes), targets.astype(np.float32)
