"""The loop of a study, with workers that end trials in any order.

The workers here train in this process and return their events in a random order, which simulates in
milliseconds many machines of different speed. Real processes are in test_search.
"""

import random

import pytest
from optuna.trial import FrozenTrial

from dnnsearch.config.config import parse_config
from dnnsearch.data.prepare import prepare
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.coordinator import Coordinator
from dnnsearch.study.definition import Definition
from dnnsearch.trials.record import Record, decode, encode, fingerprint
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import Done, Event, Failed, Progressed

CONFIG = {
    "data": "wine",
    "parallelism": 4,
    "learning_rate": {"low": 0.001, "high": 10_000, "log": True},
    "iterations": {"low": 20, "high": 60},
    "hidden_layers": [0, 1, 2],
    "units": {"low": 2, "high": 8},
    "activation": ["relu", "tanh"],
    "momentum": 0.9,
    "batch_size": [16, "full"],
    "curve_every": 5,
}


class ShuffledWorkers:
    """Trains at once, and reports each event at a random time."""

    def __init__(self, store: ArrayStore, seed: int, fails: frozenset[int] = frozenset()) -> None:
        self.store, self.chance, self.fails = store, random.Random(seed), fails
        self.queues: dict[int, list[Event]] = {}
        self.trained: list[int] = []

    def submit(self, spec: Spec) -> None:
        number = spec.number
        events: list[Event] = []
        self.queues[number] = events
        self.trained.append(number)
        if number in self.fails:
            events.append(Failed(number, f"cause {number}", ""))
            return
        result = run_trial(
            spec,
            self.store.open(spec.arrays),
            lambda progress: events.append(
                Progressed(number, progress.iteration, 0.0, spec.next_point(progress.iteration))
            ),
        )
        events.append(Done(number, encode(spec, result, {})))

    def poll(self, timeout: float) -> list[Event]:
        queue = self.queues[self.chance.choice(sorted(self.queues))]
        event = queue.pop(0)
        if not queue:
            del self.queues[event.number]
        return [event]


class Memory:
    """A memo and a trial log that keep everything in memory, in the order in which it came."""

    def __init__(self) -> None:
        self.records: dict[Spec, Record] = {}
        self.story: list[str] = []
        self.params: dict[int, dict[str, object]] = {}

    def find(self, spec: Spec) -> Record | None:
        return self.records.get(spec)

    def save(self, packed: bytes) -> Record:
        record = decode(packed)
        self.records[record.spec] = record
        return record

    def asked(self, trial: FrozenTrial, spec: Spec) -> None:
        self.story.append(f"ask {trial.number}")
        self.params[trial.number] = dict(trial.params)

    def told(self, record: Record, packed: bytes | None) -> None:
        self.story.append(f"tell {record.spec.number} {record.end}")
        if packed:
            self.save(packed)

    def flush(self) -> None:
        self.story.append("flush")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArrayStore:
    return ArrayStore(tmp_path_factory.mktemp("store"))


def definition_of(store: ArrayStore, **changes: object) -> Definition:
    config = parse_config(CONFIG | changes, "test", "test")
    return Definition(config, prepare(config, store), numerics.supported_pins("portable"))


def study(
    definition: Definition,
    store: ArrayStore,
    seed: int,
    trials: int,
    memory: Memory | None = None,
    fails: frozenset[int] = frozenset(),
) -> tuple[Memory, Coordinator, ShuffledWorkers]:
    memory = memory or Memory()
    workers = ShuffledWorkers(store, seed, fails)
    coordinator = Coordinator(definition, memory, memory, workers)
    coordinator.run(trials)
    return memory, coordinator, workers


@pytest.mark.parametrize(
    ("pruner", "sampler"),
    [
        *(("none", "tpe"), ("median", "tpe"), ("median", "random"), ("halving", "qmc")),
        *(pytest.param("none", sampler, marks=pytest.mark.proof) for sampler in ("random", "qmc")),
        *(
            pytest.param(*both, marks=pytest.mark.proof)
            for both in (("halving", "tpe"), ("halving", "random"), ("median", "qmc"))
        ),
    ],
)
def test_the_order_in_which_workers_end_changes_nothing(
    store: ArrayStore, sampler: str, pruner: str
) -> None:
    definition = definition_of(store, sampler=sampler, pruner=pruner)
    first, one, _ = study(definition, store, 1, 25)
    second, two, _ = study(definition, store, 2, 25)
    assert first.story == second.story
    assert first.params == second.params
    assert fingerprint(one.digests) == fingerprint(two.digests)


def test_pruners_prune_and_large_learning_rates_diverge(store: ArrayStore) -> None:
    """The other tests rely on it: every end occurs in them."""
    definition = definition_of(store, pruner="median", sampler="random")
    story = study(definition, store, 1, 40)[0].story
    assert {line.split()[2] for line in story if line.startswith("tell")} == {
        "finished",
        "pruned",
        "diverged",
    }


def test_a_resumed_study_is_the_undisturbed_one(store: ArrayStore) -> None:
    definition = definition_of(store, pruner="median")
    whole, undisturbed, _ = study(definition, store, 1, 25)
    kept = Memory()
    kept.records = dict(list(whole.records.items())[::2])
    _, resumed, workers = study(definition, store, 3, 25, kept)
    assert resumed.digests == undisturbed.digests
    assert len(workers.trained) == 12


def test_a_short_study_is_the_beginning_of_a_long_one(store: ArrayStore) -> None:
    definition = definition_of(store)
    long = study(definition, store, 1, 25)[1].digests
    short = study(definition, store, 2, 13)[1].digests
    assert long[:13] == short


def test_a_failure_is_replayed_as_given(store: ArrayStore) -> None:
    definition = definition_of(store)
    memory, with_failure, _ = study(definition, store, 1, 20, fails=frozenset({7}))
    assert "tell 7 failed" in memory.story
    again = Memory()
    again.records = {s: r for s, r in memory.records.items() if r.end == "failed"}
    _, replayed, workers = study(definition, store, 2, 20, again)
    assert 7 not in workers.trained
    assert replayed.digests == with_failure.digests


def test_the_default_is_trial_0_and_the_users_guesses_follow(store: ArrayStore) -> None:
    guess = {"learning_rate": 0.5, "hidden_layers": 1, "units_1": 3}
    memory, _, _ = study(definition_of(store, try_first=[guess]), store, 1, 3)
    default = memory.params[0]
    assert (default["hidden_layers"], default["activation"]) == (2, "relu")
    assert guess.items() <= memory.params[1].items()


def test_another_seed_is_another_study(store: ArrayStore) -> None:
    digests = [
        study(definition_of(store, seed=seed, sampler="random"), store, 1, 3)[1].digests
        for seed in (0, 1)
    ]
    assert not set(digests[0]) & set(digests[1])


def test_a_trial_is_cut_off_at_its_limit_of_cost(store: ArrayStore) -> None:
    definition = definition_of(store, max_cost=15_000_000, learning_rate=0.1)
    memory, _, _ = study(definition, store, 1, 10)
    assert {record.end for record in memory.records.values()} == {"pruned", "finished"}
    for spec, record in memory.records.items():
        assert record.cost <= 15_000_000
        assert (record.end == "pruned") == (spec.updates < spec.hyperparameters.iterations)
