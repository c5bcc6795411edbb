"""The figure of a promoted model is one text and one set of metrics, wherever it is shown."""

from typing import Any

from dnnsearch.reporting.html.test_figure_section import figure_section
from dnnsearch.study.promoted_figure import PromotedFigure


def figure(**changes: Any) -> PromotedFigure:
    score = {"value": 0.9, "low": 0.8, "high": 0.95, "guess": 0.5}
    undefined = {**dict.fromkeys(score, float("nan")), "guess": 0.5}
    known: dict[str, Any] = {
        "trial": 3,
        "objective": "dev_accuracy",
        "ensemble": {"dev_accuracy": score, "dev_roc_auc": undefined},
        "single": {
            "dev_accuracy": {"value": 0.85, "low": 0.7, "high": 0.9},
            "dev_cost": {"value": 0.4, "low": 0.3, "high": 0.5},
        },
        "guess": 0.5,
        "baselines": {"trees": {"dev_accuracy": {**score, "value": 0.88}}},
        "examples": 120,
        "is_champion": True,
        "openings": "test set opened once, by churn: this figure counts",
    }
    return PromotedFigure(**{**known, **changes})


def test_the_metrics_of_mlflow_have_every_defined_number() -> None:
    assert figure().metrics() == {
        "test_accuracy": 0.9,
        "test_accuracy_low": 0.8,
        "test_accuracy_high": 0.95,
        "test_accuracy_guess": 0.5,
        "test_accuracy_single": 0.85,
        "test_cost_single": 0.4,
        "test_accuracy_trees": 0.88,
    }


def test_the_sentences_name_ensemble_single_guessing_baselines_and_openings() -> None:
    assert " ".join(figure().sentences()) == (
        "test_accuracy 0.9000 (95 %: 0.8000 to 0.9500) by the ensemble of trial 3 on 120 test "
        "examples; one network 0.8500 (95 %: 0.7000 to 0.9000), guessing 0.5000, boosted trees "
        "0.8800 (95 %: 0.8000 to 0.9500). test_roc_auc is not defined for these examples: it needs "
        "a test row of each class. Test set opened once, by churn: this figure counts."
    )
    section = figure_section(figure())
    assert "<p>test_roc_auc is not defined for these examples: it needs a test row" in section
    assert section.count(">0.5000<") == 1  # what guessing has of the accuracy


def test_the_sentences_name_the_other_metrics_in_which_a_baseline_is_clearly_better() -> None:
    scores = {"value": 0.7, "low": 0.65, "high": 0.75, "guess": 0.5}
    trees = {"value": 0.8, "low": 0.76, "high": 0.84}
    known = figure()
    ensemble = {**known.ensemble, "dev_f1": scores}
    baselines = {"trees": {**known.baselines["trees"], "dev_f1": trees}}
    found = figure(ensemble=ensemble, baselines=baselines)
    said = (
        "Boosted trees are better than the ensemble by a metric that the search did not optimise: "
        "test_f1 (boosted trees 0.8000, the ensemble 0.7000); their 95 % intervals do not overlap."
    )
    assert said in found.sentences()
    assert f"<p>{said}</p>" in figure_section(found)
    baselines["trees"]["dev_f1"] = {**trees, "low": 0.74}
    assert said not in figure(ensemble=ensemble, baselines=baselines).sentences()


def test_the_sentences_say_if_a_baseline_is_better_in_the_metric_s_own_direction() -> None:
    cost = {"value": 0.49, "low": 0.45, "high": 0.53, "guess": 0.7}
    linear = {"value": 0.46, "low": 0.42, "high": 0.5}
    known = {"objective": "dev_cost", "ensemble": {"dev_cost": cost}, "single": {"dev_cost": cost}}

    def said(**changes: float) -> str:
        baselines = {"linear": {"dev_cost": {**linear, **changes}}}
        return " ".join(figure(**known, baselines=baselines).sentences())

    alike = "A linear model has the better test_cost, but not beyond chance: the 95 % intervals o"
    assert alike in said()
    assert "by test_cost; their 95 % intervals do not overlap" in said(high=0.44, value=0.43)
    assert "better" not in said(value=0.495)


def test_the_sentences_say_if_guessing_is_better_by_a_metric() -> None:
    scores = {"value": 0.33, "low": 0.2, "high": 0.45, "guess": 0.37}
    accuracy = {"value": 0.9, "low": 0.8, "high": 0.95, "guess": 0.77}
    said = " ".join(figure(ensemble={"dev_accuracy": accuracy, "dev_f1": scores}).sentences())
    assert "Guessing has the better test_f1: 0.3700, the ensemble 0.3300 (95 %: 0.2000" in said
    assert said.count("Guessing has") == 1
