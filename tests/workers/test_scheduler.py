"""Who runs next and what a death means, for places that are only names."""

from dnnsearch.workers.events import Failed
from dnnsearch.workers.scheduler import MAX_LOST_SLOTS, MAX_QUEUED_PER_TRAINING, Scheduler, Slot


def turns(count: int) -> Scheduler:
    """With so many trials waiting."""
    made = Scheduler()
    for number in range(count):
        made.submit(number)
    return made


def give(made: Scheduler, places: list[Slot]) -> list[int]:
    """All that can begin now."""
    given = []
    while taken := made.assign(places):
        given.append(taken[1])
    return given


def test_trials_go_to_whoever_has_least_to_do_and_no_place_holds_too_many() -> None:
    places, made = [Slot("a"), Slot("b", capacity=2)], turns(20)
    assert give(made, places) == list(range(3 * MAX_QUEUED_PER_TRAINING))
    assert [len(place.numbers) for place in places] == [
        MAX_QUEUED_PER_TRAINING,
        2 * MAX_QUEUED_PER_TRAINING,
    ]
    made.ended(places[0], 0)
    assert made.assign(places) == (places[0], 3 * MAX_QUEUED_PER_TRAINING)


def test_what_waits_stays_for_whoever_is_ready_first_while_there_is_little() -> None:
    places, made = [Slot(), Slot()], turns(3)
    assert give(made, places) == [0, 1]  # 2 could have to wait behind either
    made.submit(3)
    assert give(made, places) == [2]
    made.ended(places[1], 1)
    assert made.assign(places) == (places[1], 3)


def test_a_suspect_waits_until_its_machine_is_empty_and_then_has_it_alone() -> None:
    places, made = [Slot(), Slot()], turns(6)
    give(made, places)
    assert made.crashed(places[0], 0, "signal SIGKILL") is None
    assert made.assign(places) is None
    for place in places:
        for number in list(place.numbers):
            made.ended(place, number)
    assert made.assign(places) == (places[0], 0)
    assert made.assign(places) is None  # 4 and 5 wait
    made.ended(places[0], 0)
    assert give(made, places) == [4, 5]


def test_other_machines_go_on_while_a_suspect_is_alone_on_its_own() -> None:
    places, made = [Slot("a"), Slot("a"), Slot("b")], turns(12)
    give(made, places)
    made.crashed(places[0], 0, "")
    made.ended(places[2], places[2].numbers[0])
    given = list(iter(lambda: made.assign(places), None))
    assert {place.machine for place, _ in given} == {"a"}  # on b there was least to do
    made.ended(places[2], places[2].numbers[0])
    assert made.assign(places) == (places[2], 0)
    assert places[2].alone


def test_only_deaths_while_alone_count_and_the_third_is_a_failure() -> None:
    place, made = Slot(), turns(1)
    for _ in range(3):
        assert made.assign([place]) == (place, 0)
        assert made.crashed(place, 0, "signal SIGKILL") is None
    assert made.assign([place]) == (place, 0)
    failed = made.crashed(place, 0, "signal SIGKILL")
    assert failed == Failed(0, "its worker died 3 times (signal SIGKILL)", "")
    assert made.assign([place]) is None


def test_a_place_that_vanishes_gives_back_all_it_had_in_order_and_nobody_is_suspected() -> None:
    place, made = Slot("a"), turns(4)
    assert give(made, [place]) == [0, 1]
    assert made.lost(place, "gone") == []
    other = Slot("b", capacity=2)
    assert give(made, [other]) == [0, 1, 2, 3]
    assert not other.alone


def test_a_trial_under_which_one_place_after_another_vanishes_is_suspected_in_the_end() -> None:
    made = turns(2)
    for _ in range(MAX_LOST_SLOTS):
        place = Slot("a")
        assert give(made, [place]) == [0, 1]
        assert not place.alone
        assert made.lost(place, "gone") == []
    place = Slot("a")
    give(made, [place])
    made.lost(place, "gone")
    for left in (2, 1, 0):
        place = Slot("a")
        assert give(made, [place]) == [0]
        assert place.alone
        assert bool(made.lost(place, "its worker vanished")) == (left == 0)
    assert give(made, [Slot("a")]) == [1]


def test_what_a_suspect_that_is_given_back_has_suffered_is_not_forgotten() -> None:
    place, made = Slot(), turns(2)
    give(made, [place])
    made.requeue(place, [1])
    made.crashed(place, 0, "")
    assert give(made, [place]) == [0]
    made.requeue(place, [0])
    assert give(made, [place]) == [0]
    assert place.alone
