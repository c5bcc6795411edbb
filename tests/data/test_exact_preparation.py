"""What an exact study fits on its data is as usual within rounding, and the same everywhere."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import parse_config
from dnnsearch.data import datasets
from dnnsearch.data.date_parts import DateParts
from dnnsearch.data.exact_tree import exact_tree_edges
from dnnsearch.data.input_constants import tree_edges
from dnnsearch.data.moments import moments
from dnnsearch.data.number_table import Standardisation
from dnnsearch.data.prepare import prepare
from dnnsearch.data.transformations import exactly_normal, to_normal
from dnnsearch.nn.exact_arithmetic import EXACT
from dnnsearch.storage.array_store import ArrayStore
from tests.support import exact_choices
from tests.support.exact_choices import DATA, HYPER, write_table
from tests.support.settings import SETTINGS, printed

PROGRAM = Path(exact_choices.__file__)
FIRST, SECOND = list(SETTINGS)[1:3]
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def as_it_is():
    return exact_choices.choices("exact")


@pytest.mark.parametrize("setting", [FIRST, pytest.param(SECOND, marks=pytest.mark.proof)])
def test_data_and_proposals_are_the_same_under_every_setting(setting, as_it_is):
    assert printed(PROGRAM, SETTINGS[setting], "exact") == as_it_is


@pytest.mark.proof
def test_proposals_of_a_native_study_do_depend_on_the_setting(as_it_is):
    """Else the test above would prove nothing."""
    native = printed(PROGRAM, {}, "native")
    other = printed(PROGRAM, SETTINGS["SSE2 kernels, NumPy's baseline"], "native")
    same = sum(one == another for one, another in zip(native["tpe"], other["tpe"]))
    assert same < len(native["tpe"])
    assert native["tpe"] != as_it_is["tpe"]


@pytest.mark.parametrize("kind", DATA)
def test_prepared_arrays_are_the_usual_ones_within_rounding(kind, tmp_path):
    write_table(tmp_path / "table.csv")
    document = {**HYPER, **DATA[kind]}
    if isinstance(document["data"], dict):
        document["data"] = {**document["data"], "file": str(tmp_path / "table.csv")}
    found = []
    for numerics in ("exact", "native"):
        config = parse_config({**document, "numerics": numerics}, "x.yaml", "x")
        store = ArrayStore(tmp_path / numerics)
        prepared = prepare(config, store)
        found.append({**store.open(prepared.key), **store.open(prepared.test_key)})
    exact, usual = found
    assert exact.keys() == usual.keys()
    for name, array in exact.items():
        if name.startswith("inputs edges tree"):
            continue  # of splits that gain the same, the two trees may take another
        assert np.allclose(array, usual[name], rtol=1e-5, atol=1e-5, equal_nan=True), name


@pytest.mark.parametrize("axis", [None, 0, -2])
def test_moments_are_those_of_numpy(axis):
    X = RNG.standard_normal((3, 500, 4)) * 10 + 1000
    mean, deviation = moments(X, EXACT, axis)
    assert mean == pytest.approx(X.mean(axis=axis), rel=1e-12)
    assert deviation == pytest.approx(X.std(axis=axis), rel=1e-9)


def test_a_constant_column_becomes_0():
    fitted = Standardisation.fit(np.full((7, 1), 0.1), (), EXACT)
    assert fitted.standardise(np.full((2, 1), 0.1), np.float64).tolist() == [[0], [0]]


def test_quantiles_become_normal_as_scipy_makes_them():
    values, quantiles = RNG.exponential(2, (300, 2)), np.sort(RNG.exponential(2, (50, 2)), axis=0)
    wanted = to_normal(values, quantiles)
    assert exactly_normal(values, quantiles) == pytest.approx(wanted, rel=1e-12, abs=1e-12)


def test_cyclic_parts_of_a_date_are_its_sine_and_cosine():
    dates = pd.Series(pd.date_range("2024-01-01", periods=400, freq="37h")).astype("datetime64[us]")
    dates[3] = pd.NaT
    parts = DateParts.of(dates)
    exact, usual = parts.numbers("d", dates, EXACT), parts.numbers("d", dates)
    assert list(exact) == list(usual)
    for name in exact:
        assert np.allclose(exact[name], usual[name], atol=1e-15, equal_nan=True), name


@pytest.mark.parametrize("is_regression", [False, True])
def test_a_tree_splits_where_that_of_scikit_learn_does(is_regression):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(300).astype(np.float32).astype(float)
        noise = rng.standard_normal(300)
        y = np.sin(3 * x) + noise / 4 if is_regression else (x > 0.3) + (x + noise / 2 > 1)
        wanted = tree_edges(x, y, 8, is_regression)
        assert exact_tree_edges(x, y, 8, is_regression) == pytest.approx(wanted, abs=1e-6)


def test_a_tree_of_one_value_or_one_class_has_no_cut():
    assert exact_tree_edges(np.ones(9), np.arange(9) % 2, 4, False).tolist() == [1]
    assert exact_tree_edges(np.arange(9.0), np.ones(9), 4, False).tolist() == [0, 8]


@pytest.mark.parametrize("name", ["moons", "circles", "spirals"])
def test_computed_data_are_rounded_so_that_their_last_bits_do_not_matter(name):
    source = datasets.source(name)
    exact, usual = datasets.load(source, EXACT), datasets.load(source)
    assert pytest.approx(usual.X, abs=1e-6) == exact.X
    assert np.array_equal(exact.X * 2**20, np.rint(exact.X * 2**20))
    assert np.array_equal(exact.y, usual.y)


def test_data_that_are_read_are_not_rounded():
    source = datasets.source("wine")
    assert np.array_equal(datasets.load(source, EXACT).X, datasets.load(source).X)
