"""The run of one trial: what MLflow has of it, and what a view of the trial would change.

A trial's result is never replaced by another one: two copies of a study, such as a copied folder,
publish to the same run as long as they agree.
"""

from dataclasses import dataclass

from dnnsearch.tracking import fields
from dnnsearch.tracking.client import Run
from dnnsearch.tracking.conflict import ConflictingTrial
from dnnsearch.tracking.runs import is_active
from dnnsearch.trials.run import TrialView

SHOWN_DIGITS = 12  # of a digest, in a message


@dataclass
class TrialRun:
    """The run of a trial, and what we know that MLflow has of it."""

    run: Run
    state: str
    status: str
    digest: str
    has_params: bool  # and its dataset

    @classmethod
    def of(cls, run: Run) -> "TrialRun":
        tags = run.data.tags
        has_params = bool(run.data.params and run.inputs and run.inputs.dataset_inputs)
        state, digest = tags.get(fields.STATE, ""), tags.get(fields.DIGEST, "")
        return cls(run, state, run.info.status, digest, has_params)

    def has_state_of(self, view: TrialView) -> bool:
        """Return whether all metrics of the view have been logged."""
        return (self.state, self.digest) == (view.state, view.digest)

    def is_complete(self, view: TrialView) -> bool:
        """Return whether nothing of the view is missing in MLflow."""
        has_status = self.status == fields.STATUS[view.state]
        return self.has_state_of(view) and self.has_params and has_status

    def lacks(self, view: TrialView) -> bool:
        """Return whether the view is to be published.

        It is not if the user has deleted the run, or if the trial has ended in MLflow already while
        this copy of the study still trains it.
        """
        has_ended = self.digest and not view.digest
        return is_active(self.run) and not has_ended and not self.is_complete(view)

    def check_same(self, number: int, digest: str, study: str) -> None:
        """Raise ConflictingTrial if MLflow has another result of the trial than this digest's."""
        if is_active(self.run) and self.digest and digest not in ("", self.digest):
            there, here = self.digest[:SHOWN_DIGITS], digest[:SHOWN_DIGITS]
            raise ConflictingTrial(
                f"trial {number} of study {study} has another result in MLflow, which is not "
                f"overwritten (its digest is {there}... in MLflow and {here}... here): to keep "
                f"both, search with --study NAME or publish with --tracking URI"
            )
