"""`retune`: a study's champion on data that came later, and whether a new search beats it."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage, Study
from dnnsearch.cli.pinning import pin


def retune(
    study: Study,
    data: Annotated[
        str,
        typer.Option(metavar="NEW", help="A file as the old one, or a set: '{name: moons, ...}'."),
    ],
    name: Annotated[
        str | None,
        typer.Option("--study", metavar="NAME", help="The new study's name.  [default: STUDY-2]"),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The search space as it is now.  [default: the old one]"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of it; repeatable."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="In all.  [default: as the old study]")
    ] = None,
    first: Annotated[
        int, typer.Option(metavar="N", min=0, help="Old configurations that are trained first.")
    ] = 5,
    top: Annotated[
        int, typer.Option(metavar="N", min=1, max=20, help="Configurations to confirm.")
    ] = 5,
    replicates: Annotated[
        int, typer.Option(metavar="R", min=2, max=1000, help="Networks of each, by fresh seeds.")
    ] = 16,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes.  [default: the config's]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show the result only.")] = False,
    storage: Storage = STORAGE,
) -> None:
    """Look again, on new data: keep the champion, or replace it.

    The old champion is scored on the new data's test rows. A new study, an ordinary one, retrains
    the old best configurations first, moved into the search space where it has changed, and goes on
    searching. Its best are promoted, and both champions are compared row by row on the same new
    test rows. The verdict is `replace` only where the whole interval of the difference says so.
    Nothing of the old study is changed; the same command goes on where it was interrupted.

    \\b
    Examples:
      dnnsearch retune churn --data churn-november.csv
      dnnsearch retune churn --data new.csv --config configs/churn.yaml --trials 60
      dnnsearch retune moons --data '{name: moons, noise: 0.4, seed: 7}'
    """
    from dnnsearch.study.reading import open_study

    opened = open_study(study, storage)
    pin(opened.config.numerics)
    from dnnsearch.display import display
    from dnnsearch.retuning.retuning import begin
    from dnnsearch.retuning.retuning import retune as look_again
    from dnnsearch.retuning.telling import document, lines

    given = {"trials": trials, "workers": workers}
    settings = [*(set_ or []), *(f"{key}={value}" for key, value in given.items() if value)]
    definition = begin(opened, data, config=config, settings=settings, name=name, first=first)
    silent = quiet or as_json
    with display(definition.config, silent) as audience:
        found = look_again(
            opened,
            definition,
            top=top,
            replicates=replicates,
            audience=audience,
            tell=(lambda text: None) if silent else _tell,
        )
    print(json.dumps(document(found)) if as_json else "\n".join(lines(found)))


def _tell(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)
