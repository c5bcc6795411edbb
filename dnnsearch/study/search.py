"""A search from beginning to end: storage, lock, data, workers, and the loop between them.

The same call begins a study, goes on with one that was interrupted, and extends one. Afterwards
nothing of it is left running, however it ended.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from optuna.storages import RDBStorage

from dnnsearch.config.config import Config
from dnnsearch.config.search_space import check_fits
from dnnsearch.data import model_inputs
from dnnsearch.data.prepare import Prepared, prepare
from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.storage.optuna_storage import Rows, create_study, open_storage, study_names
from dnnsearch.storage.postgresql_lock import LostLock
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.coordinator import Coordinator, Workers
from dnnsearch.study.definition import Definition, differences
from dnnsearch.study.ledger import Ledger
from dnnsearch.study.retries import append, given
from dnnsearch.study.stored_study import (
    CONFIG,
    DEFINITION,
    EXPERIMENT,
    IDENTITY,
    PROFILE,
    OpenStudy,
    without_secrets,
)
from dnnsearch.study.trial_views import study_info
from dnnsearch.tracking import UNTRACKED, AnyPublisher, check_uri, open_publisher
from dnnsearch.trials.record import fingerprint
from dnnsearch.trials.record_store import DIGEST_PREFIX, IN_MLFLOW, Records
from dnnsearch.trials.run import TrialView
from dnnsearch.trials.spec import OBJECTIVES
from dnnsearch.workers import LocalWorkers, Progressed

INTERRUPTED_SECONDS = 1.5  # to tell MLflow, when a person waits for us to end
PUBLISH_SECONDS = 600.0  # to publish what is left, while MLflow answers


@dataclass(frozen=True)
class Outcome:
    """A study as a search has left it."""

    study: OpenStudy
    trials: int  # in all, as asked for: more than there are where the time was up
    fingerprint: str  # of those that there are


class SearchObserver(Protocol):
    """Who watches a search: a person at a terminal, or nobody."""

    def expect(self, trials: int) -> None:
        """So many trials there will be in all: trials of failed ones again are added."""

    def trial(self, view: TrialView) -> None:
        """A trial has begun or ended; also for each one that had, when a search goes on."""

    def progress(self, event: Progressed) -> None:
        """A running trial has come so far."""

    def say(self, text: str) -> None:
        """Something that a person should know."""


def resolve_definition(config: Config, store: ArrayStore) -> Definition:
    """Prepare the data and resolve what the study is; raises UserError when that cannot be."""
    prepared = prepare(config, store)
    check_fits(config, prepared.shape)
    return Definition(config, prepared, numerics.playable(config.numerics))


def search(
    config: Config,
    *,
    seconds: float | None,
    audience: SearchObserver,
    retry_failed: bool = False,
    publisher: AnyPublisher | None = None,
) -> Outcome:
    """Bring the study of `config` to `config.trials` in all, or stop asking after so many seconds.

    With `retry_failed` each trial that has failed is tried again under a new number at the end.
    `publisher` is what `publishing` gave a caller who has begun early, and who ends it.
    Raises UserError when somebody else works on the study, when its name belongs to another
    definition, or when the storage cannot be used.
    """
    definition = resolve_definition(config, ArrayStore(default_root()))
    numerics.check(definition.numerics)
    _check_tracking(config)
    with (
        publisher or open_publisher(config.tracking) as publisher,
        open_workers(definition, config.workers, default_root(), audience.say) as workers,
    ):
        storage = open_storage(config.storage, create=True)
        with study_lock(config.storage, config.study) as held:
            study = OpenStudy(config.study, create_or_check_study(storage, definition))
            if retry_failed:
                audience.say(_said_of(append(study)))
            trials = study.wanted(config.trials)
            audience.expect(trials)
            keep_preparation(study.records, definition.prepared)  # which the publisher sends
            show = [publisher.put, audience.trial]
            ledger = Ledger(study.rows, study.records, show, study.retries, held)
            if (there := len(ledger.stored)) > trials:
                audience.say(f"study {study.name} has {there} trials already, and keeps them")
            study.records.prefetch(ledger.told_before)
            coordinator = Coordinator(
                definition, ledger.records, ledger, workers, audience.progress, given(study)
            )
            publisher.start(study.config.tracking, study_info(study), audience.say)
            with _interruptible(ledger, publisher):
                coordinator.run(trials, _while_time(seconds, there))
            # where it was longer once, what it has is more than what was lived through
            all_of_it = coordinator.asked >= there
            found = fingerprint(coordinator.digests) if all_of_it else study.fingerprint()
            outcome = Outcome(study, trials, found)
            _publish(outcome, coordinator.asked >= trials, publisher, audience.say)
            return outcome


def _check_tracking(config: Config) -> None:
    """Raise UserError where MLflow could not be told what the config wants."""
    if config.tracking != UNTRACKED:
        check_uri(config.tracking)
    elif config.records == IN_MLFLOW:
        raise UserError(f"{config.place}: records: mlflow needs MLflow, but tracking is none")


def _said_of(retries: int) -> str:
    tried = f"{retries} failed trial{'' if retries == 1 else 's'} will be tried again"
    return tried if retries else "no trial has failed that was not tried again: nothing to retry"


def keep_preparation(records: Records, prepared: Prepared) -> None:
    """A person's file may be gone tomorrow, and with it what its columns became."""
    if prepared.contents:
        name = model_inputs.NAME.format(prepared.key[:DIGEST_PREFIX])
        records.put_side_file(name, model_inputs.packed(prepared, ArrayStore(default_root())))


