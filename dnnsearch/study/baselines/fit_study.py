"""Fits the baselines of a stored study whose search was too short to do so."""

from dnnsearch.data.prepare import Prepared
from dnnsearch.errors import UserError
from dnnsearch.study.baselines import baselines_file
from dnnsearch.study.baselines.baseline_fitting import Figures, fitting, skipped
from dnnsearch.study.stored_study import OpenStudy


def fit_and_keep(study: OpenStudy, prepared: Prepared, pins: str) -> None:
    """Fit the baselines and write them beside the records; raise UserError if they fail."""
    figures = fit_study(study, prepared, pins)
    baselines_file.keep(study, figures, skipped(prepared, study.config.folds))


def fit_study(study: OpenStudy, prepared: Prepared, pins: str) -> Figures:
    """Return the scores on dev; the arrays must be in the store, `pins` are the numerics."""
    config, metrics = study.config, baselines_file.metrics_of(study, prepared.shape.output)
    with fitting(prepared, "dev", pins, config.seed, metrics, config.folds) as process:
        figures = process.figures()
    if figures is None:
        raise UserError("the baselines took too long")
    return figures
