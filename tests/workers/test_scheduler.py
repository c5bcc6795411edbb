"""Covers the scheduler: which trial runs next, and what a crash or a lost slot means."""

from dnnsearch.workers.events import Failed
from dnnsearch.workers.scheduler import MAX_LOST_SLOTS, MAX_QUEUED_PER_TRAINING, Scheduler, Slot


def waiting(count: int) -> Scheduler:
    """Return a scheduler with `count` trials that wait."""
    scheduler = Scheduler()
    for number in range(count):
        scheduler.submit(number)
    return scheduler


def assign_all(scheduler: Scheduler, slots: list[Slot]) -> list[int]:
    """Return all trials that can start now, assigned to slots."""
    assigned = []
    while pair := scheduler.assign(slots):
        assigned.append(pair[1])
    return assigned


def test_trials_go_to_the_slot_with_the_least_load_and_no_slot_holds_too_many() -> None:
    slots, scheduler = [Slot("a"), Slot("b", capacity=2)], waiting(20)
    assert assign_all(scheduler, slots) == list(range(3 * MAX_QUEUED_PER_TRAINING))
    assert [len(slot.numbers) for slot in slots] == [
        MAX_QUEUED_PER_TRAINING,
        2 * MAX_QUEUED_PER_TRAINING,
    ]
    scheduler.ended(slots[0], 0)
    assert scheduler.assign(slots) == (slots[0], 3 * MAX_QUEUED_PER_TRAINING)


def test_few_waiting_trials_stay_in_the_queue_for_the_slot_that_is_free_first() -> None:
    slots, scheduler = [Slot(), Slot()], waiting(3)
    assert assign_all(scheduler, slots) == [0, 1]  # 2 might have to wait behind either
    scheduler.submit(3)
    assert assign_all(scheduler, slots) == [2]
    scheduler.ended(slots[1], 1)
    assert scheduler.assign(slots) == (slots[1], 3)


def test_a_suspect_waits_until_its_machine_is_empty_and_then_has_it_alone() -> None:
    slots, scheduler = [Slot(), Slot()], waiting(6)
    assign_all(scheduler, slots)
    assert scheduler.crashed(slots[0], 0, "signal SIGKILL") is None
    assert scheduler.assign(slots) is None
    for slot in slots:
        for number in list(slot.numbers):
            scheduler.ended(slot, number)
    assert scheduler.assign(slots) == (slots[0], 0)
    assert scheduler.assign(slots) is None  # 4 and 5 wait
    scheduler.ended(slots[0], 0)
    assert assign_all(scheduler, slots) == [4, 5]


def test_other_machines_train_while_a_suspect_has_one_alone() -> None:
    slots, scheduler = [Slot("a"), Slot("a"), Slot("b")], waiting(12)
    assign_all(scheduler, slots)
    scheduler.crashed(slots[0], 0, "")
    scheduler.ended(slots[2], slots[2].numbers[0])
    assigned = list(iter(lambda: scheduler.assign(slots), None))
    assert {slot.machine for slot, _ in assigned} == {"a"}  # b had the least load
    scheduler.ended(slots[2], slots[2].numbers[0])
    assert scheduler.assign(slots) == (slots[2], 0)
    assert slots[2].alone


def test_only_crashes_while_alone_count_and_the_third_is_a_failure() -> None:
    slot, scheduler = Slot(), waiting(1)
    for _ in range(3):
        assert scheduler.assign([slot]) == (slot, 0)
        assert scheduler.crashed(slot, 0, "signal SIGKILL") is None
    assert scheduler.assign([slot]) == (slot, 0)
    failed = scheduler.crashed(slot, 0, "signal SIGKILL")
    assert failed == Failed(0, "its worker died 3 times (signal SIGKILL)", "")
    assert scheduler.assign([slot]) is None


def test_all_trials_of_a_lost_slot_are_queued_again_in_order_and_none_is_suspected() -> None:
    slot, scheduler = Slot("a"), waiting(4)
    assert assign_all(scheduler, [slot]) == [0, 1]
    assert scheduler.lost(slot, "gone") == []
    other = Slot("b", capacity=2)
    assert assign_all(scheduler, [other]) == [0, 1, 2, 3]
    assert not other.alone


def test_a_trial_under_which_one_slot_after_another_is_lost_is_suspected_in_the_end() -> None:
    scheduler = waiting(2)
    for _ in range(MAX_LOST_SLOTS):
        slot = Slot("a")
        assert assign_all(scheduler, [slot]) == [0, 1]
        assert not slot.alone
        assert scheduler.lost(slot, "gone") == []
    slot = Slot("a")
    assign_all(scheduler, [slot])
    scheduler.lost(slot, "gone")
    for left in (2, 1, 0):
        slot = Slot("a")
        assert assign_all(scheduler, [slot]) == [0]
        assert slot.alone
        assert bool(scheduler.lost(slot, "its worker vanished")) == (left == 0)
    assert assign_all(scheduler, [Slot("a")]) == [1]


def test_a_suspect_that_is_queued_again_stays_suspected() -> None:
    slot, scheduler = Slot(), waiting(2)
    assign_all(scheduler, [slot])
    scheduler.requeue(slot, [1])
    scheduler.crashed(slot, 0, "")
    assert assign_all(scheduler, [slot]) == [0]
    scheduler.requeue(slot, [0])
    assert assign_all(scheduler, [slot]) == [0]
    assert slot.alone
