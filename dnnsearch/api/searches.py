"""`search`: a study from a config's file, or from a mapping."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dnnsearch.api.cli_call import ignore
from dnnsearch.api.results import Study
from dnnsearch.config import yaml_file
from dnnsearch.config.config import Config, load_config, parse_config
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import run_cli
from dnnsearch.study.stored_study import open_study


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
        code, said = run_cli(arguments, ignore if quiet else print, storage)
    if code != 0:
        raise RuntimeError(said)
    return Study(open_study(loaded.study, loaded.storage))


def _load(config: str | Path | Mapping[str, Any], settings: list[str]) -> Config:
    """The config, checked before a process is started for it."""
    if not isinstance(config, Mapping):
        return load_config(config, settings)
    document, _ = yaml_file.override(dict(config), settings)
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
