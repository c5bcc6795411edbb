"""A registered version of a study's model, and the name it is registered under.

Does not import MLflow.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dnnsearch.tracking import fields

CHAMPION = "champion"  # the alias


@dataclass(frozen=True)
class Version:
    """A registered version of a study's model."""

    model: str  # the registered model's name: that of the study
    number: int
    digest: str  # of the model file; empty if not registered by us
    trial: int  # the trial with the same configuration; -1 if not registered by us
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """The identity of the study that the version belongs to: names are not unique."""
        return self.tags.get(fields.IDENTITY, "")

    @property
    def uri(self) -> str:
        """MLflow's address of the version, such as models:/digits/3."""
        return f"models:/{self.model}/{self.number}"

    @classmethod
    def of(cls, model: str, number: int, tags: Mapping[str, str]) -> "Version":
        """Return the version of a registered model with MLflow's tags."""
        trial = tags.get(fields.TRIAL, "")
        trial_number = int(trial) if trial.isdigit() else -1
        return cls(model, number, tags.get(fields.MODEL, ""), trial_number, tags)


def registered_name(study: str) -> str:
    """Return the study's name without characters that models:/ URIs or filters give a meaning."""
    return re.sub(r"[:@%'\"`]", "-", study)
