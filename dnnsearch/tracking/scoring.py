"""What MLflow loads and serves: the model file in the folder of a logged model. No pickle.

MLflow names this module in the folder's `MLmodel` and calls `_load_pyfunc`. Rows come in as the
person has them and are checked here, by the model itself; so the signature says of each column that
it may hold anything. (Where it says `double`, MLflow refuses a DataFrame's whole numbers.)

This module may be loaded by programs that are not ours: it changes nothing of MLflow's settings.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST
from mlflow.types.schema import Schema

from dnnsearch.models import model_file
from dnnsearch.models.ensemble import Model


class Scorer:
    """The model as MLflow calls it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """`prediction`, and the probability of each class; MlflowException for rows it cannot take.

        A server answers with its text, and with the status 400.
        """
        try:
            answers = self.model.answers(model_input)
        except ValueError as error:
            raise MlflowException(str(error), BAD_REQUEST) from None
        index = model_input.index if isinstance(model_input, pd.DataFrame) else None
        return pd.DataFrame(answers, index=index)


def _load_pyfunc(path: str) -> Scorer:
    """Raises UserError where the file is none of ours, or not what it was."""
    setattr(Schema, "pandas_types", _pandas_types)  # noqa: B010  (a method; mypy knows)
    return Scorer(model_file.read(Path(path)))


def _pandas_types(schema: Schema) -> list[Any]:
    """MLflow's own, for columns that may hold anything, too: a server reads them from CSV as text.

    Without it, MLflow 3.17 answers every CSV with an error.
    """
    return [getattr(kind, "to_pandas", lambda: object)() for kind in schema.input_types()]
