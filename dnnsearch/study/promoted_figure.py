"""What a promoted model scored on the test set, from the study's log.

The report and MLflow show this one object, so that they say the same. The log is corrected by
`promote` and compared by `verify`; nothing is evaluated here.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dnnsearch.statistics.interval import UNDEFINED, score_text
from dnnsearch.study.baselines.baseline_models import TITLES
from dnnsearch.study.baselines.baselines_text import better_on_test
from dnnsearch.study.evaluation_log import EvaluationLog, on_test, test_set_id
from dnnsearch.study.outer_figure import OuterFigure, outer_figure
from dnnsearch.study.stored_study import CHAMPION, OpenStudy
from dnnsearch.study.test_set_history import history
from dnnsearch.trials.metrics import METRICS, RANKING

Figure = Mapping[str, float]  # value, low, high, and guess
DAMAGED = "a test figure in the log is damaged"
NEEDS = {RANKING: "a test row of each class", "dev_r2": "two test rows or more"}
ROUNDING = 1e-9  # absolute and relative, of an end of an interval that is the value


@dataclass(frozen=True)
class PromotedFigure:
    """An entry of the log that has scores; metrics are named as on dev, the objective first."""

    trial: int
    objective: str
    ensemble: Mapping[str, Figure]
    single: Mapping[str, Figure]  # of one network; an older log has the objective alone
    guess: float  # of the objective
    baselines: Mapping[str, Mapping[str, Figure]]  # name -> metric -> figure
    examples: int
    is_champion: bool
    openings: str  # who has opened the test rows
    outer: OuterFigure | None = None  # of the procedure, if it was measured
    doubt: str = ""  # why it is not what `promote` wrote

    def metrics(self) -> dict[str, float]:
        """Return all of it as metrics of MLflow, without undefined values."""
        found = {f"{on_test(name)}_single": one["value"] for name, one in self.single.items()}
        defined = {n: one for n, one in self.ensemble.items() if math.isfinite(one["value"])}
        if self.objective in defined:
            found[f"{on_test(self.objective)}_guess"] = self.guess
        for name, figure in defined.items():
            ends = {"": "value", "_low": "low", "_high": "high", "_guess": "guess"}
            found |= {f"{on_test(name)}{e}": figure[k] for e, k in ends.items() if k in figure}
        for model, figures in self.baselines.items():
            found |= {f"{on_test(n)}_{model}": figure["value"] for n, figure in figures.items()}
        found |= self.outer.metrics() if self.outer else {}
        return {name: float(value) for name, value in found.items() if math.isfinite(value)}

    def better_baselines(self) -> Iterator[str]:
        """Yield sentences on the baselines that are better than the ensemble, by which metric."""
        for said in better_on_test(self.baselines, self.ensemble, self.objective):
            yield f"{said[:1].upper()}{said[1:]}."

    def undefined(self) -> Iterator[str]:
        """Yield a sentence for each metric that is not defined, and what it would need."""
        for name, one in self.ensemble.items():
            if not math.isfinite(one["value"]):
                need = NEEDS.get(name)
                yield f"{on_test(name)} is {UNDEFINED}{f': it needs {need}' if need else ''}."

    def better_guesses(self) -> Iterator[str]:
        """Yield a sentence for each metric by which guessing is better than the ensemble."""
        for name, one in self.ensemble.items():
            if "guess" in one and METRICS[name].direction.better(one["guess"], one["value"]):
                ensemble = f"the ensemble {score_text(one)}"
                yield f"Guessing has the better {on_test(name)}: {one['guess']:.4f}, {ensemble}."

    def sentences(self) -> Iterator[str]:
        """Yield sentences: the figure, better baselines, other metrics, openings, outer folds."""
        name, ensemble = on_test(self.objective), self.ensemble[self.objective]
        others = [f"one network {score_text(self.single[self.objective])}"]
        if math.isfinite(ensemble["value"]):
            others.append(f"guessing {self.guess:.4f}")
        others += [
            f"{TITLES[model]} {score_text(figures[self.objective])}"
            for model, figures in self.baselines.items()
        ]
        what = f"{name} {score_text(ensemble)} by the ensemble of trial {self.trial}"
        yield f"{what} on {self.examples} test examples; {', '.join(others)}."
        yield from self.better_baselines()
        yield from self.better_guesses()
        more = [
            name
            for name, one in self.ensemble.items()
            if name != self.objective and math.isfinite(one["value"])
        ]
        if more:
            shown = (f"{on_test(n)} {score_text(self.ensemble[n])}" for n in more)
            yield f"The ensemble also has {', '.join(shown)}."
        yield from self.undefined()
        yield f"{self.openings[:1].upper()}{self.openings[1:]}."
        if self.outer:
            yield self.outer.sentence


def promoted_figure(study: OpenStudy, model: str = "") -> PromotedFigure | None:
    """Return the figure of the champion, or of the model of this name in the log.

    Without a champion it is that of the last promotion; None if nothing was promoted, or if it
    cannot be read.
    """
    definition = study.definition
    test = test_set_id(definition["data_digest"], definition["split_digest"])
    scored = [e for e in EvaluationLog(study.rows).of_test_set(test) if "figures" in e]
    known = study.rows.attributes.get(CHAMPION, []) if scored else []
    champions = [e for e in scored if e.get("file") in known]
    if model:
        chosen = [e for e in scored if e["model"] == model]
    else:
        chosen = champions or scored
    if not chosen or contradiction(chosen[-1], study.config.objective) == DAMAGED:
        return None
    return _figure(study, chosen[-1], chosen[-1] in champions)


def _figure(study: OpenStudy, entry: Mapping[str, Any], is_champion: bool) -> PromotedFigure:
    figures, objective = entry["figures"], study.config.objective
    own = {objective: {**figures["ensemble"], "guess": figures["guess"]}}
    return PromotedFigure(
        trial=entry["trial"],
        objective=objective,
        ensemble={**own, **entry.get("metrics", {})},
        single={**entry.get("single_metrics", {}), objective: figures["single"]},
        guess=figures["guess"],
        baselines=entry.get("baselines", {}),
        examples=figures["examples"],
        is_champion=is_champion,
        openings=history(study).sentence(entry["model"]),
        outer=outer_figure(study),
        doubt=contradiction(entry, objective),
    )


def contradiction(entry: Mapping[str, Any], objective: str) -> str:
    """Return what in the figures of an entry contradicts itself, in words; empty if nothing does.

    A value lies within its interval, and the log has the objective's figure twice.
    """
    try:
        figures, metrics = entry["figures"], entry.get("metrics", {})
        of_one = entry.get("single_metrics", {}).values()
        both = [figures["ensemble"], figures["single"]]
        if not all(_is_within(one) for one in (*both, *metrics.values(), *of_one)):
            return "a test figure in the log is not within its own interval"
        own = {**figures["ensemble"], "guess": figures["guess"]}
        copy = metrics.get(objective, own)
        if any(not _are_close(own[part], copy[part]) for part in own):
            return f"the log has two test figures of {objective}"
        return "" if figures["examples"] > 0 else "the log has a test figure of no examples"
    except (AttributeError, LookupError, TypeError, ValueError):
        return DAMAGED


def _is_within(figure: Figure) -> bool:
    value, low, high = (float(figure[part]) for part in ("value", "low", "high"))
    slack = ROUNDING * max(1.0, abs(value))
    return not math.isfinite(value) or low - slack <= value <= high + slack


def _are_close(a: float, b: float) -> bool:
    return a == b or math.isclose(a, b, rel_tol=ROUNDING) or (math.isnan(a) and math.isnan(b))
