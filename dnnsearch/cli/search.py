"""`search`: run, resume or extend a study, or estimate what that would cost."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dnnsearch.cli.hook import run_at_end
from dnnsearch.cli.next_commands import champion_line, command_on, next_commands
from dnnsearch.cli.options import seconds
from dnnsearch.cli.progress import loading, resumable
from dnnsearch.cli.startup import pin, read_early
from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics
from dnnsearch.runtime.cli_process import command_line
from dnnsearch.runtime.terminal_text import say, terminal_width
from dnnsearch.urls import STORAGE_VARIABLE

if TYPE_CHECKING:
    from dnnsearch.cli.display.tally import Tally
    from dnnsearch.config.config import Config
    from dnnsearch.study.search import Outcome
    from dnnsearch.tracking import AnyPublisher

NATIVE = (
    "numerics: this machine does not support `portable` numerics (Linux on x86-64 with AVX2 and "
    "FMA); running as `native`: bits are reproducible on identical machines only"
)
MAX_TRIALS_SHOWN = 10  # in the leaderboard at the end


ConfigFile = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="A YAML file, or a name that `config` lists.")
]
Trials = Annotated[int | None, typer.Option(metavar="N", help="Total number of trials.")]
For = Annotated[
    str | None,
    typer.Option(
        "--for", metavar="TIME", help="Start no new trial after this time: 90s, 15m, 1h30m."
    ),
]
StopAfter = Annotated[
    int | None,
    typer.Option(metavar="N", help="Start no new trial once N in a row have gained nothing."),
]
Workers = Annotated[
    str | None,
    typer.Option(
        metavar="N|URL",
        help="Training processes, or tcp://HOST:PORT of a Dask scheduler.  [default: all cores]",
    ),
]
Name = Annotated[
    str | None, typer.Option(metavar="NAME", help="The study's name.  [default: the config's]")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the config; repeatable."),
]
OtherStorage = Annotated[
    str | None,
    typer.Option(
        metavar="URL", envvar=STORAGE_VARIABLE, help="Optuna's storage.  [default: config's]"
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Estimate trials, time and disk; write nothing.")
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Run each failed trial again, under a new number.")
]
AcceptCode = Annotated[
    bool, typer.Option("--accept-code", help="Go on although other code computed the study.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show the result only.")]
Hook = Annotated[
    str | None,
    typer.Option(metavar="CMD", help="Run this at the end; its standard input is the last event."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON event per line.")]


def search(
    config: ConfigFile,
    trials: Trials = None,
    for_: For = None,
    stop_after: StopAfter = None,
    workers: Workers = None,
    study: Name = None,
    set_: Settings = None,
    storage: OtherStorage = None,
    retry_failed: RetryFailed = False,
    accept_code: AcceptCode = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    json_: Json = False,
    hook: Hook = None,
) -> None:
    """Search for good hyperparameters: run or resume a study.

    The same command resumes a study that was interrupted; with more trials it extends it. The
    result does not depend on the number of workers or on interruptions. A name such as `digits`
    stands for digits.yaml or configs/digits.yaml here, else for one that comes with dnnsearch.

    \b
    Examples:
      dnnsearch search digits
      dnnsearch search configs/churn.yaml --trials 60 --for 15m
      dnnsearch search digits --study deep --set hidden_layers=4
    """
    if json_ and (quiet or dry_run):
        raise UserError("--json cannot go together with --quiet or --dry-run")
    processes = int(workers) if workers and re.fullmatch(r"[0-9]+", workers) else workers
    given = {"trials": trials, "workers": processes, "study": study, "storage": storage}
    overrides = _overrides(set_, {**given, "stop_after": stop_after})
    limit = None if for_ is None else seconds(for_)
    early = read_early(config, overrides)
    pin(early.numerics)
    if dry_run:
        _print_estimate(_loaded(config, overrides), retry_failed, accept_code)
        return
    from dnnsearch.tracking import open_publisher

    # MLflow imports while we do
    publishing = open_publisher(early.tracking)
    with run_at_end(hook) as ending, resumable() as reached, publishing as publisher:
        with loading(f"reading {config}", quiet or json_):
            from dnnsearch.cli.display.tally import Tally

            tally = Tally(_loaded(config, overrides))
        reached.text = lambda: tally.standing
        reached.kept_too = lambda: tally.kept_too
        going_on = {"retry_failed": retry_failed, "accept_code": accept_code}
        outcome = _run(config, tally, limit, going_on, quiet, json_, publisher)
        ending.event = _event(outcome)
        print(ending.event, flush=True) if json_ else _print_summary(outcome)


def _overrides(settings: list[str] | None, given: Mapping[str, object]) -> list[str]:
    """Return the changes of the config's keys: --set, then the options that stand for a key."""
    from dnnsearch.config.yaml_file import as_settings

    return [*(settings or []), *as_settings(given)]


