"""From trial 0 to the champion one change at a time, and the champion without each change.

All configurations are trained with the same fresh seeds, so luck that they have in common is in no
difference. The search selected the champion on this dev set, so what the changes gain in all is a
little optimistic. Unlike the importances that a report fits to the trials, this is an experiment:
it says what a change did, not what goes along with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from dnnsearch.data.restored_arrays import open_restored
from dnnsearch.deployment.champion import Report, find_champion
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.promotion.ablation.changes import Change, along, changes
from dnnsearch.promotion.candidates import (
    ABLATE,
    START,
    TrainingMeter,
    hyperparameters_of,
)
from dnnsearch.promotion.evaluation_scores import on_dev
from dnnsearch.promotion.fresh_training import (
    announced,
    fresh_training,
    paired_rounds,
    records_of,
    train_paired,
)
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import Record

COMMAND = "why"  # the folder of the records


@dataclass(frozen=True)
class Difference:
    """How much better one configuration is than another; above 0 it is better."""

    value: float
    interval: Interval  # 95 %

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return 0.0 not in self.interval


@dataclass(frozen=True)
class Route:
    """The way from trial 0 to the configuration that the study ends with."""

    end: int  # trial
    is_champion: bool  # or the best trial, before a promotion
    steps: list[Change]
    path: list[Hyperparameters]  # one more than there are steps
    without: list[Hyperparameters]  # the end without each change

    @property
    def configurations(self) -> list[Hyperparameters]:
        """Each configuration once: the path, then the others."""
        return list(dict.fromkeys([*self.path, *self.without]))

    @property
    def names(self) -> list[str]:
        """What each configuration is, in their order, for people who watch the training."""
        count, named = len(self.steps), {self.path[-1]: f"trial {self.end}"}
        for change, hyper in zip(self.steps, self.without, strict=True):
            named.setdefault(hyper, f"trial {self.end} without its {', '.join(change.names)}")
        for made, hyper in enumerate(self.path):
            named.setdefault(
                hyper, f"trial 0 with {made} of {count} changes" if made else "trial 0"
            )
        return [named[hyper] for hyper in self.configurations]


@dataclass(frozen=True)
class Ablation:
    """The configurations of a route, measured; one that diverged has no scores."""

    study: str
    objective: str
    folds: int | None
    route: Route
    scores: Mapping[Hyperparameters, ScoreSample]

    @property
    def whole(self) -> Difference | None:
        """What all changes gained together."""
        return self._difference(self.route.path[-1], self.route.path[0])

    @property
    def steps(self) -> list[Difference | None]:
        """What each change gained when it was made."""
        path = self.route.path
        return [self._difference(b, a) for a, b in pairwise(path)]

    @property
    def losses(self) -> list[Difference | None]:
        """How much better the end is without each change; below 0 the change is needed."""
        end = self.route.path[-1]
        return [self._difference(one, end) for one in self.route.without]

    def value(self, configuration: Hyperparameters) -> float | None:
        """Return the mean score; None if the networks diverged."""
        found = self.scores.get(configuration)
        return None if found is None else found.mean

    @property
    def replicates(self) -> int:
        """The number of fresh seeds; with folds, of cross-validations."""
        return max((one.replicates for one in self.scores.values()), default=0)

    def _difference(self, one: Hyperparameters, other: Hyperparameters) -> Difference | None:
        if one not in self.scores or other not in self.scores:
            return None
        both = [self.scores[one], self.scores[other]]
        pair = Comparison(both, METRICS[self.objective].direction.maximize, paired=True)
        return Difference(float(pair.means[0] - pair.means[1]), pair.difference(0, 1))


def find_route(study: OpenStudy, report: Report) -> Route:
    """Return the way from trial 0 to the champion, or to the best trial if there is none.

    Raise UserError if the study has no finished trial.
    """
    best = leaderboard(study).best.number
    champion = _champion_trial(study, report)
    end = best if champion is None else champion
    first, last = (hyperparameters_of(study, trial) for trial in (START, end))
    steps = changes(first, last)
    without = [change.undone(last) for change in steps]
    return Route(end, champion is not None, steps, along(first, steps), without)


def _champion_trial(study: OpenStudy, report: Report) -> int | None:
    try:
        found = find_champion(study, report)
    except DamagedFile:
        raise
    except UserError as error:
        report(f"{error}; going on with the best trial")
        return None
    return None if found is None else int(found.model.provenance["trial"])


def ablate(
    study: OpenStudy,
    replicates: int | None,
    workers: int | None,
    report: Report,
    accept_code: bool = False,
    show: Callable[[float, int], object] = lambda done, total: None,
) -> Ablation:
    """Train the configurations of the study's route with fresh seeds; call with pinned numerics.

    `show` is called with the number of trainings that are done and of all. Raise UserError if the
    study has no finished trial, and as `promote`.
    """
    route = find_route(study, report)
    if not route.steps:
        return Ablation(study.name, study.config.objective, study.config.folds, route, {})
    with fresh_training(study, COMMAND, workers, report, accept_code) as trainer:
        definition = trainer.definition
        trainings = len(route.configurations) * paired_rounds(definition, replicates)
        report(announced(trainings, len(route.configurations)))
        meter = TrainingMeter(trainings, show)
        trainer = replace(trainer, meter=meter, names=route.names)
        records = train_paired(trainer, route.configurations, replicates, ABLATE)
    arrays = open_restored(definition.config, trainer.store, definition.prepared.key)
    return _ablation(study, route, records, arrays)


def _ablation(
    study: OpenStudy,
    route: Route,
    records: Sequence[Sequence[Record]],
    arrays: Mapping[str, np.ndarray],
) -> Ablation:
    scores = {
        hyper: on_dev(of_one, arrays)
        for hyper, of_one in zip(route.configurations, records, strict=True)
        if all(record.end == "finished" for record in of_one)
    }
    return Ablation(study.name, study.config.objective, study.config.folds, route, scores)


def stored_ablation(
    study: OpenStudy, arrays: Mapping[str, np.ndarray], report: Report
) -> Ablation | None:
    """Return what `why` has trained of the study's present route; None if it lacks a record.

    Nothing is trained. `arrays` are the prepared train and dev.
    """
    known = records_of(study, COMMAND)
    if not known.paths():
        return None
    route = find_route(study, report)
    every = [known.every(number) for number in range(len(route.configurations))]
    found = []
    for hyper, records in zip(route.configurations, every):
        present = study.definition["arrays"]
        same = [r for r in records if (r.spec.hyperparameters, r.spec.arrays) == (hyper, present)]
        most = max((record.spec.replicates for record in same), default=0)
        chosen = [record for record in same if record.spec.replicates == most]
        found.append(sorted(chosen, key=lambda record: record.spec.seed))
    seeds = {tuple((r.spec.seed, r.spec.replicates) for r in records) for records in found}
    if not route.steps or len(seeds) != 1 or not all(found):
        return None
    return _ablation(study, route, found, arrays)
