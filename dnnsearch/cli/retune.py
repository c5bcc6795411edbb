"""`retune`: a study's champion on data that came later, and whether a new search beats it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage, Study
from dnnsearch.cli.pin_numerics import pin
from dnnsearch.cli.promote import Json, Quiet, Replicates, Top, Workers, progress_printer

NewData = Annotated[
    str,
    typer.Option(metavar="NEW", help="A file as the old one, or a set: '{name: moons, ...}'."),
]
Name = Annotated[
    str | None,
    typer.Option("--study", metavar="NAME", help="The new study's name.  [default: STUDY-2]"),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The search space as it is now.  [default: the old one]"),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of it; repeatable."),
]
Trials = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="In all.  [default: as the old study]")
]
First = Annotated[
    int, typer.Option(metavar="N", min=0, help="Old configurations that are trained first.")
]


def retune(
    study: Study,
    data: NewData,
    name: Name = None,
    config: ConfigFile = None,
    set_: Settings = None,
    trials: Trials = None,
    first: First = 5,
    top: Top = 5,
    replicates: Replicates = 16,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Quiet = False,
    storage: Storage = STORAGE,
) -> None:
    """Look again, on new data: keep the champion, or replace it.

    The old champion is scored on the new data's test rows. A new study, an ordinary one, retrains
    the old best configurations first, moved into the search space where it has changed, and goes on
    searching. Its best are promoted, and both champions are compared row by row on the same new
    test rows. The verdict is `replace` only where the whole interval of the difference says so.
    Nothing of the old study is changed; the same command goes on where it was interrupted.

    \b
    Examples:
      dnnsearch retune churn --data churn-november.csv
      dnnsearch retune churn --data new.csv --config configs/churn.yaml --trials 60
      dnnsearch retune moons --data '{name: moons, noise: 0.4, seed: 7}'
    """
    from dnnsearch.study.stored_study import open_study

    opened = open_study(study, storage)
    pin(opened.config.numerics)
    from dnnsearch.cli.display import display
    from dnnsearch.promotion.retuning.retune_study import begin
    from dnnsearch.promotion.retuning.retune_study import retune as look_again
    from dnnsearch.promotion.retuning.retuning_text import document, lines

    given = {"trials": trials, "workers": workers}
    settings = [*(set_ or []), *(f"{key}={value}" for key, value in given.items() if value)]
    definition = begin(opened, data, config=config, settings=settings, name=name, first=first)
    silent = quiet or as_json
    extent = {"top": top, "replicates": replicates}
    with display(definition.config, silent) as observer:
        found = look_again(
            opened, definition, **extent, observer=observer, tell=progress_printer(silent)
        )
    print(json.dumps(document(found)) if as_json else "\n".join(lines(found)))