def _loaded(path: Path, overrides: Sequence[str]) -> "Config":
    from dnnsearch.config.config import load_config

    return load_config(path, overrides)


def _run(
    given: Path,
    tally: "Tally",
    limit: float | None,
    going_on: Mapping[str, Any],
    quiet: bool,
    json_: bool,
    publisher: "AnyPublisher",
) -> "Outcome":
    from dnnsearch.cli.display import display
    from dnnsearch.config.config_files import origin
    from dnnsearch.config.data_fit import note_on_units
    from dnnsearch.study.search import search

    config = tally.config
    with display(tally, quiet, json_) as observer:
        if source := origin(given):
            observer.on_message(source)
        if numerics.supported_pins(config.numerics) != config.numerics:
            observer.on_message(NATIVE)
        elif unusual := numerics.unusual(config.numerics):
            observer.on_message(unusual)
        if note := note_on_units(config):
            observer.on_message(note)
        return search(
            config,
            seconds=limit,
            observer=observer,
            publisher=publisher,
            **going_on,
        )


def _print_summary(outcome: "Outcome") -> None:
    """Print the leaderboard and the commands that can follow."""
    from dnnsearch.reporting.terminal import with_ties
    from dnnsearch.study.baselines import baselines_file
    from dnnsearch.study.baselines.baselines_text import how_to_fit, lines
    from dnnsearch.study.leaderboard.leaderboard_table import table

    board, config = with_ties(outcome.study), outcome.study.config
    say([f"study {board.study}, {board.counts}"])
    say(table(board, MAX_TRIALS_SHOWN, terminal_width()))
    baselines = baselines_file.read(outcome.study)
    if board.ranked:
        best = board.best
        say([f"best: trial {best.number} with {board.objective} {best.value:.4f}"])
        say(lines(baselines, board.objective, best.value))
    if board.ranked and baselines is None:
        say([how_to_fit()])
    say(champion_line(config, board))
    best_trial = board.best.number if board.ranked else None
    say(next_commands(config, board.study, best_trial, board.champion))
    if outcome.lacking:
        verb = "is" if outcome.lacking == 1 else "are"
        trials = f"{outcome.lacking} of {len(board.rows)} trials {verb} not in MLflow"
        sends = command_on("publish", config, board.study)
        say([f"{trials}; when it works: {sends}"])
    if len(board.rows) < outcome.trials:
        say([f"  resume, up to {outcome.trials} trials: {_resuming(outcome)}"])
    say([f"fingerprint {outcome.fingerprint}"])


def _resuming(outcome: "Outcome") -> str:
    """Return the command that goes on; what has stopped the search would stop it again."""
    if not outcome.has_no_gain:
        return command_line()
    command = command_line(without="--stop-after")
    return command if command != command_line() else f"{command} --set stop_after=none"


def _event(outcome: "Outcome") -> str:
    from dnnsearch.cli.display.events import as_event
    from dnnsearch.study.leaderboard.ranking import leaderboard

    board = leaderboard(outcome.study)
    best = board.ranked[0] if board.ranked else None
    return as_event(
        "study",
        study=board.study,
        objective=board.objective,
        trials=len(board.rows),
        ends=dict(board.ends),
        best=best and {"trial": best.number, "value": best.value},
        lacking=outcome.lacking,
        fingerprint=outcome.fingerprint,
    )


def _print_estimate(config: "Config", retry_failed: bool, accept_code: bool) -> None:
    from dnnsearch.config.data_fit import note_on_units
    from dnnsearch.study.dry_run import estimate_cost
    from dnnsearch.validators import counted

    planned = estimate_cost(config, retry_failed, accept_code)
    done = f" (and {planned.done} that have ended already)" if planned.done else ""
    count = config.workers
    workers = counted(count, "worker") if isinstance(count, int) else "enough workers"
    lines = [
        f"study {config.study}, from {config.place}: a dry run, nothing is written",
        f"  trials  {planned.trials}{done}",
        f"  cost    {planned.multiply_adds:.2g} multiply-adds in {planned.updates} updates",
        f"  time    about {planned.seconds:.0f} s with {workers}",
        f"  disk    about {planned.disk / 1e6:.1f} MB",
        "Estimated from trials drawn at random; one of them was timed on this machine.",
    ]
    note = note_on_units(config)
    say([*lines, *([note] if note else [])])
