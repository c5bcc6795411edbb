"""Which examples a report shows as the most confident errors."""

import numpy as np
import pytest
from sklearn.datasets import load_wine

from dnnsearch.reporting.analysis.champion_trial import most_confidently_wrong
from dnnsearch.reporting.analysis.report_data import read
from tests.reporting.conftest import Searched


@pytest.mark.parametrize("how", ["replicates", "folds"])
def test_they_are_dev_examples_that_networks_not_trained_on_them_get_wrong(
    searched: Searched, how: str
) -> None:
    study = searched(f"data: wine\n{how}: 3\n")
    data, record = read(study), study.record(0)
    assert data.dev is not None
    found = most_confidently_wrong(data, study, [record])
    assert found
    assert [one.probability for one in found] == sorted(one.probability for one in found)
    X, y = load_wine(return_X_y=True)
    predictions = record.arrays["dev_predictions"]
    labels = np.broadcast_to(data.dev.labels, predictions.shape)
    for one in found:
        (row,) = np.flatnonzero(np.isclose(X, one.features, rtol=1e-4).all(axis=1))
        assert data.dev.classes[y[row]] == one.label != one.prediction
        place = int(one.place.split()[1])
        if how == "folds":
            fold = int(one.place.split()[-1])
            assert labels[fold, place] == y[row] != predictions[fold, place]
        else:
            assert labels[0, place] == y[row]
            assert (predictions[:, place] != y[row]).any()
