"""From a study to a champion, and from a champion to the next one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnnsearch.api.new_file import one_of_both
from dnnsearch.config.yaml_file import as_settings
from dnnsearch.runtime.cli_process import run_cli
from dnnsearch.urls import storage_url


@dataclass(frozen=True)
class Promoted:
    """The result of a promotion; `document` has all its numbers."""

    trial: int  # whose configuration the model has
    found: bool  # whether it is better than guessing
    champion: bool  # whether it is the study's champion now
    file: Path  # the model
    text: str
    document: Mapping[str, Any]

    def _repr_html_(self) -> str:
        """Return the result for a notebook."""
        from dnnsearch.reporting.html import notebook

        now = "is the champion" if self.champion else "is not the champion"
        return notebook.said(f"The model of trial {self.trial} {now}", self.text, self.champion)


@dataclass(frozen=True)
class Ablated:
    """What each change from trial 0 to the champion is worth; `document` has all numbers."""

    changes: list[Mapping[str, Any]]  # names, change, value, step and undone with 95 % intervals
    gain: Mapping[str, float] | None  # of all changes: value, low, high
    text: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """The best configurations of studies, compared; `document` has all numbers."""

    best: str  # the study with the best configuration
    differences: list[Mapping[str, Any]]  # to each other study: value, low, high (95 %)
    text: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Retuned:
    """The result of a retuning; `document` has all its numbers."""

    replace: bool  # whether to replace the old champion
    study: str  # the new one
    difference: tuple[float, float]  # 95 % interval: how much better the new champion is
    text: str
    document: Mapping[str, Any]

    def _repr_html_(self) -> str:
        """Return the result for a notebook."""
        from dnnsearch.reporting.html import notebook

        advice = "Replace the champion" if self.replace else "Keep the champion"
        return notebook.said(f"{advice}; study {self.study}", self.text)


def promote(
    study: str,
    *,
    top: int | None = None,
    replicates: int | None = None,
    outer: int | None = None,
    workers: int | None = None,
    accept_code: bool = False,
    storage: str | None = None,
) -> Promoted:
    """Make one model from a search, with an unbiased test score.

    Compare the `top` best configurations with `replicates` fresh seeds each, refit one, evaluate
    the test set and register the model. By default they are as many as cost no more than the
    search did: at most 5 and 16, at least 2 and 4. Every evaluation of the test set is logged, and
    counted over all studies. With `outer`, a number of outer folds, all of it, the search included,
    is repeated in each, and `document["outer"]` has the procedure's figure. `accept_code` is as in
    `search`. Raise UserError if that is not possible.
    """
    given = {"top": top, "replicates": replicates, "outer": outer, "workers": workers}
    options = [f"--{key}={value}" for key, value in given.items() if value is not None]
    options += ["--accept-code"] if accept_code else []
    result = run_cli(["promote", "--quiet", *options, "--", study], storage=storage_url(storage))
    return Promoted(
        trial=result["trial"],
        found=result["found"],
        champion=result["champion"],
        file=Path(result["file"]),
        text="\n".join(result["lines"]),
        document=result,
    )


def why(
    study: str,
    *,
    replicates: int | None = None,
    workers: int | None = None,
    accept_code: bool = False,
    storage: str | None = None,
) -> Ablated:
    """Measure which hyperparameters made the champion better than trial 0.

    Configurations between the two are trained with `replicates` common fresh seeds, by default 16,
    and compared on dev; with folds these are networks of whole cross-validations, 2 or more. Before
    a promotion the best trial stands for the champion. `accept_code` is as in `search`. Raise
    UserError if that is not possible.
    """
    given = {"replicates": replicates, "workers": workers}
    options = [f"--{key}={value}" for key, value in given.items() if value is not None]
    options += ["--accept-code"] if accept_code else []
    result = run_cli(["why", "--quiet", *options, "--", study], storage=storage_url(storage))
    return Ablated(result["changes"], result["whole"], "\n".join(result["lines"]), result)


def compare(
    *studies: str,
    top: int = 3,
    replicates: int | None = None,
    workers: int | None = None,
    accept_code: bool = False,
    storage: str | None = None,
) -> Compared:
    """Compare studies by the best `top` configurations of each, with common fresh seeds on dev.

    The studies need the same dev rows; the objective of the first is the measure. `replicates` and
    `accept_code` are as in `why`. Raise UserError if they cannot be compared.
    """
    given = {"top": top, "replicates": replicates, "workers": workers}
    options = [f"--{key}={value}" for key, value in given.items() if value is not None]
    options += ["--accept-code"] if accept_code else []
    arguments = ["compare", "--quiet", *options, "--", *studies]
    result = run_cli(arguments, storage=storage_url(storage))
    return Compared(result["best"], result["differences"], "\n".join(result["lines"]), result)


def retune(
    study: str,
    data: str | Path | Mapping[str, Any],
    *,
    name: str | None = None,
    config: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    trials: int | None = None,
    first: int = 5,
    top: int | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    accept_code: bool = False,
    storage: str | None = None,
) -> Retuned:
    """Re-tune on newer data and recommend keeping or replacing the champion.

    `data` is a file like the old one, or a mapping such as {"name": "moons", "seed": 7} if the
    study is on such a set. `config` is a file with another search space. `overrides` sets keys of
    the config; `set` is its older name. `first` is the number of old configurations to train first.
    `accept_code` is as in `search`.
    Raise UserError if that is not possible.
    """
    new_data = json.dumps(dict(data)) if isinstance(data, Mapping) else str(data)
    given = {"data": new_data, "study": name, "config": config, "trials": trials, "first": first}
    given |= {"top": top, "replicates": replicates, "workers": workers}
    options = [f"--{key}={value}" for key, value in given.items() if value is not None]
    options += ["--accept-code"] if accept_code else []
    options += [f"--set={setting}" for setting in as_settings(one_of_both(overrides, set))]
    result = run_cli(["retune", "--quiet", *options, "--", study], storage=storage_url(storage))
    low, high = result["difference"]
    text = "\n".join(result["lines"])
    return Retuned(result["verdict"] == "replace", result["renewed"], (low, high), text, result)
