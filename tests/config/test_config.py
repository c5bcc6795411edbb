"""A config file as a checked `Config`: defaults, error messages, overrides and its definition."""

import math
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnsearch.config.config import RUN_TIME, Config, load_config, parse_config
from dnnsearch.errors import UserError
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, OPTIONAL, OPTIONAL_KEYS

CONFIGS = sorted(Path("configs").glob("*.yaml"))
SMALLEST = {
    "data": "iris",
    "learning_rate": 0.1,
    "iterations": 10,
    "hidden_layers": 1,
    "units": 4,
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": "full",
}


def parsed(**changes):
    return parse_config({**SMALLEST, **changes}, "x.yaml", "x")


def refusal(**changes):
    with pytest.raises(UserError) as error:
        parsed(**changes)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_that_comes_with_the_project_is_complete(path):
    config = load_config(path)
    written = yaml.safe_load(path.read_text())
    assert config.study == path.stem
    may_lack = {"study", "tracking", "workers", "stop_after", *OPTIONAL_KEYS}
    may_lack |= {"units"} if "width" in written else set()  # one of the two
    assert Config.model_fields.keys() - written.keys() <= may_lack
    usual = ("portable", 6) if path.stem != "exact_digits" else ("exact", 3)
    assert (config.numerics, config.parallelism) == usual


def test_the_smallest_config_has_the_defaults_that_are_documented():
    config = parsed()
    assert config.study == "x"
    assert config.place == "x.yaml"
    assert config.data == {"name": "iris"}
    assert (config.split.dev, config.split.test, config.split.seed) == (0.2, 0.2, 0)
    assert (config.trials, config.seed, config.parallelism, config.numerics) == (
        40,
        0,
        6,
        "portable",
    )
    assert (config.sampler, config.pruner, config.objective) == ("tpe", "none", "dev_accuracy")
    assert (config.dtype, config.initialization, config.replicates) == ("float32", "he", 1)
    assert (config.curve_every, config.max_cost, config.try_first) == ("auto", None, ())
    assert (config.storage, config.records) == ("sqlite:///optuna.db", "records")
    assert config.workers == config.processes == len(os.sched_getaffinity(0))


def test_tracking_is_mlflows_own_variable_or_its_own_default(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert parsed().tracking == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert parsed().tracking == "http://127.0.0.1:5000"
    assert parsed(tracking="sqlite:///a.db").tracking == "sqlite:///a.db"


def test_an_error_is_one_line_with_place_key_rule_and_value():
    message = "x.yaml: learning_rate: low < high must hold, but got low=1, high=0.1"
    assert refusal(learning_rate={"low": 1, "high": 0.1}) == message


def test_a_text_of_many_choices_is_refused_in_a_short_line():
    assert len(refusal(activation="relu " * 5000)) < 500


def test_an_unknown_key_gets_its_nearest_name_or_the_allowed_ones():
    message = refusal(learning_rat=0.1)
    assert message == "x.yaml: 'learning_rat' is unknown (did you mean learning_rate?)"
    assert "x.yaml: 'q' is unknown; the keys: activation, batch_size, " in refusal(q=0.1)


def test_several_errors_share_the_line_and_the_rest_is_counted():
    message = refusal(trials=0, seed=-1, sampler="tp", pruner="x", dtype="float16")
    assert message.count("; ") == 3
    assert message.endswith("; and 2 more")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"trials": 0}, "trials: must be a whole number from 1 to 100000, but got 0"),
        ({"trials": True}, "trials: must be a whole number"),
        ({"trials": 10**9}, "trials: must be a whole number"),
        ({"seed": -1}, "seed: must be a whole number from 0"),
        ({"seed": 2**32}, "seed: must be a whole number from 0"),
        ({"data": "digit"}, "data: must be one of digits, breast_cancer"),
        (
            {"data": {"name": "moons", "noises": 1}},
            "data: 'noises' is unknown (did you mean noise?)",
        ),
        ({"data": {"name": "moons", "noise": -1}}, "data: noise must be a number at least 0"),
        (
            {"data": {"name": "moons", "examples": 2}},
            "data: examples must be a whole number from 6",
        ),
        ({"data": {"name": "digits", "seed": 1}}, "data: 'seed' is unknown"),
        ({"data": {"examples": 2}}, "data: must be a name such as digits, or {name: moons"),
        ({"data": None}, "data: must be a name such as digits"),
        ({"split": {"dev": 0}}, "split.dev: must be a number above 0 and below 1, but got 0"),
        ({"split": {"dev": 1}}, "split.dev: must be a number above 0 and below 1, but got 1"),
        ({"split": {"dev": 0.5, "test": 0.5}}, "split: dev + test < 1 must hold"),
        (
            {"split": {"devv": 0.5}},
            "'split.devv' is unknown (did you mean dev?)",
        ),
        ({"split": 0.2}, "split: must be a mapping"),
        ({"split": {1: 2}}, "split"),
        ({"objective": "test_accuracy"}, "objective: must be one of dev_accuracy, dev_cost"),
        ({"dtype": "float16"}, "dtype: must be one of float32, float64"),
        ({"numerics": "portabel"}, "(did you mean portable?)"),
        ({"initialization": "hee"}, "(did you mean he?)"),
        ({"curve_every": 0}, "curve_every: must be a whole number from 1 to 100000000, or auto"),
        ({"max_cost": "lots"}, "or none, but got 'lots'"),
        ({"pruner": "media"}, "pruner: must be one of median, halving, or none"),
        ({"parallelism": 0}, "parallelism: must be a whole number"),
        ({"replicates": 0}, "replicates: must be a whole number from 1 to 1000, but got 0"),
        ({"workers": 0}, "workers: must be a whole number from 1"),
        ({"storage": 3}, "storage: must be text"),
        ({"records": ""}, "records: must be text"),
        ({"study": "a/b"}, "study: must be at most 100 bytes without slashes"),
        ({"units": 0}, "units: must be a whole number from 1"),
        ({"try_first": {"units": [4]}}, "try_first: must be a list of mappings"),
        (
            {"try_first": [{"units": [4]}, {"momentum": 0.1}]},
            "try_first: guess 2: momentum must lie",
        ),
        ({"try_first": [{"momentum": 0.1}], "units": 0}, "units: must be a whole number"),
    ],
)
def test_bad_input_names_the_key_the_rule_and_the_value(changes, problem):
    message = refusal(**changes)
    assert message.startswith("x.yaml: ")
    assert problem in message


