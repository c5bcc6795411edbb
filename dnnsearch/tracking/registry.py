"""Models in MLflow's registry: logged beside their trial, registered under their study's name.

A model is logged once, however often it is sent: it is found again by its digest. What MLflow keeps
is a folder that plain `mlflow.pyfunc.load_model` opens, with the model file in it and no pickle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dnnsearch.tracking.card import StudyCard

if TYPE_CHECKING:
    import pandas as pd

CHAMPION = "champion"  # the alias


@dataclass(frozen=True)
class Version:
    """A registered version of a study's model."""

    model: str  # the registered model's name: that of the study
    number: int
    digest: str  # of the model file
    trial: int  # whose configuration it has
    tags: Mapping[str, str] = field(default_factory=dict)  # those that `register` was given

    @property
    def uri(self) -> str:
        """As MLflow calls it: models:/digits/3."""
        return f"models:/{self.model}/{self.number}"


def register(
    uri: str,
    card: StudyCard,
    content: bytes,
    trial: int,
    *,
    tags: Mapping[str, str] | None = None,
    example: "pd.DataFrame | None" = None,
) -> Version:
    """Log the model file and register it under the study's name; what is there already stays.

    `card` is `study.views.card(study)`, `content` from `modelfile.encode`, `trial` the number of
    the trial whose configuration it has. `tags` are for the caller: scores on the test set, the
    test set's digest. `example` are raw rows of data that may be shown to all who see MLflow.
    Raises UserError when MLflow at `uri` is away or refuses.
    """
    raise NotImplementedError


def champion(uri: str, card: StudyCard) -> Version | None:
    """The version that has the alias `champion`; None while none has it. UserError as above."""
    raise NotImplementedError


def crown(uri: str, version: Version) -> None:
    """Give this version the alias `champion`, which another loses. UserError as above."""
    raise NotImplementedError


def content_of(uri: str, model_uri: str) -> bytes:
    """The model file of a models:/ URI.

    Raises UserError where it is not there, is none of ours, or MLflow is away.
    """
    raise NotImplementedError
