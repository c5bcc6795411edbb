"""scikit-learn's bundled sets as tables with named columns and labels; nothing is downloaded.

linnerud is not among them: it has three targets, and a network here predicts one.
"""

import numpy as np
import pandas as pd

from dnnsearch.data.files.sheet import Sheet

TARGET = "target"
# not the scaled form, which was scaled with all rows, including those of the test set
MEASURED = {"diabetes": {"scaled": False}}


def load(name: str) -> Sheet:
    """Return one of `source.BUNDLED`; its target is the last column, labels as text or numbers."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True, **MEASURED.get(name, {}))
    labels, y = getattr(bunch, "target_names", None), bunch.target.to_numpy()
    y = y if labels is None else np.array([str(label) for label in labels], object)[y]
    frame: pd.DataFrame = bunch.data.assign(**{TARGET: pd.Series(y)})
    declared = {"*": "pixel"} if frame.columns[0].startswith("pixel") else {}
    return Sheet(frame, declared=declared)
