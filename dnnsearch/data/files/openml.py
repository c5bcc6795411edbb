"""Tables from openml.org, by number or by name, through scikit-learn."""

import warnings

import pandas as pd

from dnnsearch.data.files.sheet import Sheet, plain
from dnnsearch.validators import first_line


def fetch(which: int | str) -> Sheet:
    """Return the data set; scikit-learn keeps a copy in its folder.

    Raise ValueError, in one line, if it cannot be downloaded.
    """
    from sklearn.datasets import fetch_openml

    wanted = {"data_id": which} if isinstance(which, int) else {"name": which, "version": "active"}
    try:
        with warnings.catch_warnings(record=True) as caught:  # that a name has several versions
            warnings.simplefilter("always")
            bunch = fetch_openml(**wanted, as_frame=True, parser="liac-arff")
        frame: pd.DataFrame = bunch.frame
    except Exception as error:  # no network, no such set, a broken answer: many types
        raise ValueError(f"openml {which} is not available: {first_line(error)}") from None
    names = {name for name, dtype in frame.dtypes.items() if dtype == "category"}
    declared = {str(name): "category" for name in names}
    notices = [" ".join(str(warning.message).split()) for warning in caught]
    return Sheet(plain(frame), declared=declared, notices=tuple(notices))
