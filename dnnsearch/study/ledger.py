"""What was asked and told, written so that it can be read after any accident.

Each trial is written when it is asked and when it is told: to Optuna's rows, to the record files,
and to whoever publishes. What is there already is compared, never written again. While trials fail
one after another from one cause nothing is written, because three such failures say that the
machine needs mending: the search stops as if it had never come to them.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from optuna.trial import FrozenTrial

from dnnsearch.errors import UserError
from dnnsearch.storage.optuna_storage import Rows
from dnnsearch.storage.postgresql_lock import LockCheck
from dnnsearch.study.replayed_study import STATES, objective_curve, optuna_value
from dnnsearch.study.trial_views import ended_view, interrupted_view, running_view
from dnnsearch.trials.record import Record
from dnnsearch.trials.record_store import Records
from dnnsearch.trials.run import TrialView
from dnnsearch.trials.spec import Spec

FAILURES_IN_A_ROW = 3


class Ledger:
    """The one writer of a study."""

    def __init__(
        self,
        rows: Rows,
        records: Records,
        publish: Sequence[Callable[[TrialView], None]],
        retries: Collection[int] = (),
        may_write: LockCheck = lambda: None,
    ) -> None:
        self.rows, self.records, self._publish = rows, records, publish
        self.retries, self._may_write = retries, may_write
        self.stored = rows.trials()
        self._ids = {trial.number: trial._trial_id for trial in self.stored}
        self._shown_running: dict[int, Spec] = {}
        self._failures: list[str] = []
        self._held: list[Callable[[], None]] = []

    @property
    def told_before(self) -> list[int]:
        """The trials that had ended when the search began."""
        return [trial.number for trial in self.stored if trial.state.is_finished()]

    def asked(self, trial: FrozenTrial, spec: Spec) -> None:
        """Compare the trial with its stored row, or add it as RUNNING."""
        if trial.number < len(self.stored):
            _compare(f"trial {trial.number}", self.stored[trial.number].params, trial.params)
        self._write(lambda: self._ask(trial, spec))

    def _ask(self, trial: FrozenTrial, spec: Spec) -> None:
        if trial.number not in self._ids:
            trial.set_user_attr("spec", spec.digest)
            self._ids[trial.number] = self.rows.ask(trial)
        if not self._is_told(trial.number):
            self._shown_running[trial.number] = spec
            self.publish(running_view(spec))

    def interrupt(self) -> None:
        """Nothing goes on: show that of all trials that people were shown as running."""
        for spec in self._shown_running.values():
            self.publish(interrupted_view(spec))

    def told(self, record: Record, packed: bytes | None) -> None:
        """Write how a trial ended; `packed` is a failure's record that is not on disk yet.

        Raises UserError at the third failure in a row from one cause, and then none is told. Trials
        that try a failed one again are not counted: a study must get past one that always fails.
        """
        if packed is None or record.spec.number in self.retries:  # that it fails again is told
            self.flush()
        else:
            self._count(str(record.document["cause"]), record.spec.number)
        self._write(lambda: self._tell(record, packed))

    def _count(self, cause: str, number: int) -> None:
        if self._failures and self._failures[-1] != cause:
            self.flush()
        self._failures.append(cause)
        if len(self._failures) == FAILURES_IN_A_ROW:
            raise UserError(
                f"{FAILURES_IN_A_ROW} trials in a row failed from the same cause, the last is "
                f"trial {number}: {cause}; none is counted, the same command tries them again"
            )

    def _write(self, action: Callable[[], None]) -> None:
        if self._failures:
            self._held.append(action)
        else:
            self._certainly(action)

    def _certainly(self, action: Callable[[], None]) -> None:
        """Write, unless the study's lock was lost: then LostLock is raised."""
        self._may_write()
        action()

    def flush(self) -> None:
        """The streak of failures is over: write what was held back."""
        held, self._held, self._failures = self._held, [], []
        for action in held:
            self._certainly(action)

    def publish(self, view: TrialView) -> None:
        """Show the trial to all who want to see it."""
        for show in self._publish:
            show(view)

    def _is_told(self, number: int) -> bool:
        return number < len(self.stored) and self.stored[number].state.is_finished()

    def _tell(self, record: Record, packed: bytes | None) -> None:
        number = record.spec.number
        if packed is not None:
            self.records.keep(packed)
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
                {"dnnsearch": _attributes(record)},
            )
        self.publish(ended_view(record, self.records.path(record)))
        self._shown_running.pop(number, None)


def _compare(place: str, stored: dict[str, Any], replayed: dict[str, Any]) -> None:
    for name in stored | replayed:
        if stored.get(name) != replayed.get(name):
            raise UserError(
                f"{place} of the stored study is not what its definition gives: {name} is "
                f"{stored.get(name)}, and should be {replayed.get(name)}; start a new study with "
                "--study NAME"
            )


def _per_replicate(record: Record) -> list[float]:
    """The objective of each replicate, whose mean is the trial's value."""
    return [] if record.value is None else list(record.final[record.spec.objective].tolist())


def _attributes(record: Record) -> dict[str, Any]:
    final = {name: values.mean().item() for name, values in record.final.items()}
    return {
        "state": record.end,
        "digest": record.digest,
        "cost": record.cost,
        "seconds": record.document["made"].get("seconds"),
        "parameters": record.document.get("parameters"),
        "values": _per_replicate(record),
        "final": {name: value if value == value else None for name, value in final.items()},
        "reason": record.document.get("cause", ""),
    }
