"""A study from arrays: its config, and its data in a file next to its records.

The file has X and y and is named by its content. A study without a name is named by its content and
its config, so the same call resumes the same study, and another call starts another study.
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
from dnnsearch.data.files.reading_version import FIRST, READING, Reading
from dnnsearch.data.target import read_target
from dnnsearch.storage.array_store import canonical
from dnnsearch.trials.record_file import DIGEST_PREFIX
from dnnsearch.trials.record_store import Records, root

TARGET = "y"
PLACE = "the search's config"

LARGE_BATCH_MIN_EXAMPLES = 10_000  # from which mini-batches are larger
MAX_EPOCHS = 30  # of the longest training, unless that is fewer iterations than:
MIN_LONGEST_ITERATIONS = 2000


def default_space(examples: int, task: str) -> dict[str, Any]:
    """Return the default search space, from small, short trainings to moderately long ones."""
    batch = 32 if examples < LARGE_BATCH_MIN_EXAMPLES else 128
    longest = max(MAX_EPOCHS * examples // batch, MIN_LONGEST_ITERATIONS)
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
    """A config as a document for `dnnsearch.search`, and its data file."""

    document: dict[str, Any]
    task: str
    path: Path
    content: bytes

    @contextmanager
    def with_file(self) -> Iterator[dict[str, Any]]:
        """Write the file, yield the config; remove the file if the study fails before a trial."""
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
    """Return the study of X (m, n_x) and y (m,) with a config, or a part of one.

    `given` is a mapping, or the path of a YAML file. A study that began with an earlier reading
    goes on with it. Raise UserError if the config is not valid, ValueError if the target cannot be
    learnt.
    """
    y = y if y.dtype.kind in "buif" else y.astype(str)
    content = npz({"X": X, TARGET: y})
    of_each = [_of_reading(n, X, y, content, given, task) for n in range(FIRST, READING + 1)]
    return next((one for one in of_each if one.path.exists()), of_each[-1])


def _of_reading(
    reading: int,
    X: np.ndarray,
    y: np.ndarray,
    content: bytes,
    given: Mapping[str, Any] | str | Path | None,
    task: str | None,
) -> ArrayStudy:
    """Return the study with this version of the reading; it is part of a study's name."""
    found = read_target(pd.Series(y, name=TARGET), task, reading=Reading(reading)).task
    name = f"arrays-{hashlib.sha256(content).hexdigest()[:DIGEST_PREFIX]}.npz"
    data = {"file": name, "target": TARGET, "task": found, "reading": reading}
    document = {**default_space(len(X), found), **_mapping(given), "data": data}
    document.setdefault("study", f"arrays-{_signature(document)}")
    config = parse_config(document, PLACE, "arrays")  # refused before anything is written
    path = Records(root(config.records), config.study).folder / name
    return ArrayStudy({**document, "data": {**data, "file": str(path)}}, found, path, content)


def _mapping(given: Mapping[str, Any] | str | Path | None) -> dict[str, Any]:
    """Return the given part of a config; a file gives the study its name too."""
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    document, _ = yaml_file.override(yaml_file.read(given), [])
    return {"study": Path(given).stem, **document}


def _signature(document: Mapping[str, Any]) -> str:
    """Return a digest of what defines the study, for its name."""
    defining = {key: value for key, value in document.items() if key not in RUN_TIME}
    config = parse_config(defining, PLACE, "arrays").definition()
    return hashlib.sha256(canonical(config).encode()).hexdigest()[:8]


def npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the arrays as a .npz file; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()
