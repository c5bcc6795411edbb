"""Which examples a report shows as the most confident errors."""

import numpy as np
import pytest
from sklearn.datasets import load_wine

from dnnsearch.reporting.analysis.champion_trial import most_confidently_wrong
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.analysis.row_numbers import dev_row_numbers
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
    numbers = dev_row_numbers(study)
    assert numbers is not None
    for one in found:
        (row,) = np.flatnonzero(np.isclose(X, one.features, rtol=1e-4).all(axis=1))
        assert data.dev.classes[y[row]] == one.label != one.prediction
        assert one.place == f"row {row + 1} of wine"
        *fold, place = (int(at.item()) for at in np.nonzero(numbers == row + 1))
        assert data.dev.labels[*fold, place] == y[row]
        assert (predictions[*(fold or [slice(None)]), place] != y[row]).any()
