"""The error for a trial of which MLflow has another result. Does not import MLflow."""

from dnnsearch.errors import UserError


class ConflictingTrial(UserError):
    """MLflow has another result of this trial, which is not overwritten."""
