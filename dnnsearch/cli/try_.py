"""`try`: put a configuration of one's own into a study, and run it at once."""

from typing import TYPE_CHECKING, Annotated

import typer

from dnnsearch.cli.next_commands import command_on
from dnnsearch.cli.options import Storage, Study, option
from dnnsearch.cli.progress import loading, resumable
from dnnsearch.cli.search import AcceptCode, Quiet
from dnnsearch.cli.startup import pin
from dnnsearch.runtime.cli_process import send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE

if TYPE_CHECKING:
    from dnnsearch.study.search import Outcome

Settings = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="A searched hyperparameter; repeatable."),
]
Workers = Annotated[
    str | None,
    typer.Option(metavar="N|URL", help="As in `search`.  [default: those of the last search]"),
]


def try_(
    study: Study,
    set_: Settings,
    workers: Workers = None,
    accept_code: AcceptCode = False,
    quiet: Quiet = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Train your own configuration as a study's next trial.

    It must lie in the study's search space, as `try_first` of a config. What you leave out has its
    default value, as there. The trial gets the next number, and later searches learn
    from it. The study verifies as before; the verdict says how many trials were given by the user.
    If it is interrupted, run the same command to resume.

    \b
    Examples:
      dnnsearch try digits --set learning_rate=0.1
      dnnsearch try digits --set learning_rate=0.3 --set units=[64,32] --set activation=tanh
    """
    with loading(f"reading study {study}", quiet):
        from dnnsearch.study.stored_study import open_study

        pin(open_study(study, storage).config.numerics)
    outcome = _run(study, set_, workers, accept_code, quiet, storage)
    say(_lines(outcome))
    send_result({"trial": outcome.given})


def _run(
    study: str,
    settings: list[str],
    workers: str | None,
    accept_code: bool,
    quiet: bool,
    storage: str,
) -> "Outcome":
    from dnnsearch.cli.display import display
    from dnnsearch.cli.display.tally import Tally
    from dnnsearch.study.given_trials import read_settings
    from dnnsearch.study.search import search
    from dnnsearch.study.stored_study import open_study
    from dnnsearch.validators import workers as workers_rule

    changes: dict[str, object] = {"storage": storage}
    if workers is not None:
        changes["workers"] = option("--workers", workers_rule, workers)
    config = open_study(study, storage).config.model_copy(update=changes)
    given = read_settings(config, settings)
    tally = Tally(config)
    with resumable() as reached, display(tally, quiet, False) as observer:
        reached.text = lambda: tally.standing
        reached.kept_too = lambda: tally.kept_too
        return search(config, seconds=None, observer=observer, accept_code=accept_code, given=given)


def _lines(outcome: "Outcome") -> list[str]:
    from dnnsearch.study.given_trials import given_count
    from dnnsearch.study.leaderboard.ranking import leaderboard
    from dnnsearch.trials.flat_params import describe
    from dnnsearch.validators import counted

    board, study = leaderboard(outcome.study), outcome.study
    (row,) = [row for row in board.rows if row.number == outcome.given]
    value = "" if row.value is None else f", {board.objective} {row.value:.4f}"
    lines = [
        f"trial {row.number} of study {study.name}: {describe(row.params)}: {row.state}{value}"
    ]
    if board.ranked:
        best = board.best
        lines.append(f"best: trial {best.number} with {board.objective} {best.value:.4f}")
    given = given_count(len(study.given))
    lines.append(f"study {study.name} has {counted(len(board.rows), 'trial')} now, {given}")
    if outcome.lacking:
        sends = command_on("publish", study.config, study.name)
        lines.append(f"{outcome.lacking} trials are not in MLflow; when it works: {sends}")
    return [*lines, f"fingerprint {outcome.fingerprint}"]
