"""A session in which a study's configurations are trained with fresh seeds, outside of a promotion.

The records lie in a folder of their own next to the study's, so what was killed resumes from them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dnnsearch.deployment.champion import Report
from dnnsearch.promotion.candidates import Trainer, fresh, rounds
from dnnsearch.promotion.promotion import check_rows, resolved_study
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.computing_code import check_code
from dnnsearch.study.definition import Definition
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.worker_factory import local_workers
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.record import Record
from dnnsearch.trials.record_store import Records
from dnnsearch.validators import counted

NETWORKS = 16  # per configuration, unless the user says how many
MIN_ROUNDS = 2  # cross-validations, whose spread is that of the seeds


@contextmanager
def fresh_training(
    study: OpenStudy, command: str, workers: int | None, report: Report, accept_code: bool
) -> Iterator[Trainer]:
    """Lock the study, start workers, and yield a trainer whose records lie in `command`'s folder.

    Raise UserError if another process works on the study, if its data or rows have changed, or if
    other code computed it (unless that is accepted).
    """
    store = ArrayStore(default_root())
    definition = resolved_study(study, store)
    numerics.check(definition.numerics)
    with study_lock(study.rows.storage.url, study.name, command):
        check_code(study.rows, accept_code)
        check_rows(study)
        with local_workers(definition, workers or study.config.processes, store.root) as pool:
            yield Trainer(study, definition, records_of(study, command), pool, store, report)


def records_of(study: OpenStudy, command: str) -> Records:
    """Return the store of what a command has trained of a study."""
    return Records(Path(study.records.folder), command, maker=command)


def paired_rounds(definition: Definition, replicates: int | None) -> int:
    """Return how often each configuration is trained; with folds, a round is a cross-validation.

    With folds, `replicates` networks are rounded up to whole cross-validations, at least 2; None is
    the default, which is as in a promotion.
    """
    if replicates is None or not definition.config.folds:
        return rounds(definition, replicates or NETWORKS)
    return max(MIN_ROUNDS, -(-replicates // definition.config.folds))


def announced(trainings: int, configurations: int) -> str:
    """Return how much is to be trained, in words; what an earlier run has trained is in it."""
    of = counted(configurations, "configuration")
    return f"training {of} with fresh seeds, {counted(trainings, 'training')} in all"


def train_paired(
    trainer: Trainer,
    configurations: Sequence[Hyperparameters],
    replicates: int | None,
    purpose: int,
    seed: int | None = None,
) -> list[list[Record]]:
    """Train each configuration with the same fresh seeds; return its records, one per round.

    `seed` is drawn from by default the study's. The number of a record is the place of its
    configuration. Raise UserError if a training fails.
    """
    networks = replicates or NETWORKS
    found: list[list[Record]] = [[] for _ in configurations]
    for i in range(paired_rounds(trainer.definition, replicates)):
        specs = [
            fresh(trainer.definition, n, hyper, networks, purpose, i, streams=0, seed=seed)
            for n, hyper in enumerate(configurations)
        ]
        for of_one, record in zip(found, trainer.train(specs), strict=True):
            of_one.append(record)
    return found
