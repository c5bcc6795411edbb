"""The scores of the baselines as lines for a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from dnnsearch.statistics.interval import number_text, score_text
from dnnsearch.study.baselines.baseline_models import SUBJECTS, TITLES
from dnnsearch.study.baselines.baselines_file import Baselines
from dnnsearch.study.evaluation_log import on_test
from dnnsearch.trials.metrics import METRICS

Figure = Mapping[str, float]  # value, low, high

WIDTH = max(map(len, TITLES.values()))


def lines(baselines: Baselines | None, objective: str, best: float | None = None) -> Iterator[str]:
    """Yield a line for each baseline, and one for what was left out; none if there are none.

    If one of them is better than the value of the best trial, the last line says so.
    """
    if baselines is None:
        return
    yield f"without a network, {objective}:"
    for name, figures in baselines.figures.items():
        yield f"  {TITLES[name].ljust(WIDTH)}  {figure_text(figures[objective])}"
    if baselines.note:
        yield f"  {baselines.note}"
    better = [name for name in baselines.figures if _is_better(baselines, name, objective, best)]
    if better:
        yield f"  note: {_are(better)} better than the best trial, by the value on dev"


def _are(names: Sequence[str]) -> str:
    """Return such as `a linear model is` or `a linear model and boosted trees are`."""
    subjects = " and ".join(SUBJECTS[name] for name in names)
    return f"{subjects} {'are' if len(names) > 1 or subjects.endswith('s') else 'is'}"


def better_on_test(
    baselines: Mapping[str, Mapping[str, Figure]], ensemble: Figure, objective: str
) -> Iterator[str]:
    """Yield a sentence for each baseline that is better than the ensemble on the same test rows.

    `baselines` has a figure by name and metric. The sentence says whether the 95 % intervals tell
    the two apart.
    """
    better = METRICS[objective].direction.better
    for name, figures in baselines.items():
        one = figures.get(objective)
        if one is None or not better(one["value"], ensemble["value"]):
            continue
        if one["low"] > ensemble["high"] or one["high"] < ensemble["low"]:
            intervals = "their 95 % intervals do not overlap, so this is hardly chance"
        else:
            intervals = "their 95 % intervals overlap, so they do not tell the two apart"
        yield f"{_are([name])} better than the ensemble, by {on_test(objective)}; {intervals}"


def _is_better(baselines: Baselines, name: str, objective: str, best: float | None) -> bool:
    value = baselines.figures[name][objective]["value"]
    return best is not None and METRICS[objective].direction.better(value, best)


def how_to_fit(command: str) -> str:
    """Return the line for a study without baselines; `command` is that of its report."""
    title = "guessing, a linear model and boosted trees"
    why = "a search does not wait long for them"
    return f"{title} are not fitted yet, because {why}; to compare with them: {command}"


def figure_text(figure: Mapping[str, float]) -> str:
    """Return a score with its 95 % interval, if it has one."""
    return score_text(figure) if "low" in figure else number_text(figure["value"])
