"""The scores of the baselines as lines for a terminal."""

from collections.abc import Iterator, Mapping

from dnnsearch.statistics.interval import number_text, score_text
from dnnsearch.study.baselines.baseline_models import TITLES
from dnnsearch.study.baselines.baselines_file import Baselines

WIDTH = max(map(len, TITLES.values()))


def lines(baselines: Baselines | None, objective: str) -> Iterator[str]:
    """Yield a line for each baseline, and one for what was left out; none if there are none."""
    if baselines is None:
        return
    yield f"without a network, {objective}:"
    for name, figures in baselines.figures.items():
        yield f"  {TITLES[name].ljust(WIDTH)}  {figure_text(figures[objective])}"
    if baselines.note:
        yield f"  {baselines.note}"


def figure_text(figure: Mapping[str, float]) -> str:
    """Return a score with its 95 % interval, if it has one."""
    return score_text(figure) if "low" in figure else number_text(figure["value"])
