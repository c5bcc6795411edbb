"""A study from arrays: its config, and its data in a file beside its records.

The file holds X and y and is named by its content; the study, where nobody names it, by its content
and its config. So the same call goes on with the same study, and another one begins another.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.config import yaml_file
from dnnsearch.config.config import RUN_TIME, parse_config
from dnnsearch.data.target import read_target
from dnnsearch.storage.array_store import canonical
from dnnsearch.trials.record_store import DIGEST_PREFIX, Records, root

TARGET = "y"
PLACE = "the search's config"

MANY = 10_000  # examples, from which on mini-batches are larger
EPOCHS, FEWEST = 30, 2000  # the longest training: so many epochs, but not fewer iterations


def usual(examples: int, task: str) -> dict[str, Any]:
    """What is searched where nobody says it, from a small and short training to a fair one."""
    batch = 32 if examples < MANY else 128
    longest = max(EPOCHS * examples // batch, FEWEST)
    return {
        "objective": "dev_r2" if task == "regression" else "dev_accuracy",
        "learning_rate": {"low": 0.01, "high": 1.0, "log": True},
        "iterations": {"low": longest // 10, "high": longest, "log": True},
        "hidden_layers": [1, 2, 3],
        "units": {"low": 8, "high": 128, "log": True},
        "activation": ["relu", "tanh"],
        "momentum": 0.9,
        "batch_size": batch if examples >= 4 * batch else "full",
    }


@dataclass(frozen=True)
class ArrayStudy:
    """A config as `dnnsearch.search` takes it, and the file that it speaks of."""

    document: dict[str, Any]
    task: str
    path: Path
    content: bytes

    @contextmanager
    def with_file(self) -> Iterator[dict[str, Any]]:
        """Keeps the file, unless the study cannot even begin."""
        is_new = not self.path.parent.exists()
        records = Records(self.path.parents[1], self.document["study"])
        records.put_side_file(self.path.name, self.content)
        try:
            yield self.document
        except BaseException:
            if is_new and not records.paths():
                records.remove()
            raise


def array_study(
    X: np.ndarray, y: np.ndarray, given: Mapping[str, Any] | str | Path | None, task: str | None
) -> ArrayStudy:
    """The study of X (m, n_x) and y (m,) by a config, or a part of one, in a mapping or a file.

    Raises UserError for a config that is none, ValueError for a target that cannot be learnt.
    """
    y = y if y.dtype.kind in "buif" else y.astype(str)
    found = read_target(pd.Series(y, name=TARGET), task).task
    content = npz({"X": X, TARGET: y})
    name = f"arrays-{hashlib.sha256(content).hexdigest()[:DIGEST_PREFIX]}.npz"
    data = {"file": name, "target": TARGET, "task": found}
    document = {**usual(len(X), found), **_mapping(given), "data": data}
    document.setdefault("study", f"arrays-{_signature(document)}")
    config = parse_config(document, PLACE, "arrays")  # refuses before anything is written
    path = Records(root(config.records), config.study).folder / name
    return ArrayStudy({**document, "data": {**data, "file": str(path)}}, found, path, content)


def _mapping(given: Mapping[str, Any] | str | Path | None) -> dict[str, Any]:
    """What is given of a config; a file's data are not asked for."""
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    document, _ = yaml_file.override(yaml_file.read(given), [])
    return {"study": Path(given).stem, **document}


def _signature(document: Mapping[str, Any]) -> str:
    """What stands for the study in its name."""
    defining = {key: value for key, value in document.items() if key not in RUN_TIME}
    config = parse_config(defining, PLACE, "arrays").definition()
    return hashlib.sha256(canonical(config).encode()).hexdigest()[:8]


def npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Equal arrays give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()
