"""A study looked at from all sides; each look is taken once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from optuna.trial import FixedTrial, FrozenTrial

from dnnsearch.config.search_space import suggest
from dnnsearch.reporting.analysis.boundaries import Edge, edges
from dnnsearch.reporting.analysis.chance_level import Chance, chance
from dnnsearch.reporting.analysis.divergence import Divergence, divergence
from dnnsearch.reporting.analysis.importance import DRAWS, Importance, by_depth, importance
from dnnsearch.reporting.analysis.report_data import Material
from dnnsearch.reporting.analysis.ties import ties
from dnnsearch.reporting.analysis.undertrained import Falling, falling


@dataclass(frozen=True)
class Views:
    """What there is to say about a study."""

    chance: Chance | None
    ties: list[int]
    edges: list[Edge]
    divergence: Divergence
    falling: Falling
    importance: Importance | None


def look(
    material: Material, draws: int = DRAWS, say: Callable[[str], object] = lambda text: None
) -> Views:
    """`draws` of the trials make the intervals of the importance; `say` is told of long work."""
    say("looking for warnings")
    warned = (chance(material), ties(material), edges(material), divergence(material))
    say("weighing the hyperparameters")
    return Views(*warned, falling(material), importance(material.trials, draws))


def look_deeper(material: Material, views: Views, draws: int = DRAWS) -> Mapping[int, Importance]:
    """Depth -> importance among its trials, where some layers are not in all trials."""
    if not views.importance or not views.importance.missing:
        return {}
    return by_depth(material.trials, lambda trial: _depth(material, trial), draws)


def _depth(material: Material, trial: FrozenTrial) -> int:
    return suggest(FixedTrial(trial.params), material.config).hidden_layers
