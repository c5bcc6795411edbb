"""Small tables, and one written as a CSV file."""

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


def customers(seed: int, rows: int = 240) -> pd.DataFrame:
    """Numbers and a category; who leaves depends on both numbers."""
    rng = np.random.default_rng(seed)
    calls, months = rng.normal(size=(2, rows)).round(3)
    left = np.where(calls + months + 0.2 * rng.normal(size=rows) > 0, "yes", "no")
    plan = rng.choice(["basic", "gold"], rows)
    return pd.DataFrame({"calls": calls, "months": months, "plan": plan, "left": left})
