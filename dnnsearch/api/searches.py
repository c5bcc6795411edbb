"""`search`: a study from a config, a file or a mapping; `try_config`: one more trial of it."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dnnsearch.api.new_file import one_of_both
from dnnsearch.api.results import Study, Trial
from dnnsearch.config import yaml_file
from dnnsearch.config.config import Config, load_config, parse_config
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import run_cli
from dnnsearch.study.stored_study import open_study
from dnnsearch.urls import STORAGE_VARIABLE, storage_url


def search(
    config: str | Path | Mapping[str, Any],
    *,
    trials: int | None = None,
    seconds: float | None = None,
    stop_after: int | None = None,
    workers: int | str | None = None,
    study: str | None = None,
    storage: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    retry_failed: bool = False,
    accept_code: bool = False,
    quiet: bool = False,
) -> Study:
    """Run or resume a study, up to `trials` trials in total; print its progress unless `quiet`.

    `config` is the path of a YAML file, a name such as `digits` as the command takes it, or the
    content as a mapping, which then must name the study. No new trial starts after `seconds`, or
    once `stop_after` trials in a row have gained nothing. `workers` is a number of processes, or
    the address of a Dask scheduler. `overrides` sets keys of the config, as in {"split.dev": 0.3};
    `set` is its older name. `retry_failed` runs each failed trial again under a new number. With
    `accept_code` a study goes on although other code of this package computed it. KeyboardInterrupt
    stops the search cleanly; the same call resumes it. Raise UserError for everything that the
    command `search` refuses.
    """
    storage = storage or os.environ.get(STORAGE_VARIABLE)
    named = {"trials": trials, "workers": workers, "study": study}
    named["stop_after"] = stop_after
    changes = yaml_file.as_settings({**named, **one_of_both(overrides, set)})
    loaded = _load(config, [*changes, *yaml_file.as_settings({"storage": storage})])
    options = [f"--set={change}" for change in changes]
    options += [] if seconds is None else [f"--for={seconds}"]
    options += ["--retry-failed"] if retry_failed else []
    options += ["--accept-code"] if accept_code else []
    with _as_file(config, loaded) as path:
        report = (lambda line: None) if quiet else print
        run_cli(["search", *options, "--", str(path)], report, storage)
    return Study(open_study(loaded.study, loaded.storage))


def try_config(
    study: str,
    hyperparameters: Mapping[str, Any],
    *,
    workers: int | str | None = None,
    storage: str | None = None,
    accept_code: bool = False,
    quiet: bool = False,
) -> Trial:
    """Train a configuration of your own as the next trial of a study; return the trial.

    `hyperparameters` are searched ones, as in {"learning_rate": 0.1, "units": [64, 32]}; the others
    have their default values, as in `try_first`. The rest is as in `search`. Raise UserError if it
    lies outside of the search space, or if another process works on the study.
    """
    options = [f"--set={setting}" for setting in yaml_file.as_settings(hyperparameters)]
    options += [] if workers is None else [f"--workers={workers}"]
    options += ["--accept-code"] if accept_code else []
    options += ["--quiet"] if quiet else []
    report = (lambda line: None) if quiet else print
    url = storage_url(storage)
    result = run_cli(["try", *options, "--", study], report, url)
    return Study(open_study(study, url))[result["trial"]]


def _load(config: str | Path | Mapping[str, Any], changes: list[str]) -> Config:
    """Return the config, checked before a process is started for it."""
    if not isinstance(config, Mapping):
        return load_config(config, changes)
    document, _ = yaml_file.override(dict(config), changes)
    if "study" not in document:
        raise UserError("config: study: must be given if the config is not a file")
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
