"""The numbers that the dev rows of a study have in the user's own file.

Prepared arrays do not know them, so the file is read and split again.
"""

from pathlib import Path

import numpy as np

from dnnsearch.data.file_table import FileTable
from dnnsearch.data.files.source import data_name
from dnnsearch.data.prepare import read_table
from dnnsearch.storage.array_store import digest
from dnnsearch.study.stored_study import OpenStudy


def dev_row_numbers(study: OpenStudy) -> np.ndarray | None:
    """Return the number of each dev row, (m,) or with folds (K, m); the first row of data is 1.

    None if the file is gone, or if it or its split is no longer the study's.
    """
    config, definition = study.config, study.definition
    try:
        table = read_table(config.data, config.split.by)
        rows = table.split(config.split, config.folds)
    except (ValueError, OSError):
        return None
    if (digest(table.raw()), digest(rows)) != (
        definition["data_digest"],
        definition["split_digest"],
    ):
        return None
    dev = np.asarray(rows["dev"])
    return (table.frame.index.to_numpy()[dev] if isinstance(table, FileTable) else dev) + 1


def source_name(study: OpenStudy) -> str:
    """Return the name of the file, without folders, or of the set."""
    data = study.config.data
    return Path(data["file"]).name if "file" in data else data_name(data)
