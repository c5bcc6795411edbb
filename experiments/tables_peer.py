"""RealMLP-TD and TabM-D of pytabkit, by their defaults, for `tables.py`.

It runs in an interpreter that has pytabkit: `python tables_peer.py METHOD FOLDER` reads
FOLDER/rows.npz and writes FOLDER/answers.npz with the answers for the test rows and the seconds of
fitting and answering, without those of the imports.
"""

import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

METHODS = {"RealMLP": "RealMLP_TD", "TabM": "TabM_D"}
THREADS = 1  # of two, one waits for the other at batches of this size


def frame(X: np.ndarray, categories: np.ndarray) -> pd.DataFrame:
    """Return X (m, columns) as a table; a category's codes are its levels."""
    table = pd.DataFrame({f"x{i}": column for i, column in enumerate(X.T)})
    for i in np.flatnonzero(categories):
        table[f"x{i}"] = table[f"x{i}"].astype(int).astype("category")
    return table


def measure(method: str, rows: Any) -> tuple[np.ndarray, float]:
    """Return probabilities (m, classes), or values (m,), for the test rows, and the seconds."""
    import pytabkit

    kind = "Regressor" if rows["is_numbers"] else "Classifier"
    model = getattr(pytabkit, f"{METHODS[method]}_{kind}")(
        device="cpu", random_state=0, n_threads=THREADS
    )
    X, X_test = (frame(rows[name], rows["categories"]) for name in ("X", "X_test"))
    began = time.monotonic()
    model.fit(X, rows["y"])
    found = model.predict(X_test) if rows["is_numbers"] else model.predict_proba(X_test)
    return np.asarray(found), time.monotonic() - began


def main(method: str, folder: Path) -> None:
    warnings.simplefilter("ignore")
    found, seconds = measure(method, np.load(folder / "rows.npz"))
    np.savez(folder / "answers.npz", answers=found, seconds=seconds)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
