"""Load and serve the model file in the folder of a logged model, without pickle.

This module must keep its name: the file `MLmodel` of every registered model contains
`loader_module: dnnsearch.tracking.scoring`, and MLflow imports that and calls `_load_pyfunc`.

Rows arrive as the user has them, and the model itself checks them. So the signature allows any type
in each column. (If it said `double`, MLflow would refuse a DataFrame's integers.)

Other programs may load this module: it does not change MLflow's settings.
"""

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST
from mlflow.types.schema import Schema

from dnnsearch.data.unusual_rows import RowWatch
from dnnsearch.models import model_file
from dnnsearch.models.ensemble import Model


class Scorer:
    """A model with the method that MLflow calls."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return a table with `prediction` and the probability of each class.

        Raise MlflowException for invalid rows; a server answers with its text and status 400.
        """
        try:
            watch = RowWatch()
            answers = self.model.answers(model_input, None, watch)
        except ValueError as error:
            raise MlflowException(str(error), BAD_REQUEST) from None
        for line in watch.lines():
            warnings.warn(line, stacklevel=2)
        index = model_input.index if isinstance(model_input, pd.DataFrame) else None
        return pd.DataFrame(answers, index=index)


def _load_pyfunc(path: str) -> Scorer:
    """Load the model file; raise UserError if it is damaged or not a model of dnnsearch."""
    setattr(Schema, "pandas_types", _pandas_types)  # noqa: B010  (a method; mypy knows)
    return Scorer(model_file.read(Path(path)))


def _pandas_types(schema: Schema) -> list[Any]:
    """Replace MLflow's method of this name, so that it also knows columns of any type.

    A server then reads them from CSV as text; without it, MLflow 3.17 rejects every CSV.
    """
    return [getattr(kind, "to_pandas", lambda: object)() for kind in schema.input_types()]
