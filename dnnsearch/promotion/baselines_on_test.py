"""The baselines on the test set: fitted to train and dev, scored within a promotion's opening."""

from collections.abc import Iterator
from contextlib import contextmanager

from dnnsearch.deployment.champion import Report
from dnnsearch.errors import UserError
from dnnsearch.promotion.evaluation import Evaluation, shown_metrics
from dnnsearch.study.baselines.baseline_fitting import Figures, Fitting, fitting
from dnnsearch.study.definition import Definition


@contextmanager
def fitting_baselines(evaluation: Evaluation, definition: Definition) -> Iterator[Fitting]:
    """Fit the baselines to the rows of the refit, in a process of its own."""
    evaluation.test_set  # noqa: B018  # which logs the opening, before its rows are read
    prepared, seed = evaluation.refitted.prepared, definition.config.seed
    with fitting(prepared, "test", definition.numerics, seed) as process:
        yield process


def score_baselines(process: Fitting, evaluation: Evaluation, report: Report) -> Figures:
    """Return the scores on the test set, by baseline and metric, and log them.

    A failure is reported, and is none of the promotion: then there are no scores.
    """
    test_set, y_train = evaluation.test_set, evaluation.refitted.y_train
    try:
        logits = process.logits()
    except UserError as error:
        report(f"no baselines: {error}")
        return {}
    metrics = shown_metrics(test_set)
    found = {
        model: {name: test_set.figure(name, Z, y_train) for name in metrics}
        for model, Z in logits.items()
    }
    evaluation.log.add(evaluation.name, evaluation.test, baselines=found)
    return found
