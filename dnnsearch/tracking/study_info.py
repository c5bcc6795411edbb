"""A study as MLflow's params and description: what is known at its start, and its progress.

Only data and text; does not import MLflow.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dnnsearch.tracking import test_figure
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS
from dnnsearch.trials.metrics import METRICS, Direction, best_so_far
from dnnsearch.trials.run import TrialView

MAX_TRIALS_IN_DESCRIPTION = 5
MAX_PARAM_CHARACTERS = 500  # MLflow cuts at 6,000 silently; definition.json is complete


@dataclass(frozen=True)
class StudyInfo:
    """What is known of a study before its first trial.

    `identity` distinguishes studies of the same name on one server; if it is empty, the name does.
    `digests` become tags `dnnsearch.<name>`; `dataset` and `profile` are shown as each run's data.
    """

    name: str
    experiment: str
    definition: Mapping[str, Any]
    trials: int  # how many the study shall have
    objective: str = "dev_accuracy"
    identity: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    dataset: str = "data"
    profile: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(
        default_factory=dict
    )  # name -> content, needed by other machines
    openings: Mapping[str, list[dict[str, Any]]] = field(
        default_factory=dict
    )  # id of a test set -> the entries of the study's log
    baselines: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict
    )  # title, such as `linear model` -> metric -> value
    test_metrics: Mapping[str, float] = field(default_factory=dict)  # of the champion
    test_sentences: str = ""  # the same in words; empty if nothing was promoted
    commits: Mapping[str, str] = field(default_factory=dict)  # tags on the git commits behind it

    @property
    def direction(self) -> Direction:
        """Whether a larger or a smaller objective is better."""
        return METRICS[self.objective].direction

    @property
    def metrics(self) -> list[str]:
        """The metrics that the study measures on request."""
        return list(self.definition.get("metrics") or [])

    @property
    def searched(self) -> dict[str, Any]:
        """The hyperparameters that have several values to choose from, each with its space."""
        spaces = ((key, self.definition.get(key)) for key in HYPERPARAMETERS)
        return {key: space for key, space in spaces if isinstance(space, dict | list)}

    @property
    def fewest_layers(self) -> int:
        """The number of hidden layers that every trial has."""
        layers = self.definition.get("hidden_layers", 1)
        if isinstance(layers, dict):
            return int(layers["low"])
        return min(layers) if isinstance(layers, list) else int(layers)

    def params(self) -> dict[str, str]:
        """Return the definition as params, under names that no param of a trial has."""
        params = {}
        for key, value in self.definition.items():
            text = value if isinstance(value, str) else json.dumps(value)
            is_short = len(text) <= MAX_PARAM_CHARACTERS
            params[f"study.{key}"] = text if is_short else text[: MAX_PARAM_CHARACTERS - 1] + "…"
        return params


@dataclass(frozen=True)
class TrialSummary:
    """What the progress of a study needs of a trial; `name` is for display."""

    state: str
    value: float | None
    name: str


class StudyProgress:
    """The progress of a study, from the newest view of each of its trials."""

    def __init__(self, info: StudyInfo) -> None:
        self.info = info
        self.trials: dict[int, TrialSummary] = {}

    def add(self, view: TrialView) -> None:
        value = view.value if view.state == "finished" else None
        self.trials[view.number] = TrialSummary(view.state, value, view.display_name)

    def counts(self) -> dict[str, int]:
        """Trials by state, most first."""
        states = [trial.state for trial in self.trials.values()]
        return {s: states.count(s) for s in sorted(set(states), key=lambda s: -states.count(s))}

    def best(self) -> tuple[int, TrialSummary] | None:
        """The finished trial with the best value, the first one of equals."""
        return next(iter(self.leaders(1)), None)

    def leaders(self, count: int) -> list[tuple[int, TrialSummary]]:
        """The best finished trials, the best first; of equal ones, the one asked first."""
        finished = [(n, t) for n, t in sorted(self.trials.items()) if t.value is not None]
        sort_key = self.info.direction.sort_key
        return sorted(finished, key=lambda item: sort_key(item[1].value))[:count]

    def history(self) -> Iterator[tuple[int, float]]:
        """The best value so far after each trial, as far as all trials before it have ended."""
        values = list(self._ended_values())
        for number, best in enumerate(best_so_far(values, self.info.direction)):
            if best is not None and (value := values[best]) is not None:
                yield number, value

    def _ended_values(self) -> Iterator[float | None]:
        """Return the trials' values by number, up to the first trial that has not ended."""
        for number in range(len(self.trials)):
            trial = self.trials.get(number)
            if trial is None or trial.state in ("running", "interrupted"):
                return
            yield trial.value


def description(
    progress: StudyProgress,
    state: str,
    fingerprint: str = "",
    charts: str = "",
    table: str = "",
    runs: Mapping[int, str] | None = None,
) -> str:
    """Return the parent run's description, in Markdown; MLflow shows its tables raw, lists well.

    `charts` and `table` are addresses of MLflow's saved view, `runs` has the addresses of trials by
    number.
    """
    info = progress.info
    counts = ", ".join(f"{count} {name}" for name, count in progress.counts().items())
    lines = test_figure.paragraphs(info.test_sentences)
    lines += [
        f"**{state}**: {len(progress.trials)} of {info.trials} trials ({counts or 'none yet'})"
    ]
    if charts and table:
        lines += [f"[**Charts**]({charts}) and [**table**]({table}) of all trials"]
    commands = [f"dnnsearch show {info.name}", f"dnnsearch verify {info.name}"]
    best = progress.best()
    if best is not None:
        number, trial = best
        lines += [f"Best: trial `{trial.name}` with {info.objective} {trial.value:.6g}"]
        commands += [f"dnnsearch rerun {info.name}/{number}"]
    if runs:
        lines += [leaderboard(progress, runs)]
    lines += ["```\n" + "\n".join(commands) + "\n```"]
    if fingerprint:
        lines += [f"Fingerprint: `{fingerprint}`"]
    return "\n\n".join(lines)


def leaderboard(progress: StudyProgress, runs: Mapping[int, str]) -> str:
    """Return the best trials as a list in Markdown; each name is a link to its run."""
    leaders = [
        (runs[n], trial) for n, trial in progress.leaders(MAX_TRIALS_IN_DESCRIPTION) if n in runs
    ]
    rows = [f"1. [{trial.name}]({run}): {trial.value:.6g}" for run, trial in leaders]
    return "\n".join([f"The best by {progress.info.objective}:", "", *rows])
