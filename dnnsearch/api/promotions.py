"""From a study to a champion, and on to the next one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnnsearch.api.cli_call import call_cli, storage_of


@dataclass(frozen=True)
class Promoted:
    """What a promotion came to; `document` has all its figures."""

    trial: int  # whose configuration the model has
    found: bool  # more than guessing has
    champion: bool
    file: Path  # the model
    text: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Retuned:
    """What a retuning came to; `document` has all its figures."""

    replace: bool
    study: str  # the new one
    difference: tuple[float, float]  # 95 %: how much better the new champion is
    text: str
    document: Mapping[str, Any]


def promote(
    study: str,
    *,
    top: int = 5,
    replicates: int = 16,
    workers: int | None = None,
    storage: str | None = None,
) -> Promoted:
    """Confirm the best configurations with fresh seeds, refit one, open the test set, register it.

    Every opening of the test set is counted. Raises UserError where that cannot be done.
    """
    given = [f"--top={top}", f"--replicates={replicates}"]
    given += [] if workers is None else [f"--workers={workers}"]
    _, said = call_cli(["promote", "--json", *given, "--", study], storage_of(storage))
    found = json.loads(said.splitlines()[-1])
    named = {name: found[name] for name in ("trial", "found", "champion")}
    return Promoted(
        **named, file=Path(found["file"]), text="\n".join(found["lines"]), document=found
    )


def retune(
    study: str,
    data: str | Path | Mapping[str, Any],
    *,
    name: str | None = None,
    config: str | Path | None = None,
    set: Mapping[str, Any] | None = None,
    trials: int | None = None,
    first: int = 5,
    top: int = 5,
    replicates: int = 16,
    workers: int | None = None,
    storage: str | None = None,
) -> Retuned:
    """Score a study's champion on new data, search there anew, and say: keep or replace.

    `data` is a file as the old one, or a mapping such as {"name": "moons", "seed": 7} where the
    study is on such a set; `config` the search space where it has changed; `first` the number of
    old configurations that are trained first. Raises UserError where that cannot be done.
    """
    new_data = json.dumps(dict(data)) if isinstance(data, Mapping) else str(data)
    numbers = {"trials": trials, "first": first, "top": top}
    numbers |= {"replicates": replicates, "workers": workers}
    texts = {"data": new_data, "study": name, "config": config}
    given = [f"--{key}={value}" for key, value in {**texts, **numbers}.items() if value is not None]
    given += [f"--set={key}={json.dumps(value)}" for key, value in (set or {}).items()]
    _, said = call_cli(["retune", "--json", *given, "--", study], storage_of(storage))
    found = json.loads(said.splitlines()[-1])
    low, high = found["difference"]
    text = "\n".join(found["lines"])
    return Retuned(found["verdict"] == "replace", found["renewed"], (low, high), text, found)
