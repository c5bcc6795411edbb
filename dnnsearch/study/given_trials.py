"""Configurations of the user's own, put into a study that has begun: each gets the next number.

Which params a number has is stored with the study, and beside its records, before the trial is
asked, as retries are. So a kill loses nothing, and what the sampler chooses later is the same for
any number of workers: it is told of the trial in virtual order, like of any other.
"""

from collections.abc import Mapping, Sequence

from dnnsearch.config.config import Config
from dnnsearch.config.search_space import completed
from dnnsearch.config.try_first import guess
from dnnsearch.config.yaml_file import override
from dnnsearch.data.prepare import DataShape
from dnnsearch.errors import UserError
from dnnsearch.study import identity_file
from dnnsearch.study.retries import retry_params
from dnnsearch.study.stored_study import GIVEN, OpenStudy
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS


def read_settings(config: Config, settings: Sequence[str]) -> dict[str, Value]:
    """Return what `--set KEY=VALUE` gives, by the rules and with the words of `try_first`.

    Raise UserError if it lies outside of the study's space, or if nothing is given.
    """
    given, _ = override({}, settings)
    try:
        return guess(given, {name: getattr(config, name) for name in HYPERPARAMETERS})
    except ValueError as error:
        raise UserError(f"study {config.study}: --set {error}") from None


def plan_given(study: OpenStudy, shape: DataShape, wanted: Mapping[str, Value]) -> int:
    """Store a configuration of the user's as a trial of the study; return the trial's number.

    What `wanted` leaves out has its default value. A configuration that was given
    before and has not ended, because the command was stopped, keeps its number.
    """
    params, rows, known = completed(dict(wanted), study.config, shape), study.trials(), study.given
    ended = {row.number for row in rows if row.state.is_finished()}
    for number, before in known.items():
        if number not in ended and before == params:
            return number
    first = len(study.definition["first"])  # the default and `try_first` keep their numbers
    number = max([first, len(rows), *(n + 1 for n in (*known, *study.retries))])
    stored = {str(n): dict(one) for n, one in {**known, number: params}.items()}
    study.rows.set_attribute(GIVEN, stored)
    identity_file.keep(study)
    return number


def presets(study: OpenStudy) -> dict[int, Mapping[str, Value]]:
    """Return number -> Optuna's params of the trials that the sampler does not choose.

    They are retries and given ones; the study's first trials stand in its definition.
    """
    return {**retry_params(study), **study.given}


def given_count(numbers: int) -> str:
    """Return `1 trial given by the user`, as verdicts say it."""
    return f"{numbers} trial{'' if numbers == 1 else 's'} given by the user"
