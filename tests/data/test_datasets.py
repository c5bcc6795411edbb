"""The sets with a name, their options, and what each must hold."""

import numpy as np
import pytest

from dnnsearch.data.datasets import DATASETS, load, source

# what scikit-learn documents of its bundled sets: examples, features, classes
BUNDLED = {
    "digits": (1797, 64, 10),
    "breast_cancer": (569, 30, 2),
    "wine": (178, 13, 3),
    "iris": (150, 4, 3),
}


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_set_has_its_documented_size(name):
    table = load(source(name))
    assert (*table.X.shape, len(table.classes)) == BUNDLED[name]


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_is_numbers_in_and_a_class_out(name):
    table = load(source(name))
    assert table.X.dtype == np.float64
    assert table.y.dtype == np.int64
    assert table.X.shape == (len(table.y), len(table.feature_names))
    assert np.isfinite(table.X).all()
    assert set(table.y) == set(range(len(table.classes)))
    assert all(type(text) is str for text in table.classes + table.feature_names)
    assert table.task == ("binary" if len(table.classes) == 2 else "multiclass")


@pytest.mark.parametrize("name", [name for name in DATASETS if "seed" in DATASETS[name].options])
def test_a_generated_set_is_drawn_from_its_seed(name):
    options = {"bits": 12, "examples": 100} if name == "parity" else {"examples": 100}
    one, again, other = (load(source({"name": name, **options, "seed": s})) for s in (1, 1, 2))
    assert np.array_equal(one.X, again.X)
    assert not np.array_equal(one.X, other.X)
    assert len(one.X) == 100


def test_a_name_alone_means_all_defaults():
    assert source("moons") == {"name": "moons", "examples": 1000, "noise": 0.2, "seed": 0}


def test_parity_is_odd_where_the_number_of_ones_is():
    table = load(source({"name": "parity", "bits": 3}))
    assert table.X.shape == (8, 3)
    assert len(np.unique(table.X, axis=0)) == 8
    assert [table.classes[y] for y in table.y[:4]] == ["even", "odd", "odd", "even"]
    assert np.array_equal(table.y, table.X.sum(axis=1) % 2)


def test_sampled_parity_has_different_rows_however_many_bits():
    table = load(source({"name": "parity", "bits": 40, "examples": 200}))
    assert len(np.unique(table.X, axis=0)) == 200


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"bits": 21}, "examples: all needs bits <= 20, but got bits=21"),
        ({"bits": 3, "examples": 9}, r"examples <= 2\^bits must hold, but got examples=9, bits=3"),
    ],
)
def test_parity_with_options_that_do_not_go_together_is_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        load(source({"name": "parity", **options}))


def test_spirals_have_as_many_arms_as_asked_each_with_its_share():
    table = load(source({"name": "spirals", "examples": 300, "arms": 3}))
    assert np.bincount(table.y).tolist() == [100, 100, 100]


def test_a_noiseless_spiral_lies_on_its_formula():
    table = load(source({"name": "spirals", "examples": 50, "turns": 2, "noise": 0}))
    radius = np.hypot(*table.X.T)
    angle = np.arctan2(table.X[:, 1], table.X[:, 0])
    turned = 2 * np.pi * (2 * radius + table.y / 2) - angle
    assert np.allclose(np.cos(turned), 1)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("digit", r"must be one of digits, .* but got 'digit' \(did you mean digits\?\)"),
        ({"name": ["digits"]}, "must be one of"),
        ({"nam": "digits"}, "must be a name such as digits"),
        (3, "must be a name such as digits"),
        ({"name": "digits", "noise": 1}, "'noise' is unknown; the keys of digits: name"),
        ({"name": "moons", "example": 9}, r"\(did you mean examples\?\)"),
        ({"name": "moons", "noise": "much"}, "noise must be a number at least 0 and at most 10"),
        ({"name": "moons", "examples": 10**9}, "examples must be a whole number from 6"),
        ({"name": "circles", "factor": 1}, "factor must be a number at least 0 and below 1"),
    ],
)
def test_a_source_that_is_none_is_refused_with_rule_and_value(given, rule):
    with pytest.raises(ValueError, match=rule):
        source(given)