def test_a_missing_key_is_named_with_an_example():
    with pytest.raises(UserError, match=r"units: must be given, such as units: \{low: 16"):
        parse_config({k: v for k, v in SMALLEST.items() if k != "units"}, "x.yaml", "x")
    with pytest.raises(UserError, match="data: must be given, one of digits"):
        parse_config({}, "x.yaml", "x")


def test_a_key_that_is_not_a_name_is_also_an_error_in_python():
    with pytest.raises(UserError, match="a key must be a name, but got 1"):
        parse_config({1: 2}, "x", "x")


def test_overrides_change_one_value_each(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text(yaml.safe_dump(SMALLEST))
    config = load_config(path, ["learning_rate={low: 1e-3, high: 1}", "learning_rate.log=true"])
    assert config.learning_rate.log
    assert load_config(path, ["split.seed=3"]).split.seed == 3
    assert config.study == "one"
    with pytest.raises(UserError, match=r"trials: must .* got 0 \(set on the command line\)$"):
        load_config(path, ["trials=0"])
    with pytest.raises(UserError, match=r"'trails' is unknown \(did you mean trials\?\)"):
        load_config(path, ["trails=1"])


def test_equal_configs_written_differently_have_equal_definitions():
    one = parsed(
        learning_rate={"low": "1e-3", "high": 1, "log": True}, iterations="1e3", data="moons"
    )
    other = parsed(
        learning_rate={"high": 1.0, "low": 0.001, "log": True},
        iterations=1000,
        data={"name": "moons", "examples": 1000, "noise": "0.2"},
        split={"dev": 0.2},
        curve_every="auto",
        max_cost="none",
        study="other name",
        workers=7,
        trials=3,
    )
    assert one.definition() == other.definition()


def test_a_fixed_value_and_a_single_choice_are_different_studies():
    assert parsed(momentum=0.9).definition() != parsed(momentum=[0.9]).definition()


ANOTHER = {
    "data": "wine",
    "split": {"seed": 1},
    "seed": 1,
    "parallelism": 2,
    "numerics": "native",
    "sampler": "qmc",
    "pruner": "median",
    "objective": "dev_cost",
    "metrics": ["dev_f1"],
    "dtype": "float64",
    "initialization": "xavier",
    "replicates": 2,
    "folds": 3,
    "curve_every": 5,
    "max_cost": 10**9,
    "learning_rate": 0.2,
    "iterations": 20,
    "hidden_layers": 2,
    "units": 8,
    "activation": "tanh",
    "momentum": 0.5,
    "batch_size": 8,
    **{n: yaml.safe_load(HYPERPARAMETERS[n].example) for n in OPTIONAL},
    "start": "portfolio-1",
    "try_first": [{"learning_rate": 0.1}],
}


@pytest.mark.parametrize("key", ANOTHER)
def test_another_value_of_a_defining_key_is_another_definition(key):
    searched = {"learning_rate": [0.1, 0.2]} if key == "try_first" else {}
    before = parsed(**searched).definition()
    after = parsed(**{**searched, key: ANOTHER[key]}).definition()
    assert [n for n in before | after if before.get(n) != after.get(n)] == [key]


def test_every_key_is_of_the_run_or_defines_the_study():
    assert ANOTHER.keys() | {"width"} | set(RUN_TIME) == Config.model_fields.keys()


def test_the_definition_has_no_key_of_the_run_and_every_sampler_argument():
    definition = parsed().definition()
    assert not set(RUN_TIME) & definition.keys()
    assert definition["sampler"] == {
        "name": "tpe",
        "n_startup_trials": 10,
        "n_ei_candidates": 24,
        "multivariate": True,
        "group": False,
        "constant_liar": True,
    }


def test_a_document_is_read_as_the_same_config():
    config = parsed(units=[4, 8], try_first=[{"units": [8]}], momentum={"low": 0, "high": 0.5})
    again = parse_config(config.document(), "again", "x")
    assert again.document() == config.document()
    assert again.definition() == config.definition()
    assert yaml.safe_load(yaml.safe_dump(config.document())) == config.document()


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([math.nan, math.inf, -0.0, 10**400, "full", "none", "auto", "relu", "1e-3"])
)
KEYS = st.sampled_from([*Config.model_fields, "low", "high", "log", "name", "units_1"]) | st.text(
    max_size=5
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_mapping_is_a_config_or_a_user_error(changes):
    try:
        config = parse_config({**SMALLEST, **changes}, "x.yaml", "x")
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert parse_config(config.document(), "again", "x").definition() == config.definition()


@settings(deadline=None)
@given(st.binary(max_size=200) | VALUES.map(lambda value: yaml.safe_dump(value).encode()))
def test_any_file_is_a_config_or_a_user_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    try:
        load_config(path)
    except UserError as error:
        assert "\n" not in str(error)
