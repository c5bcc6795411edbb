"""dnnsearch from Python: the commands under the same names.

What computes or deletes is done by our own program in a process of its own, with pinned numerics;
nothing is searched in the caller's process, and its `__main__` is never looked at. Reading and
predicting happen here.
"""

import builtins
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnnsearch import beginning, removal, tracking, yamlfile
from dnnsearch.config import Config, load_config, parse_config
from dnnsearch.errors import UserError
from dnnsearch.leaderboard import leaderboards
from dnnsearch.program import run
from dnnsearch.results import Study, Trial
from dnnsearch.study.reading import open_study

if TYPE_CHECKING:
    import pandas as pd

STORAGE = "sqlite:///optuna.db"


@dataclass(frozen=True)
class Verdict:
    """What a rerun or a verification found, and its text."""

    identical: bool
    text: str


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


def new(
    data: str | Path,
    target: str | int | None = None,
    *,
    name: str | None = None,
    test: str | Path | None = None,
    set: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> Path:
    """Write configs/NAME.yaml for a file, print what was found in it, and return the config's path.

    `target` is a column's name, or its number from 0 (-1 is the last); `test` an official test
    file; `set` gives keys, as in {"data.task": "regression"}. Raises UserError, and writes nothing,
    for whatever is wrong with the file.
    """
    settings = [f"{key}={json.dumps(value)}" for key, value in (set or {}).items()]
    wanted = None if target is None else str(target)
    begun = beginning.new(str(data), wanted, name, None if test is None else str(test), settings)
    for line in begun.lines:
        (_ignore if quiet else print)(line)
    return begun.path


def search(
    config: str | Path | Mapping[str, Any],
    *,
    trials: int | None = None,
    seconds: float | None = None,
    workers: int | str | None = None,
    study: str | None = None,
    storage: str | None = None,
    set: Mapping[str, Any] | None = None,
    retry_failed: bool = False,
    quiet: bool = False,
) -> Study:
    """Run a study, or go on with it, to `trials` trials in all; its progress is printed.

    `config` is the path of a YAML file, or its content as a mapping, which then has to name the
    study. Begins no trial after `seconds`. `workers` is a number of processes, or the address of a
    Dask scheduler. `set` gives keys of the config other values, as in {"split.dev": 0.3}.
    `retry_failed` tries each failed trial again under a new number. KeyboardInterrupt stops the
    search in order, and the same call goes on with it. Raises UserError for everything that the
    command `search` refuses.
    """
    storage = storage or os.environ.get("DNNSEARCH_STORAGE")
    given = {"trials": trials, "workers": workers, "study": study, **(set or {})}
    settings = [f"{key}={json.dumps(v)}" for key, v in given.items() if v is not None]
    where = [f"storage={json.dumps(storage)}"] if storage else []
    loaded = _load(config, settings + where)
    more = [] if seconds is None else [f"--for={seconds}"]
    more += ["--retry-failed"] if retry_failed else []
    with _as_file(config, loaded) as path:
        options = [f"--set={setting}" for setting in settings]
        arguments = ["search", *options, *more, "--", str(path)]
        code, said = run(arguments, _ignore if quiet else print, storage)
    if code != 0:
        raise RuntimeError(said)
    return Study(open_study(loaded.study, loaded.storage))


def _ignore(line: str) -> None:
    pass


def _load(config: str | Path | Mapping[str, Any], settings: builtins.list[str]) -> Config:
    """The config, checked before a process is started for it."""
    if not isinstance(config, Mapping):
        return load_config(config, settings)
    document, _ = yamlfile.override(dict(config), settings)
    if "study" not in document:
        raise UserError("config: study: must be given where the config is no file")
    return parse_config(document, "config", "study")


@contextmanager
def _as_file(config: str | Path | Mapping[str, Any], loaded: Config) -> Iterator[Path]:
    if not isinstance(config, Mapping):
        yield Path(config)
        return
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
        path = Path(folder, f"{loaded.study}.yaml")
        path.write_text(json.dumps(loaded.document()), encoding="utf-8")
        yield path


def load(name: str, *, storage: str | None = None) -> Any:
    """A Study for STUDY, a Trial for STUDY/NUMBER; raises UserError when there is none."""
    study, slash, number = name.rpartition("/")
    if not slash:
        return Study(open_study(name, _storage(storage)))
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise UserError(f"a trial is STUDY/NUMBER, such as digits/17, but got {name!r}")
    return Study(open_study(study, _storage(storage)))[int(number)]


def list(*, storage: str | None = None) -> "pd.DataFrame":
    """The studies: name, objective, best value, its trial, number of trials."""
    import pandas as pd

    columns = ["study", "objective", "best", "trial", "trials"]
    rows = []
    for board in leaderboards(_storage(storage)):
        first = board.ranked[0] if board.ranked else None
        value, number = (first.value, first.number) if first else (None, None)
        rows.append([board.study, board.objective, value, number, len(board.rows)])
    return pd.DataFrame(rows, columns=columns)


def show(
    study: str,
    *others: str,
    where: Sequence[str] | str = (),
    state: Sequence[str] | str = (),
    sort: str | None = None,
    storage: str | None = None,
) -> "pd.DataFrame":
    """Every trial with every column, the best first, of one study or of several.

    `where` is one condition such as "learning_rate<0.1", or several; `state` one or several of
    finished, pruned, diverged, failed, unfinished; `sort` a column, descending with a "-" before
    it. The column `tied` says what the dev set cannot tell from the best; with several studies the
    first column is `study`. Raises UserError for a condition or a column that there is not.
    """
    import pandas as pd

    from dnnsearch.listing import all_columns, records
    from dnnsearch.reporting.showing import with_ties
    from dnnsearch.selection import select

    conditions, states = (
        [given] if isinstance(given, str) else [*given] for given in (where, state)
    )
    names = dict.fromkeys([study, *others])
    every = [with_ties(open_study(name, _storage(storage))) for name in names]
    boards = [select(board, conditions, states, sort) for board in every]
    return pd.DataFrame([*records(boards)], columns=all_columns(boards))


def best(study: str, *, storage: str | None = None) -> Trial:
    """The best trial of a study; raises UserError while none has finished."""
    return Study(open_study(study, _storage(storage))).best


def fingerprint(study: str, trials: int | None = None, *, storage: str | None = None) -> str:
    """The fingerprint of a study, or of its first so many trials."""
    return open_study(study, _storage(storage)).fingerprint(trials)


def rerun(run_: str, *, storage: str | None = None) -> Verdict:
    """Train a trial again, STUDY/NUMBER or the id of an MLflow run, and compare everything.

    Raises UserError where that cannot be done.
    """
    return _verdict(["rerun", "--", run_], _storage(storage))


def verify(study: str, *, storage: str | None = None) -> Verdict:
    """Run a whole study again, compare everything; UserError where that cannot be done."""
    return _verdict(["verify", "--quiet", "--", study], _storage(storage))


def _verdict(arguments: builtins.list[str], storage: str) -> Verdict:
    code, said = run(arguments, _ignore, storage)
    if code not in (0, 1) or "Traceback" in said:
        raise RuntimeError(said)
    return Verdict(code == 0, said)


def report(*studies: str, out: str | Path | None = None, storage: str | None = None) -> Path:
    """Write the report on a study, or one that compares several, as one HTML file.

    It is also laid beside the studies in MLflow, where they are there. Returns the file, by default
    report-STUDY.html here. Raises UserError where a record is missing or damaged.
    """
    given = [] if out is None else [f"--out={out}"]
    arguments = ["report", "--quiet", *given, "--", *studies]
    _, said = run(arguments, _ignore, _storage(storage))
    if "Traceback" in said:
        raise RuntimeError(said)
    return Path(said.splitlines()[-1])


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
    given = [f"--top={top}", f"--replicates={replicates}", f"--storage={_storage(storage)}"]
    given += [] if workers is None else [f"--workers={workers}"]
    code, said = run(["promote", "--json", *given, "--", study], _ignore)
    if code not in (0, 1) or "Traceback" in said:
        raise RuntimeError(said)
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
    texts = {"data": new_data, "study": name, "config": config, "storage": _storage(storage)}
    given = [f"--{key}={value}" for key, value in {**texts, **numbers}.items() if value is not None]
    given += [f"--set={key}={json.dumps(value)}" for key, value in (set or {}).items()]
    code, said = run(["retune", "--json", *given, "--", study], _ignore)
    if code != 0:
        raise RuntimeError(said)
    found = json.loads(said.splitlines()[-1])
    low, high = found["difference"]
    text = "\n".join(found["lines"])
    return Retuned(found["verdict"] == "replace", found["renewed"], (low, high), text, found)


def publish(study: str, tracking: str | None = None, *, storage: str | None = None) -> str:
    """Send MLflow, at the URI `tracking` or where the study is tracked, all that it lacks."""
    where = [] if tracking is None else [f"--tracking={tracking}"]
    _, said = run(["publish", *where, "--", study], _ignore, _storage(storage))
    return said


def predict(
    model: str,
    data: "str | Path | pd.DataFrame",
    out: str | Path | None = None,
    *,
    missing: str = "refuse",
    tracking: str | None = None,
    storage: str | None = None,
) -> "pd.DataFrame | Path":
    """A table with a model's answers behind its own columns, which stay as they are.

    `model` is what the command takes, `data` a DataFrame or a file. Returns a DataFrame, with text
    as text, or writes `out` and returns its path. Raises UserError for all that is refused.
    """
    import pandas as pd

    from dnnsearch import prediction
    from dnnsearch.modelnames import find

    prediction.check_way(missing)
    found = find(model, _storage(storage), tracking)
    if isinstance(data, pd.DataFrame):
        parts = iter([prediction.predict_table(found, data, missing)])
    else:
        parts = prediction.predict_file(found, Path(data), missing)
    if out is None:
        return pd.concat(parts)
    prediction.write(parts, Path(out))
    return Path(out)


def serve(
    model: str, port: int = 5001, *, tracking: str | None = None, storage: str | None = None
) -> "subprocess.Popen[bytes]":
    """Serve what `predict` takes on 127.0.0.1; returns MLflow's running process."""
    from dnnsearch.modelnames import find
    from dnnsearch.serving import command

    started = command(find(model, _storage(storage), tracking), port)
    return subprocess.Popen(started.argv, env=started.environment)


def rm(study: str, *, storage: str | None = None) -> str:
    """Remove a study with its records and its runs in MLflow, without asking."""
    _, said = run(["rm", "--yes", "--", study], _ignore, _storage(storage))
    return said


def clean() -> str:
    """Empty the cache of prepared data; what is needed is prepared again."""
    return removal.empty_cache()


def ui(port: int = 5000, *, uri: str | None = None) -> "subprocess.Popen[bytes]":
    """Start MLflow's UI on 127.0.0.1; returns the running process."""
    where = tracking.tracking_uri(uri)
    command = tracking.ui_command(where, port)
    tracking.prepare_database(where)
    return subprocess.Popen(command.argv, env=command.environment)


def _storage(given: str | None) -> str:
    return given or os.environ.get("DNNSEARCH_STORAGE") or STORAGE