@contextmanager
def _interruptible(ledger: Ledger, publisher: AnyPublisher) -> Iterator[None]:
    """Whatever stops the search, MLflow is told in the little time that is left."""
    try:
        yield
    except LostLock:
        raise  # what MLflow is to be told is for somebody else to say
    except BaseException:
        ledger.interrupt()
        publisher.conclude("interrupted")
        publisher.close(INTERRUPTED_SECONDS)
        raise


def _publish(
    outcome: Outcome, whole: bool, publisher: AnyPublisher, say: Callable[[str], None]
) -> None:
    """MLflow is told how the study stands, and a person what MLflow lacks."""
    publisher.conclude("finished" if whole else "interrupted", outcome.fingerprint if whole else "")
    if lacking := publisher.close(PUBLISH_SECONDS):
        say(
            f"{lacking} trials are not in MLflow yet; the same command, or "
            f"{program_name()} publish {outcome.study.name}, sends them when it can be reached"
        )


def _while_time(seconds: float | None, known: int) -> Callable[[int], bool]:
    """Whether a trial may still be asked: those that were asked before always."""
    if seconds is None:
        return lambda number: True
    until = time.monotonic() + seconds
    return lambda number: number < known or time.monotonic() < until


@contextmanager
def open_workers(
    definition: Definition, workers: int | str, store: Path, say: Callable[[str], None]
) -> Iterator[Workers]:
    """Whom the config wants to train: processes here, or a Dask cluster; let go afterwards."""
    if isinstance(workers, int):
        with local_workers(definition, workers, store) as pool:
            yield pool
    else:
        with dask_workers(definition, workers, store, say) as cluster:
            yield cluster


@contextmanager
def dask_workers(
    definition: Definition, address: str, store: Path, say: Callable[[str], None]
) -> Iterator[Workers]:
    """The workers at a Dask scheduler; raises UserError where there is none, or no Dask."""
    try:
        from dnnsearch.workers.dask_pool import DaskWorkers, requirements_of
    except ModuleNotFoundError as error:
        raise UserError(
            f"workers: {address} is a Dask scheduler's address, but {error.name} is not installed: "
            "pip install 'dnnsearch[dask]'"
        ) from error
    terms = requirements_of(definition.numerics)
    workers = DaskWorkers(address, terms, store, definition.prepared.key, say)
    try:
        yield workers
    finally:
        workers.close()


@contextmanager
def local_workers(definition: Definition, count: int, store: Path) -> Iterator[LocalWorkers]:
    """Processes on this machine that train from the array store; none is left afterwards."""
    useful = min(count, definition.config.parallelism)  # so many trials are in flight at most
    workers = LocalWorkers(useful, definition.numerics, store)
    try:
        yield workers
    finally:
        workers.close()


def create_or_check_study(storage: RDBStorage, definition: Definition) -> Rows:
    """The study's rows, begun or compared with the definition."""
    config, wanted = definition.config, definition.as_dict()
    if config.study not in study_names(storage):
        create_study(storage, config.study, OBJECTIVES[config.objective])
    rows = Rows(storage, config.study)
    stored = rows.attributes.get(DEFINITION)
    if stored is None and not rows.trials():
        rows.set_attribute(IDENTITY, uuid.uuid4().hex)
        rows.set_attribute(EXPERIMENT, config.experiment)
        rows.set_attribute(PROFILE, asdict(definition.prepared.shape))
        rows.set_attribute(DEFINITION, wanted)
    elif stored != wanted:
        _refuse(config.study, stored, wanted)
    rows.set_attribute(CONFIG, without_secrets(config))
    return rows


def _changed_files(stored: dict[str, Any], wanted: dict[str, Any]) -> str:
    """The files whose content is another, where all else that is said of the data is equal."""
    old, new = stored.get("data", {}), wanted["data"]
    then, now = old.get("contents", {}), new.get("contents", {})
    if not then or {**old, "contents": now} != new:
        return ""
    differing = [name for name in now if then.get(name) != now[name]]
    return "; ".join(f"{n} was {then.get(n, '')[:12]}..., is {now[n][:12]}..." for n in differing)


def _refuse(study: str, stored: dict[str, Any] | None, wanted: dict[str, Any]) -> None:
    if stored is None:
        raise UserError(f"study {study} is not one of dnnsearch's; choose another: --study NAME")
    if changed := _changed_files(stored, wanted):
        raise UserError(
            f"the data have changed since study {study} began: {changed}; for a new study of what "
            f"they are now: --study NAME; or remove the old one with: {program_name()} rm {study}"
        )
    raise UserError(
        f"study {study} exists with another definition: {'; '.join(differences(stored, wanted))}; "
        f"go on with the old definition, begin a new study with --study NAME, or remove it with: "
        f"{program_name()} rm {study}"
    )
