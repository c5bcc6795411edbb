"""A study looked at from all sides; each look is taken once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from dnnsearch.config.search_space import complete
from dnnsearch.reporting.analysis.boundaries import BoundaryHit, boundary_hits
from dnnsearch.reporting.analysis.chance_level import Chance, chance
from dnnsearch.reporting.analysis.divergence import Divergence, divergence
from dnnsearch.reporting.analysis.importance import DRAWS, Importance, by_depth, importance
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.ties import ties
from dnnsearch.reporting.analysis.undertrained import Undertrained, find_undertrained


@dataclass(frozen=True)
class Analyses:
    """What there is to say about a study."""

    chance: Chance | None
    ties: list[int]
    edges: list[BoundaryHit]
    divergence: Divergence
    falling: Undertrained
    importance: Importance | None


def analyse(
    material: ReportData, draws: int = DRAWS, say: Callable[[str], object] = lambda text: None
) -> Analyses:
    """`draws` of the trials make the intervals of the importance; `say` is told of long work."""
    say("looking for warnings")
    warned = (chance(material), ties(material), boundary_hits(material), divergence(material))
    say("weighing the hyperparameters")
    return Analyses(*warned, find_undertrained(material), importance(material.trials, draws))


def analyse_deeper(
    material: ReportData, views: Analyses, draws: int = DRAWS
) -> Mapping[int, Importance]:
    """Depth -> importance among its trials, where some layers are not in all trials."""
    if not views.importance or not views.importance.missing:
        return {}
    return by_depth(material.trials, lambda trial: _depth(material, trial), draws)


def _depth(material: ReportData, trial: FrozenTrial) -> int:
    return complete(trial.params, material.config).hidden_layers
