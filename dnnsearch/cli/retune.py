"""`retune`: a new search on newer data, and whether its champion beats the old one."""

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dnnsearch.cli.options import Storage, Study
from dnnsearch.cli.outcome import give
from dnnsearch.cli.progress import counter, loading, resumable
from dnnsearch.cli.promote import Json, Quiet, Replicates, Top, Workers
from dnnsearch.cli.search import AcceptCode
from dnnsearch.cli.startup import pin
from dnnsearch.runtime.terminal_text import terminal_width
from dnnsearch.urls import DEFAULT_STORAGE

if TYPE_CHECKING:
    from dnnsearch.promotion.retuning.retune_study import Retuning
    from dnnsearch.study.definition import Definition
    from dnnsearch.study.search import SearchObserver
    from dnnsearch.study.stored_study import OpenStudy

NewData = Annotated[
    str,
    typer.Option(
        metavar="NEW", help="A file like the old one, or a named set: '{name: moons, ...}'."
    ),
]
Name = Annotated[
    str | None,
    typer.Option("--study", metavar="NAME", help="The new study's name.  [default: STUDY-2]"),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A config with another search space.  [default: the old one]"
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the config; repeatable."),
]
Trials = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Total number of trials.  [default: as the old study]"),
]
First = Annotated[
    int, typer.Option(metavar="N", min=0, help="Number of old configurations to train first.")
]


def retune(
    study: Study,
    data: NewData,
    name: Name = None,
    config: ConfigFile = None,
    set_: Settings = None,
    trials: Trials = None,
    first: First = 5,
    top: Top = None,
    replicates: Replicates = None,
    workers: Workers = None,
    accept_code: AcceptCode = False,
    as_json: Json = False,
    quiet: Quiet = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Re-tune on newer data: keep or replace the champion.

    The old champion is scored on the new data's test rows. A new study retrains the old best
    configurations first (clipped to the search space if it has changed) and then searches on. Its
    best are promoted, and both champions are compared row by row on the same new test rows. The
    verdict is `replace` only if the whole 95 % interval of the difference is above zero and the new
    champion is better than guessing. The old study is not changed. If it is interrupted, run the
    same command to resume.

    \b
    Examples:
      dnnsearch retune churn --data churn-november.csv
      dnnsearch retune churn --data new.csv --config configs/churn.yaml --trials 60
      dnnsearch retune moons --data '{name: moons, noise: 0.4, seed: 7}'
    """
    silent = quiet or as_json
    with loading(f"reading study {study} and {data}", silent):
        from dnnsearch.study.stored_study import open_study

        opened = open_study(study, storage)
        pin(opened.config.numerics)
        from dnnsearch.promotion.retuning.retune_study import begin
        from dnnsearch.promotion.retuning.retuning_text import document, lines

        given = {"trials": trials, "workers": workers}
        settings = [*(set_ or []), *(f"{key}={value}" for key, value in given.items() if value)]
        definition = begin(opened, data, config=config, settings=settings, name=name, first=first)
    extent = {"top": top, "replicates": replicates, "accept_code": accept_code}
    retuning = _run(opened, definition, extent, silent)
    give(document(retuning), lines(retuning, terminal_width()), as_json)


def _run(
    opened: "OpenStudy", definition: "Definition", extent: dict[str, Any], silent: bool
) -> "Retuning":
    """Search, promote and compare, with one bar of trainings; only the result is on stdout."""
    from dnnsearch.cli.display import display
    from dnnsearch.cli.display.tally import Tally
    from dnnsearch.promotion.retuning.retune_study import retune as run_retuning

    tally = Tally(definition.config)
    with resumable() as reached, counter("trainings", f"{tally.study}  ", silent) as bar:
        reached.text = lambda: ", ".join(filter(None, (tally.standing, bar.count)))
        reached.kept_too = lambda: tally.kept_too
        bar.begin("scoring the old champion")

        def searching() -> "AbstractContextManager[SearchObserver]":
            bar.erase()
            return display(tally, silent, lines_to=sys.stderr)

        return run_retuning(
            opened, definition, **extent, observing=searching, report=bar.say, show=bar
        )
