"""The log of a search: what was asked and told, written so that any crash leaves it readable.

Each trial is written when it is asked and when it is told: to Optuna's rows, to the record files,
and to the observers of trials. What is stored already is compared, never written again. While
trials fail one after another from one cause, nothing is written: after three such failures the
machine needs repair, and the search stops as if it had never asked them.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from optuna.trial import FrozenTrial

from dnnsearch.errors import UserError
from dnnsearch.storage.postgresql_lock import LockCheck
from dnnsearch.study.replayed_study import STATES, objective_curve, optuna_value
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.trial_views import ended_view, interrupted_view, running_view
from dnnsearch.trials.record import Record
from dnnsearch.trials.run import TrialView
from dnnsearch.trials.spec import Spec

MAX_EQUAL_FAILURES = 3


class Ledger:
    """The only writer of a study.

    `observers` are called with a view of each trial that starts or ends. `check_lock` is called
    before each write.
    """

    def __init__(
        self,
        study: OpenStudy,
        observers: Sequence[Callable[[TrialView], None]],
        check_lock: LockCheck,
    ) -> None:
        self.rows = study.rows
        self.records = study.records
        self.retries = study.retries
        self.stored = study.trials()
        self._observers = observers
        self._check_lock = check_lock
        self._ids = {trial.number: self.rows.id_of(trial) for trial in self.stored}
        self._shown_running: dict[int, Spec] = {}
        self._failures: list[str] = []  # causes of the last failures, all equal
        self._deferred: list[Callable[[], None]] = []  # writes since the first of them

    @property
    def told_before(self) -> list[int]:
        """Numbers of the trials that had ended when the search started."""
        return [trial.number for trial in self.stored if trial.state.is_finished()]

    def asked(self, trial: FrozenTrial, spec: Spec) -> None:
        """Compare the trial with its stored row, or add it as RUNNING.

        Raises UserError if it differs from its stored row.
        """
        if trial.number < len(self.stored):
            _compare(f"trial {trial.number}", self.stored[trial.number].params, trial.params)
        self._write(lambda: self._ask(trial, spec))

    def _ask(self, trial: FrozenTrial, spec: Spec) -> None:
        if trial.number not in self._ids:
            trial.set_user_attr("spec", spec.digest)
            self._ids[trial.number] = self.rows.ask(trial)
        if not self._is_told(trial.number):
            self._shown_running[trial.number] = spec
            self._show(running_view(spec))

    def interrupt(self) -> None:
        """Show all trials that were shown as running as interrupted."""
        for spec in self._shown_running.values():
            self._show(interrupted_view(spec))

    def told(self, record: Record, packed: bytes | None) -> None:
        """Write how a trial ended; `packed` is a failure's record that is not on disk yet.

        Raises UserError at the third failure in a row from one cause; none of them is written.
        Retries are not counted: a study must get past a trial that always fails.
        """
        if packed is None or record.spec.number in self.retries:
            self.flush()
        else:
            self._count(str(record.document["cause"]), record.spec.number)
        self._write(lambda: self._tell(record, packed))

    def _count(self, cause: str, number: int) -> None:
        if self._failures and self._failures[-1] != cause:
            self.flush()
        self._failures.append(cause)
        if len(self._failures) == MAX_EQUAL_FAILURES:
            raise UserError(
                f"{MAX_EQUAL_FAILURES} trials in a row failed from the same cause, the last is "
                f"trial {number}: {cause}; these failures were not recorded: fix the cause and run "
                "the same command"
            )

    def _write(self, action: Callable[[], None]) -> None:
        if self._failures:
            self._deferred.append(action)
        else:
            self._check_lock()
            action()

    def flush(self) -> None:
        """Write what was deferred: the failures in a row are over."""
        deferred = self._deferred
        self._deferred = []
        self._failures = []
        for action in deferred:
            self._check_lock()
            action()

    def _show(self, view: TrialView) -> None:
        for observer in self._observers:
            observer(view)

    def _is_told(self, number: int) -> bool:
        return number < len(self.stored) and self.stored[number].state.is_finished()

    def _tell(self, record: Record, packed: bytes | None) -> None:
        number = record.spec.number
        if packed is not None:
            self.records.save(packed)
        if self._is_told(number):
            stored = self.stored[number]
            digest = stored.user_attrs.get("dnnsearch", {}).get("digest")
            _compare(
                f"trial {number}",
                {"state": stored.state.name, "value": stored.value, "digest": digest},
                {
                    "state": STATES[record.end].name,
                    "value": optuna_value(record),
                    "digest": record.digest,
                },
            )
        else:
            self.rows.tell(
                self._ids[number],
                STATES[record.end],
                optuna_value(record),
                list(objective_curve(record).items()),
                {"dnnsearch": _attributes(record), **final_metrics(record)},
            )
        self._show(ended_view(record, self.records.path(record)))
        self._shown_running.pop(number, None)


def _compare(place: str, stored: dict[str, Any], replayed: dict[str, Any]) -> None:
    for name in stored | replayed:
        if stored.get(name) != replayed.get(name):
            raise UserError(
                f"{place} in storage differs from the replayed study: {name} is "
                f"{stored.get(name)}, but should be {replayed.get(name)}; start a new study with "
                "--study NAME"
            )


def final_metrics(record: Record) -> dict[str, float]:
    """Return the last point of each curve and metric, as far as they are finite, by name.

    They are attributes of their own in Optuna's storage, so that its tools have columns for them.
    """
    means = record.means
    return {name: value for name, value in means.items() if math.isfinite(value)}


def _attributes(record: Record) -> dict[str, Any]:
    """Return what the leaderboard reads of the trial; `values` has the objective per replicate."""
    values = [] if record.value is None else record.final[record.spec.objective].tolist()
    final = record.means
    return {
        "state": record.end,
        "digest": record.digest,
        "cost": record.cost,
        "seconds": record.document["made"].get("seconds"),
        "parameters": record.document.get("parameters"),
        "values": values,
        "final": {name: value if value == value else None for name, value in final.items()},
        "reason": record.document.get("cause", ""),
    }
