import pytest
from sklearn import datasets

from dnnsearch.data.files.bundled import TARGET
from dnnsearch.data.files.read import read
from dnnsearch.data.files.source import BUNDLED, data_name, is_file, source


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_set_is_a_table_with_scikit_learns_names_and_labels(name):
    bunch = getattr(datasets, f"load_{name}")()
    frame = read(source({"bundled": name, "target": TARGET})).frame
    assert list(frame.columns) == [*map(str, bunch.feature_names), TARGET]
    labels = getattr(bunch, "target_names", None)
    expected = bunch.target if labels is None else [str(labels[i]) for i in bunch.target]
    assert list(frame[TARGET]) == list(expected)


def test_diabetes_comes_as_it_was_measured_for_its_scaled_form_has_seen_the_test_rows():
    assert read({"bundled": "diabetes", "target": TARGET}).frame["age"].max() == 79


def test_a_table_comes_from_one_place():
    with pytest.raises(ValueError, match="one of file, openml, bundled, but got file and bundled"):
        source({"file": "a.csv", "bundled": "iris", "target": "y"})
    with pytest.raises(ValueError, match=r"bundled must be one of.*did you mean iris"):
        source({"bundled": "irsi", "target": "y"})
    assert is_file({"bundled": "iris"})
    assert data_name({"bundled": "iris"}) == "iris"
