"""Failed trials that a person wants tried once more: each gets a new number behind the last one.

A failure stays under its number for good, so that the study can be replayed. Which number tries
which failure again is kept with the study before any of them is asked, round by round: while one
round has not ended there is no next one, so that the same command goes on after any death.
"""

from collections.abc import Mapping

from optuna.trial import TrialState

from dnnsearch.study.stored_study import RETRIES, OpenStudy
from dnnsearch.trials.spec import Value


def planned(study: OpenStudy, trials: int) -> dict[int, int]:
    """The retries of a study of `trials` trials, with a new round if one can begin.

    Number of the new trial -> number of the failed one, which is tried again once.
    """
    known, rows = study.retries, study.trials()
    ended = {row.number for row in rows if row.state.is_finished()}
    if not known.keys() <= ended:
        return known
    failed = (row.number for row in rows if row.state == TrialState.FAIL)
    new = [number for number in failed if number not in known.values()]
    return known | dict(enumerate(new, max(trials, len(rows))))


def append(study: OpenStudy) -> int:
    """Begin a new round, if one can begin; how many trials are still to be tried again."""
    wanted = planned(study, study.config.trials)
    if wanted != study.retries:
        stored = {str(number): again for number, again in wanted.items()}
        study.rows.set_attribute(RETRIES, stored)
    ended = {row.number for row in study.trials() if row.state.is_finished()}
    return len(wanted.keys() - ended)


def given(study: OpenStudy) -> dict[int, Mapping[str, Value]]:
    """What is asked of the trials that try another one again, by number."""
    rows = study.trials() if study.retries else []
    return {number: rows[again].params for number, again in study.retries.items()}
