"""The inputs of each column of the data, its values read back from them, and other values."""

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.date_parts import DateParts
from dnnsearch.data.fold_alignment import aligned
from dnnsearch.data.number_table import Standardisation
from dnnsearch.data.preprocessing import fit
from dnnsearch.models.input_columns import OTHER, InputColumns

ROLES = {"n": "number", "c": "category", "d": "date", "q": "quantile", "p": "pixel"}


def frame(m: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 50, m).astype(float)
    n[::7] = np.nan
    c = pd.Series(rng.choice(["u", "v"], m), dtype="str")
    c[::9] = None
    c[3] = "once"
    days = pd.to_timedelta(rng.integers(0, 900, m), unit="D")
    d = pd.Series(pd.Timestamp("2020-01-01") + days)
    d[5] = pd.NaT
    q = np.round(rng.exponential(size=m) ** 3, 3)
    return pd.DataFrame({"n": n, "c": c, "d": d, "q": q, "p": rng.integers(0, 256, m) * 1.0})


def columns(*frames: pd.DataFrame) -> InputColumns:
    dates = {"d": DateParts.of(frames[0]["d"])}
    return InputColumns(ColumnInputs(aligned([fit(one, ROLES, dates=dates) for one in frames])))


def test_every_input_belongs_to_one_column_and_a_column_has_all_that_it_becomes() -> None:
    found = columns(frame())
    places, names = found.places(), found.fitted.fitted[0].feature_names  # type: ignore[attr-defined]
    assert sorted(np.concatenate([*places.values()])) == list(range(len(names)))
    assert [names[i] for i in places["n"]] == ["n", "n is missing"]
    assert [names[i] for i in places["c"]] == ["c=missing", "c=u", "c=v", "c=other"]
    assert all(names[i].startswith("d: ") for i in places["d"])
    assert len(places["d"]) > 3
    assert list(places) == list(ROLES)


def test_the_values_of_the_rows_are_read_back_from_their_inputs() -> None:
    train = frame()
    found = columns(train)
    X = found.fitted.fitted[0].apply(train, np.float32)  # type: ignore[attr-defined]
    assert np.array_equal(found.values("n", X), train["n"], equal_nan=True)
    assert np.array_equal(found.values("p", X), train["p"])
    assert np.allclose(found.values("q", X), train["q"], rtol=2e-3, atol=2e-3)
    dates = train["d"].dt.strftime("%Y-%m-%d").fillna("")
    assert found.values("d", X).tolist() == dates.tolist()
    levels = train["c"].fillna("").replace("once", OTHER)
    assert found.values("c", X).tolist() == levels.tolist()


@pytest.mark.parametrize("name", list(ROLES))
def test_prepared_values_are_read_back_as_they_were_in_every_fold(name: str) -> None:
    found = columns(frame(), frame(seed=1))
    given = {
        "n": [3.0, 41.0, np.nan],
        "c": ["u", "v", "", OTHER],
        "d": ["2020-03-01", "2021-12-31", ""],
        "q": [0.5, 1.25],
        "p": [0.0, 255.0],
    }[name]
    rows = found.prepared(name, given, np.float32)
    assert rows.shape[:2] == (2, len(given))
    for read in found.values(name, rows):
        if name == "q":
            assert read == pytest.approx(given, rel=0.01)
        else:
            assert [repr(value) for value in read.tolist()] == [repr(value) for value in given]


def test_a_level_that_is_called_other_is_not_taken_for_the_rare_ones() -> None:
    train = pd.DataFrame({"c": [OTHER, "u"] * 20 + ["once"]}, dtype="str")
    found = InputColumns(ColumnInputs([fit(train, {"c": "category"})]))
    assert found.prepared("c", ["once"], np.float32).tolist() == [[0, 0, 1]]


def test_the_columns_of_a_table_of_numbers_are_its_inputs() -> None:
    X = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 20.0]])
    found = InputColumns(Standardisation.fit(X, ("x", "y")))
    assert [at.tolist() for at in found.places().values()] == [[0], [1]]
    inputs = found.fitted.apply(X, np.float32)
    assert found.values("y", inputs).tolist() == [10.0, 30.0, 20.0]
    prepared = found.prepared("x", [1.0, 5.0], np.float32)
    assert np.array_equal(prepared[:, 0], inputs[[0, 2], 0])
    folds = InputColumns(Standardisation.fit(np.stack([X, X + 1]), ("x", "y")))
    assert folds.values("x", folds.prepared("x", [1.0, 5.0], np.float32)).tolist() == [[1, 5]] * 2
