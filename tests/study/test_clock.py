"""The virtual clock's order, compared with a plain simulation for workers that end in any order."""

import random

from hypothesis import given
from hypothesis import strategies as st

from dnnsearch.study.clock import VirtualClock

costs = st.lists(st.integers(1, 6), min_size=1, max_size=30)


def expected(costs: list[int], parallelism: int) -> list[str]:
    """The order of asking and telling if every duration is known from the start."""
    story, now, flights = [], 0, set()
    for number, cost in enumerate(costs):
        if len(flights) == parallelism:
            now, first = min(flights)
            flights.remove((now, first))
            story.append(f"tell {first}")
        flights.add((now + cost, number))
        story.append(f"ask {number}")
    return story + [f"tell {number}" for _, number in sorted(flights)]


def lived(costs: list[int], parallelism: int, chance: random.Random) -> list[str]:
    """The same order by the clock, with workers that report and end in any real order."""
    clock, story, asked = VirtualClock(parallelism), [], 0
    spent: dict[int, int] = {}
    while asked < len(costs) or clock.in_flight:
        if asked < len(costs) and not clock.is_full:
            clock.ask(asked)
            story.append(f"ask {asked}")
            spent[asked] = 0
            asked += 1
        elif (due := clock.due()) is not None:
            clock.tell(due)
            story.append(f"tell {due}")
        else:
            number = chance.choice([n for n in clock.in_flight if spent[n] < costs[n]])
            spent[number] += 1
            if spent[number] == costs[number]:
                clock.end(number, costs[number])
            else:
                clock.progress(number, spent[number])
    return story


@given(costs, st.integers(1, 8), st.integers())
def test_the_order_is_a_function_of_the_costs_alone(
    costs: list[int], parallelism: int, seed: int
) -> None:
    assert lived(costs, parallelism, random.Random(seed)) == expected(costs, parallelism)


@given(costs, st.integers(1, 8))
def test_a_shorter_study_is_the_beginning_of_a_longer_one(
    costs: list[int], parallelism: int
) -> None:
    longer = expected([*costs, 3], parallelism)
    asked_before = longer[: longer.index(f"ask {len(costs)}")]
    assert expected(costs, parallelism)[: len(asked_before)] == asked_before


def test_ties_go_by_number() -> None:
    clock = VirtualClock(3)
    for number in range(3):
        clock.ask(number)
    for number in (2, 1, 0):
        clock.end(number, 10)
    assert clock.due() == 0


def test_an_ended_trial_waits_for_one_that_could_still_come_before_it() -> None:
    clock = VirtualClock(2)
    clock.ask(0)
    clock.ask(1)
    clock.end(1, 10)
    assert clock.due() is None
    clock.progress(0, 9)
    assert clock.due() is None
    clock.progress(0, 11)
    assert clock.due() == 1
