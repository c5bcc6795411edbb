"""The differences of two configurations, and what lies between them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dnnsearch.promotion.ablation.changes import along, changes
from dnnsearch.trials.hyperparameters import Hyperparameters

START = Hyperparameters(
    learning_rate=0.2,
    iterations=100,
    units=(64, 32),
    activation="relu",
    momentum=0.9,
    batch_size=32,
)


def test_each_hyperparameter_that_differs_is_one_change() -> None:
    end = replace(START, learning_rate=0.5, units=(100,), batch_size=16)
    found = changes(START, end)
    assert [one.names for one in found] == [("learning_rate",), ("units",), ("batch_size",)]
    assert str(found[1]) == "units 64-32 to 100"
    assert changes(START, START) == []


def test_a_learning_rate_changes_with_its_rule_of_descent() -> None:
    end = replace(START, learning_rate=0.001, descent="adamw", beta2=0.95, activation="tanh")
    names = [one.names for one in changes(START, end)]
    assert names == [("descent", "learning_rate", "beta2"), ("activation",)]
    same_rule = replace(START, learning_rate=0.001, momentum=0.5)
    assert [one.names for one in changes(START, same_rule)] == [("learning_rate",), ("momentum",)]


@given(
    st.builds(
        replace,
        st.just(START),
        learning_rate=st.sampled_from([0.2, 0.01]),
        units=st.sampled_from([(64, 32), (), (8, 8, 8)]),
        descent=st.sampled_from(["momentum", "adamw"]),
        codes=st.sampled_from(["none", 8]),
        edges=st.sampled_from(["quantile", "tree"]),
        checkpoint=st.sampled_from(["last", "best"]),
        patience=st.sampled_from([None, 10]),
    )
)
def test_the_path_leads_to_the_end_and_undoing_every_change_leads_back(
    end: Hyperparameters,
) -> None:
    steps = changes(START, end)
    assert along(START, steps)[-1] == end
    for change in steps:
        end = change.undone(end)
    assert end == START
