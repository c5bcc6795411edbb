"""What MLflow is told of a whole study: the card that it starts with and how it stands now.

Pure data and text; does not import MLflow.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dnnsearch.trials.metrics import METRICS, Direction, best_so_far
from dnnsearch.trials.run import TrialView

LEADERS = 5  # trials that the description names
LONGEST_PARAM = 500  # MLflow cuts at 6,000 without a word; the artifact has all of it


@dataclass(frozen=True)
class StudyInfo:
    """What is known of a study before its first trial.

    `identity` tells apart two studies of one name on one server; empty: the name is enough.
    `digests` become tags `dnnsearch.<name>`; `dataset` and `profile` are shown as each run's data.
    """

    name: str
    experiment: str
    definition: Mapping[str, Any]
    trials: int  # wanted in all
    objective: str = "dev_accuracy"
    identity: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    dataset: str = "data"
    profile: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)  # that other machines need

    @property
    def direction(self) -> Direction:
        """Whether a larger or a smaller objective is better."""
        return METRICS[self.objective].direction

    @property
    def searched(self) -> list[str]:
        """The keys of the definition that have several values to choose from."""
        return [key for key, value in self.definition.items() if isinstance(value, dict | list)]

    def params(self) -> dict[str, str]:
        """The definition as params, under names that no trial's param has."""
        return {f"study.{key}": _cut(value) for key, value in self.definition.items()}


def _cut(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= LONGEST_PARAM else text[: LONGEST_PARAM - 1] + "…"


@dataclass(frozen=True)
class TrialSummary:
    """What the standing keeps of a trial."""

    state: str
    value: float | None
    name: str


class StudyProgress:
    """How a study stands, from the views of its trials; the newest view of each counts."""

    def __init__(self, card: StudyInfo) -> None:
        self.card = card
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
        sort_key = self.card.direction.sort_key
        return sorted(finished, key=lambda item: sort_key(item[1].value))[:count]

    def history(self) -> Iterator[tuple[int, float]]:
        """The best value so far after each trial, as far as all trials before it have ended."""
        values = list(self._ended_values())
        for number, best in enumerate(best_so_far(values, self.card.direction)):
            if best is not None and (value := values[best]) is not None:
                yield number, value

    def _ended_values(self) -> Iterator[float | None]:
        """The trials' values by number, up to the first trial that has not ended."""
        for number in range(len(self.trials)):
            trial = self.trials.get(number)
            if trial is None or trial.state in ("running", "interrupted"):
                return
            yield trial.value


def description(
    standing: StudyProgress,
    state: str,
    fingerprint: str = "",
    view: str = "",
    runs: Mapping[int, str] | None = None,
) -> str:
    """The parent run's description, in Markdown.

    `view` is the address of MLflow's saved view, `runs` are those of trials by number.
    """
    card = standing.card
    counts = ", ".join(f"{count} {name}" for name, count in standing.counts().items())
    lines = [
        f"**{state}**: {len(standing.trials)} of {card.trials} trials ({counts or 'none yet'})"
    ]
    commands = [f"dnnsearch show {card.name}", f"dnnsearch verify {card.name}"]
    best = standing.best()
    if best is not None:
        number, trial = best
        lines += [f"Best: trial `{trial.name}` with {card.objective} {trial.value:.6g}"]
        commands += [f"dnnsearch rerun {card.name}/{number}"]
    if runs:
        lines += [leaderboard(standing, runs)]
    if view:
        lines += [f"[All trials, best first]({view})"]
    lines += ["```\n" + "\n".join(commands) + "\n```"]
    if fingerprint:
        lines += [f"Fingerprint: `{fingerprint}`"]
    return "\n\n".join(lines)


def leaderboard(standing: StudyProgress, runs: Mapping[int, str]) -> str:
    """The best few trials as a table in Markdown, each a link to its run."""
    leaders = [(runs[n], trial) for n, trial in standing.leaders(LEADERS) if n in runs]
    rows = [f"| [{trial.name}]({run}) | {trial.value:.6g} |" for run, trial in leaders]
    return "\n".join([f"| trial | {standing.card.objective} |", "| :- | -: |", *rows])
