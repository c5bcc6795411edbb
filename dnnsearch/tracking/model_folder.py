"""Write a model file as a folder that MLflow stores, loads and serves.

The folder contains MLflow's description with signature and requirements, and the model file. It
also contains example rows if the caller gives some.
"""

import warnings
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import ENDING, decode
from dnnsearch.runtime.package_version import package_version
from dnnsearch.tracking.environment import apply

if TYPE_CHECKING:
    import pandas as pd

FILE = f"model{ENDING}"
LOADER_MODULE = "dnnsearch.tracking.scoring"  # every registered model has this name: keep it
REQUIRED_PACKAGES = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "pydantic")
TYPE_OF_PREDICTION = {"i": "long", "U": "string", "f": "double"}  # by NumPy's dtype.kind


def write_folder(
    folder: Path,
    content: bytes,
    example: "pd.DataFrame | None" = None,
    description: Mapping[str, Any] | None = None,
) -> None:
    """Create the folder; the model file is also left next to it.

    `content` is the model file, `example` raw rows, and `description` arguments of MLflow's class
    Model: run_id, model_id, metadata.
    """
    apply()
    file = folder.with_name(FILE)
    file.write_bytes(content)
    versions = {"dnnsearch": package_version()}
    versions |= {name: metadata.version(name) for name in REQUIRED_PACKAGES}
    with warnings.catch_warnings():
        # MLflow warns of its own type hints, and of integer columns
        warnings.simplefilter("ignore")
        import mlflow.models
        import mlflow.pyfunc

        mlflow.pyfunc.save_model(
            folder,
            loader_module=LOADER_MODULE,
            data_path=file,
            signature=_signature(decode(content, FILE)),
            input_example=example,
            pip_requirements=[f"{name}=={version}" for name, version in versions.items()],
            mlflow_model=mlflow.models.Model(**(description or {})),
        )


def _signature(model: Model) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, Schema, TensorSpec

    kind = TYPE_OF_PREDICTION[(model.classes if len(model.classes) else model.target).dtype.kind]
    kinds = [kind, *["double"] * len(model.classes)]
    any_ = AnyType()  # type: ignore[no-untyped-call]
    outputs: list[ColSpec | TensorSpec] = [ColSpec(*pair) for pair in zip(kinds, model.columns)]
    # not required: the model itself says which column is missing, in its own words
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(any_, name, required=False) for name in model.inputs.kinds
    ]
    return ModelSignature(Schema(inputs) if inputs else None, Schema(outputs))
