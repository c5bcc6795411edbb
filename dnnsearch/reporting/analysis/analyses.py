"""All analyses of a study, each computed once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dnnsearch.config.search_space import complete
from dnnsearch.reporting.analysis.baseline_comparison import BaselineComparison, baseline_comparison
from dnnsearch.reporting.analysis.boundaries import BoundaryHit, boundary_hits
from dnnsearch.reporting.analysis.chance_level import ChanceLevel, chance, ranking
from dnnsearch.reporting.analysis.divergence import Divergence, divergence
from dnnsearch.reporting.analysis.importance import DRAWS, Importance, by_depth, importance
from dnnsearch.reporting.analysis.known_examples import KnownExamples, known_examples
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.ties import ties
from dnnsearch.reporting.analysis.undertrained import Undertrained, find_undertrained


@dataclass(frozen=True)
class Analyses:
    """The results on which findings, verdict and plots are based."""

    chance: ChanceLevel | None  # of the objective
    ranking: ChanceLevel | None  # of ROC AUC
    baselines: BaselineComparison | None
    ties: list[int]
    known: KnownExamples | None
    boundary_hits: list[BoundaryHit]
    divergence: Divergence
    undertrained: Undertrained
    importance: Importance | None


def analyse(
    data: ReportData, draws: int = DRAWS, on_message: Callable[[str], object] = lambda text: None
) -> Analyses:
    """Return the analyses of a study; `on_message` gets a line before each long step.

    The importance is computed on `draws` random subsets of the trials; with 0 there is none.
    """
    on_message("looking for warnings")
    found = (chance(data), ranking(data), baseline_comparison(data), ties(data))
    warned = (known_examples(data), boundary_hits(data), divergence(data))
    on_message("computing the importance of the hyperparameters")
    return Analyses(*found, *warned, find_undertrained(data), importance(data.trials, draws))


def analyse_deeper(
    data: ReportData, analyses: Analyses, draws: int = DRAWS
) -> Mapping[int, Importance]:
    """Return depth -> importance among the trials of that depth.

    The mapping is empty if all finished trials have the same hyperparameters.
    """
    if not analyses.importance or not analyses.importance.missing:
        return {}
    return by_depth(
        data.trials, lambda trial: complete(trial.params, data.config).hidden_layers, draws
    )
