"""The commands that can follow a search, as they can be pasted.

A study that is not in the default storage, or not in the default MLflow, is named with its place.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dnnsearch.runtime.cli_process import program_name
from dnnsearch.urls import UNTRACKED, storage_url, tracking_uri, without_password

if TYPE_CHECKING:
    from dnnsearch.config.config import Config
    from dnnsearch.study.leaderboard.ranking import Leaderboard, Row
    from dnnsearch.study.stored_study import OpenStudy


def next_commands(
    config: "Config", study: str, best: int | None, champion: int | None = None
) -> list[str]:
    """Return a line for each command; `best` is the number of the best trial, if there is one.

    If the study has a champion, of this trial, the commands that use it are in place of `promote`.
    """
    if best is None:
        return _in_mlflow(config)
    has_none, retuning = champion is None, f"{command_on('retune', config, study)} --data NEW.csv"
    return [
        _line("all trials", command_on("show", config, study)),
        _line("HTML report", command_on("report", config, study)),
        *([_promotion(config, study)] if has_none else _using_champion(config, study)),
        *([] if has_none else [_line("re-tune on newer data", retuning)]),
        _line("best configuration", command_on("best", config, study)),
        _explanation(config, study),
        _rerun(config, study, best),
        *_in_mlflow(config),
    ]


def after_import(study: "OpenStudy", best: int | None) -> list[str]:
    """Return a line for each command that can follow an import; last those that need its data.

    If the data are not here, a line before these says so.
    """
    from dnnsearch.data.files.source import PATHS
    from dnnsearch.deployment.champion import champion_path

    config, name = study.config, study.name
    model = name if champion_path(study).is_file() else f"{name}/{best}"
    files = [str(config.data[key]) for key in PATHS if config.data.get(key)]
    absent = [file for file in files if not Path(file).exists()]
    has_best = best is not None
    return [
        _line("its trials", command_on("show", config, name)),
        *([_prediction(config, model)] if has_best else ()),
        *([_line("best configuration", command_on("best", config, name))] if has_best else ()),
        *([_line("HTML report", command_on("report", config, name))] if has_best else ()),
        *_in_mlflow(config),
        *([f"once its data are here, as {', '.join(absent)}:"] if absent else ()),
        _line("train all of it again", command_on("verify", config, name)),
        *(_training(config, name, best) if best is not None else ()),
    ]


def after_promotion(config: "Config", study: str) -> list[str]:
    """Return a line for each command that uses the champion, or shows its test figure."""
    return [
        *_using_champion(config, study),
        _line("report with the figure", command_on("report", config, study)),
    ]


def after_trial(study: "OpenStudy", row: "Row") -> list[str]:
    """Return a line for each command that takes this trial: none before it has ended."""
    if not row.digest:
        return []
    name = f"{study.name}/{row.number}"
    again = _line("train it again", command_on("rerun", study.config, name))
    return [again, *([] if row.value is None else [_prediction(study.config, name)])]


def comparing(studies: Sequence["OpenStudy"]) -> list[str]:
    """Return the line of `compare`, if the studies can have the same dev rows."""
    keys = ("split_digest", "folds")
    if len({tuple(map(study.definition.get, keys)) for study in studies}) > 1:
        return []
    *others, last = (study.name for study in studies)
    command = command_on(" ".join(["compare", *map(shlex.quote, others)]), studies[-1].config, last)
    return [f"to train the best of each anew, with the same fresh seeds: {command}"]


def champion_line(config: "Config", board: "Leaderboard") -> list[str]:
    """Return the line that names the champion's trial, and the report for its test figure."""
    if board.champion is None:
        return []
    report = command_on("report", config, board.study)
    return [f"champion: trial {board.champion}; its test figure is in the report: {report}"]


def _using_champion(config: "Config", study: str) -> list[str]:
    return [
        _prediction(config, study),
        _line("answer over HTTP", command_on("serve", config, study)),
    ]


def _prediction(config: "Config", model: str) -> str:
    """Return the line of `predict`; a set of scikit-learn's has no file of new rows."""
    from dnnsearch.data.files.source import BUNDLED, data_name, rows_to_predict

    rows = rows_to_predict(config.data)
    is_known = data_name(config.data) in BUNDLED and "file" not in config.data
    label = "predict rows it knows" if is_known else "predict for new rows"
    return _line(label, f"{command_on('predict', config, model)} {rows}")


def _line(label: str, command: str) -> str:
    return f"  {f'{label}:':24}{command}"


def _training(config: "Config", study: str, best: int) -> list[str]:
    """Return the lines of the commands that read the data of the study."""
    return [
        _promotion(config, study),
        _explanation(config, study),
        _rerun(config, study, best),
    ]


def _promotion(config: "Config", study: str) -> str:
    """Return the line of `promote`, which ends with the commands that predict and serve."""
    return _line("model to predict with", command_on("promote", config, study))


def _explanation(config: "Config", study: str) -> str:
    return _line("what the columns do", command_on("explain", config, study))


def _rerun(config: "Config", study: str, best: int) -> str:
    return _line("train the best again", command_on("rerun", config, f"{study}/{best}"))


def _in_mlflow(config: "Config") -> list[str]:
    mlflow = _mlflow(config.tracking)
    return [_line("compare all in MLflow", mlflow)] if mlflow else []


def command_on(command: str, config: "Config", study: str) -> str:
    """Return a command on a study, or on one of its trials, that finds it in its storage."""
    url = without_password(config.storage)
    at = "" if url == without_password(storage_url()) else f" --storage {shlex.quote(url)}"
    return f"{program_name()} {command} {shlex.quote(study)}{at}"


def _mlflow(uri: str) -> str:
    """Return how to look at MLflow, empty if the study is not there; a server has its own UI."""
    if uri == UNTRACKED:
        return ""
    if uri == tracking_uri():
        return f"{program_name()} ui"
    url = without_password(uri)
    is_server = url.startswith(("http:", "https:"))
    return url if is_server else f"{program_name()} ui --tracking {shlex.quote(url)}"
