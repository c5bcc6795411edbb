"""Who runs next and what a death means, for places that are only names."""

from dnnsearch.workers.events import Failed
from dnnsearch.workers.scheduler import AHEAD, VANISHED, Place, Turns


def turns(count: int) -> Turns:
    """With so many trials waiting."""
    made = Turns()
    for number in range(count):
        made.submit(number)
    return made


def give(made: Turns, places: list[Place]) -> list[int]:
    """All that can begin now."""
    given = []
    while taken := made.next(places):
        given.append(taken[1])
    return given


def test_trials_go_to_whoever_has_least_to_do_and_no_place_holds_too_many() -> None:
    places, made = [Place("a"), Place("b", width=2)], turns(20)
    assert give(made, places) == list(range(3 * AHEAD))
    assert [len(place.numbers) for place in places] == [AHEAD, 2 * AHEAD]
    made.ended(places[0], 0)
    assert made.next(places) == (places[0], 3 * AHEAD)


def test_what_waits_stays_for_whoever_is_ready_first_while_there_is_little() -> None:
    places, made = [Place(), Place()], turns(3)
    assert give(made, places) == [0, 1]  # 2 could have to wait behind either
    made.submit(3)
    assert give(made, places) == [2]
    made.ended(places[1], 1)
    assert made.next(places) == (places[1], 3)


def test_a_suspect_waits_until_its_machine_is_empty_and_then_has_it_alone() -> None:
    places, made = [Place(), Place()], turns(6)
    give(made, places)
    assert made.died(places[0], 0, "signal SIGKILL") is None
    assert made.next(places) is None
    for place in places:
        for number in list(place.numbers):
            made.ended(place, number)
    assert made.next(places) == (places[0], 0)
    assert made.next(places) is None  # 4 and 5 wait
    made.ended(places[0], 0)
    assert give(made, places) == [4, 5]


def test_other_machines_go_on_while_a_suspect_is_alone_on_its_own() -> None:
    places, made = [Place("a"), Place("a"), Place("b")], turns(12)
    give(made, places)
    made.died(places[0], 0, "")
    made.ended(places[2], places[2].numbers[0])
    given = list(iter(lambda: made.next(places), None))
    assert {place.machine for place, _ in given} == {"a"}  # on b there was least to do
    made.ended(places[2], places[2].numbers[0])
    assert made.next(places) == (places[2], 0)
    assert places[2].alone


def test_only_deaths_while_alone_count_and_the_third_is_a_failure() -> None:
    place, made = Place(), turns(1)
    for _ in range(3):
        assert made.next([place]) == (place, 0)
        assert made.died(place, 0, "signal SIGKILL") is None
    assert made.next([place]) == (place, 0)
    failed = made.died(place, 0, "signal SIGKILL")
    assert failed == Failed(0, "its worker died 3 times (signal SIGKILL)", "")
    assert made.next([place]) is None


def test_a_place_that_vanishes_gives_back_all_it_had_in_order_and_nobody_is_suspected() -> None:
    place, made = Place("a"), turns(4)
    assert give(made, [place]) == [0, 1]
    assert made.vanished(place, "gone") == []
    other = Place("b", width=2)
    assert give(made, [other]) == [0, 1, 2, 3]
    assert not other.alone


def test_a_trial_under_which_one_place_after_another_vanishes_is_suspected_in_the_end() -> None:
    made = turns(2)
    for _ in range(VANISHED):
        place = Place("a")
        assert give(made, [place]) == [0, 1]
        assert not place.alone
        assert made.vanished(place, "gone") == []
    place = Place("a")
    give(made, [place])
    made.vanished(place, "gone")
    for left in (2, 1, 0):
        place = Place("a")
        assert give(made, [place]) == [0]
        assert place.alone
        assert bool(made.vanished(place, "its worker vanished")) == (left == 0)
    assert give(made, [Place("a")]) == [1]


def test_what_a_suspect_that_is_given_back_has_suffered_is_not_forgotten() -> None:
    place, made = Place(), turns(2)
    give(made, [place])
    made.give_back(place, [1])
    made.died(place, 0, "")
    assert give(made, [place]) == [0]
    made.give_back(place, [0])
    assert give(made, [place]) == [0]
    assert place.alone
