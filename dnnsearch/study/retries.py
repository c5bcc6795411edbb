"""Failed trials that the user wants to try again: each gets a new number after the last trial.

A failed trial keeps its number, so that the study can be replayed. Which number retries which
failed trial is stored with the study before any retry is asked, one round at a time: no new round
starts before the last one has ended, so the same command resumes after any crash.
"""

from collections.abc import Mapping

from optuna.trial import TrialState

from dnnsearch.errors import UserError
from dnnsearch.study import identity_file
from dnnsearch.study.stored_study import RETRIES, OpenStudy
from dnnsearch.trials.hyperparameter_row import Value


def retries_of(study: OpenStudy, trials: int) -> dict[int, int]:
    """Return number of a retry -> number of the failed trial, for a study of `trials` trials.

    A new round is included if one can start. Each failed trial is retried once; a retry that fails
    is a failed trial of the next round.
    """
    known = study.retries
    rows = study.trials()
    ended = {row.number for row in rows if row.state.is_finished()}
    if not known.keys() <= ended:
        return known
    failed = (row.number for row in rows if row.state == TrialState.FAIL)
    new = [number for number in failed if number not in known.values()]
    first = max([trials, len(rows), *(number + 1 for number in study.given)])
    return known | dict(enumerate(new, first))


def plan_retries(study: OpenStudy) -> int:
    """Store a new round of retries if one can start; return how many retries are still to run."""
    wanted = retries_of(study, study.config.trials)
    if wanted != study.retries:
        stored = {str(number): failed for number, failed in wanted.items()}
        study.rows.set_attribute(RETRIES, stored)
        identity_file.keep(study)
    ended = {row.number for row in study.trials() if row.state.is_finished()}
    return len(wanted.keys() - ended)


def retry_params(study: OpenStudy) -> dict[int, Mapping[str, Value]]:
    """Return number of a retry -> Optuna's params of the failed trial that it tries again."""
    retries = study.retries
    rows = study.trials() if retries else []
    known = identity_file.read(study) if retries else None
    params = dict(known.params) if known else {}  # the rows may have been deleted
    params |= {str(n): rows[failed].params for n, failed in retries.items() if failed < len(rows)}
    if lacking := [number for number in retries if str(number) not in params]:
        raise UserError(
            f"study {study.name} retries a failed trial as trial {lacking[0]}, but neither its "
            f"storage nor {identity_file.path(study)} has the parameters: start a new study with "
            f"--study NAME"
        )
    return {number: params[str(number)] for number in retries}
