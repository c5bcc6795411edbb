"""OpenML through scikit-learn, answered by what scikit-learn's own tests have recorded."""

import pytest
from sklearn.datasets.tests.test_openml import _monkey_patch_webbased_functions as answer

from dnnsearch.data.files.read import read


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))


def test_a_number_is_fetched_with_names_and_declared_categories(monkeypatch):
    answer(monkeypatch, 61, gzip_response=True)
    sheet = read({"openml": 61, "target": "class"})
    assert list(sheet.frame.columns)[-1] == "class"
    assert set(sheet.frame["class"]) == {"Iris-setosa", "Iris-versicolor", "Iris-virginica"}
    assert sheet.declared == {"class": "category"}
    assert sheet.frame["sepallength"].dtype.kind == "f"


def test_a_name_is_fetched_too(monkeypatch):
    answer(monkeypatch, 61, gzip_response=True)
    sheet = read({"openml": "iris", "target": "class"})
    assert sheet.frame.shape[1] == 5
    assert "returning version 1" in sheet.notices[0]


def test_missing_values_of_mixed_columns_are_missing(monkeypatch):
    answer(monkeypatch, 40589, gzip_response=True)
    assert len(read({"openml": 40589, "target": "class"}).frame) > 5


def test_what_cannot_be_had_is_one_line(monkeypatch):
    def refuse(*arguments, **options):
        raise OSError("no network\nhere")

    monkeypatch.setattr("sklearn.datasets._openml._retry_with_clean_cache", refuse)
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", refuse)
    with pytest.raises(ValueError, match="openml 61 is not available") as caught:
        read({"openml": 61, "target": "class"})
    assert "\n" not in str(caught.value)
