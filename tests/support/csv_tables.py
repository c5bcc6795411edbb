"""A small table as a CSV file, for tests of `new`."""

import numpy as np
import pandas as pd


def rows(m, seed=0):
    """Return m rows with an identifier, two correlated numbers and a category."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=m)
    return pd.DataFrame(
        {
            "id": np.arange(m),
            "x": x,
            "city": rng.choice(["Rome", "Oslo"], m),
            "z": x + rng.normal(size=m),
        }
    )


def written(frame, name="data.csv", **form):
    """Write the frame as CSV into the working folder and return the file's name."""
    frame.to_csv(name, index=False, **form)
    return name
