"""Failed trials that the user wants to try again: each gets a new number after the last trial.

A failed trial keeps its number, so that the study can be replayed. Which number retries which
failed trial is stored with the study before any retry is asked, one round at a time: no new round
starts before the last one has ended, so the same command resumes after any crash.
"""

from collections.abc import Mapping

from optuna.trial import TrialState

from dnnsearch.study.stored_study import RETRIES, OpenStudy
from dnnsearch.trials.spec import Value


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
    return known | dict(enumerate(new, max(trials, len(rows))))


def plan_retries(study: OpenStudy) -> int:
    """Store a new round of retries if one can start; return how many retries are still to run."""
    wanted = retries_of(study, study.config.trials)
    if wanted != study.retries:
        stored = {str(number): failed for number, failed in wanted.items()}
        study.rows.set_attribute(RETRIES, stored)
    ended = {row.number for row in study.trials() if row.state.is_finished()}
    return len(wanted.keys() - ended)


def retry_params(study: OpenStudy) -> dict[int, Mapping[str, Value]]:
    """Return number of a retry -> Optuna's params of the failed trial that it tries again."""
    retries = study.retries
    rows = study.trials() if retries else []
    return {number: rows[failed].params for number, failed in retries.items()}
