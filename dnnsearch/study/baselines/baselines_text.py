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

    The last lines say how they compare with the best trial.
    """
    if baselines is None:
        return
    yield f"without a network, {objective}:"
    for name, figures in baselines.figures.items():
        yield f"  {TITLES[name].ljust(WIDTH)}  {figure_text(figures[objective])}"
    if baselines.note:
        yield f"  {baselines.note}"
    yield from (f"  note: {said}" for said in notes(baselines, objective, best))


def notes(baselines: Baselines, objective: str, best: float | None) -> Iterator[str]:
    """Yield how the baselines compare with the best trial: those better, those as good.

    If there are none, the best of them, if it has an interval.
    """
    if better := baselines.better(objective, best):
        yield f"{_are(better)} better than the best trial, by the value on dev"
    if as_good := baselines.as_good(objective, best):
        its = "their 95 % intervals" if len(as_good) > 1 else "the 95 % interval"
        yield f"{_are(as_good)} as good as the best trial, whose value lies within {its}"
    if best is not None and not better and not as_good:
        yield from _best_trial_ahead(baselines, objective, best)


def _best_trial_ahead(baselines: Baselines, objective: str, best: float) -> Iterator[str]:
    """Yield whether the best trial is ahead of the best fitted baseline by more than chance."""
    name = baselines.best(objective)
    if name is None:
        return
    interval = f"the 95 % interval of the {TITLES[name]}"
    if baselines.holds(name, objective, best):
        why = f"the best trial's value lies within {interval}"
        yield f"the best trial and {SUBJECTS[name]} are not distinguishable: {why}"
    else:
        why = f"its value lies outside of {interval}"
        yield f"the best trial is better than {SUBJECTS[name]}: {why}"


def _are(names: Sequence[str], one: str = "is", several: str = "are") -> str:
    """Return such as `a linear model is` or `a linear model and boosted trees are`."""
    subjects = " and ".join(SUBJECTS[name] for name in names)
    return f"{subjects} {several if len(names) > 1 or subjects.endswith('s') else one}"


def better_on_test(
    baselines: Mapping[str, Mapping[str, Figure]], ensemble: Mapping[str, Figure], objective: str
) -> Iterator[str]:
    """Yield a sentence for each baseline with a better objective than the ensemble's, same rows.

    Another one names all further metrics in which a baseline is better. `baselines` has a figure
    by name and metric, `ensemble` by metric. A sentence says that one is better only if the 95 %
    intervals tell the two apart.
    """
    own, metric = ensemble[objective], on_test(objective)
    for name, figures in baselines.items():
        one = figures.get(objective)
        if one is None or not METRICS[objective].direction.better(one["value"], own["value"]):
            continue
        if _is_clearly_better(one, own, objective):
            why = "their 95 % intervals do not overlap, so this is hardly chance"
            yield f"{_are([name])} better than the ensemble, by {metric}; {why}"
        else:
            ahead = f"{_are([name], 'has', 'have')} the better {metric}"
            yield f"{ahead}, but not beyond chance: the 95 % intervals overlap"
    yield from _better_in_others(baselines, ensemble, objective)


def _better_in_others(
    baselines: Mapping[str, Mapping[str, Figure]], ensemble: Mapping[str, Figure], objective: str
) -> Iterator[str]:
    """Yield a sentence on the metrics, without the objective, in which a baseline is better."""
    said: list[str] = []
    ahead: set[str] = set()
    for metric, own in ensemble.items():
        found = {name: figures[metric] for name, figures in baselines.items() if metric in figures}
        better = [n for n, one in found.items() if _is_clearly_better(one, own, metric)]
        if metric != objective and better:
            ahead |= {*better}
            values = (f"{TITLES[name]} {number_text(found[name]['value'])}" for name in better)
            of_ensemble = f"the ensemble {number_text(own['value'])}"
            said.append(f"{on_test(metric)} ({', '.join(values)}, {of_ensemble})")
    if said:
        who = f"{_are([name for name in baselines if name in ahead])} better than the ensemble"
        which = f"{'a metric' if len(said) == 1 else 'metrics'} that the search did not optimise"
        yield f"{who} by {which}: {', '.join(said)}; their 95 % intervals do not overlap"


def _is_clearly_better(one: Figure, other: Figure, metric: str) -> bool:
    """Return whether a figure is better than another one, and their intervals do not overlap."""
    if METRICS[metric].direction.maximize:
        return one["low"] > other["high"]
    return one["high"] < other["low"]


def how_to_fit() -> str:
    """Return the line for a study without baselines, above the command of its report."""
    title = "guessing, a linear model and boosted trees"
    why = "a search does not wait long for them"
    return f"{title} are not fitted yet, because {why}; the HTML report compares with them"


def figure_text(figure: Mapping[str, float]) -> str:
    """Return a score with its 95 % interval, if it has one."""
    return score_text(figure) if "low" in figure else number_text(figure["value"])
