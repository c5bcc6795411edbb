"""Workers that sleep as long as their trials cost, for a real coordinator.

One process, the player, plays all of them. It answers as worker processes do: with progress at each
point of the curves, and with the record of each trial. So the coordinator does all that it does in
a search, and nobody trains.
"""

import heapq
import multiprocessing
import queue
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from dnnsearch.runtime.childprocess import inbox
from dnnsearch.trials.record import encode, versions
from dnnsearch.trials.run import Result
from dnnsearch.trials.spec import Spec
from dnnsearch.trials.training import CURVES
from dnnsearch.workers import Done, Event, Progressed

DEV_EXAMPLES = 359  # of digits


@dataclass(frozen=True)
class Use:
    """How the workers spent their time: from the start of the first trial to the last end."""

    slept: float  # seconds of all trials
    seconds: float


class SleepingWorkers:
    """A pool of `count` workers; a trial sleeps `seconds_per_cost` for each unit of its cost."""

    def __init__(self, count: int, seconds_per_cost: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=play, args=(other, count, seconds_per_cost))
        self.process.start()
        other.close()

    def submit(self, spec: Spec) -> None:
        """Have the trial slept."""
        self.connection.send(spec.as_dict())

    def poll(self, timeout: float) -> list[Event]:
        """Return what has happened, after at most `timeout` seconds."""
        events: list[Event] = []
        while self.connection.poll(0 if events else timeout):
            events.append(self.connection.recv())
        return events

    def close(self) -> Use:
        """End the player; return how its workers spent their time."""
        self.connection.send(None)
        while not isinstance(answer := self.connection.recv(), Use):
            pass  # events of trials that nobody waits for
        self.process.join()
        return answer


def play(connection: Connection, count: int, seconds_per_cost: float) -> None:
    """Play the workers until None comes instead of a spec; answer it with their use of time."""
    specs = inbox(connection.recv)  # always read, so that the coordinator can always send
    made, waiting, running = {"versions": versions()}, deque[Spec](), 0
    events: list[tuple[float, int, Any]] = []  # moment, serial number, event
    slept, first, last, serial = 0.0, float("inf"), 0.0, 0
    while True:
        now = time.monotonic()
        while events and events[0][0] <= now:
            event = heapq.heappop(events)[2]
            connection.send(event)
            if isinstance(event, Done):
                running, last = running - 1, now
        while waiting and running < count:
            spec, running, first = waiting.popleft(), running + 1, min(first, now)
            seconds = spec.cost(spec.updates) * seconds_per_cost
            slept += seconds
            for at, event in trial_events(spec, seconds, made):
                serial += 1
                heapq.heappush(events, (now + at, serial, event))
        try:
            document = specs.get(timeout=max(events[0][0] - now, 0.001) if events else None)
        except queue.Empty:
            continue
        if document is None:
            return connection.send(Use(slept, last - first))
        waiting.append(Spec.from_dict(document))


def trial_events(spec: Spec, seconds: float, made: dict[str, Any]) -> list[tuple[float, Event]]:
    """Return what a worker reports of the trial, with the seconds since its start."""
    result = made_up_result(spec, seconds)
    points = zip(result.steps.tolist(), result.curves[spec.objective][0].tolist(), strict=True)
    progress: list[tuple[float, Event]] = [
        (seconds * step / spec.updates, Progressed(spec.number, step, value, following))
        for (step, value), following in zip(points, result.steps[1:].tolist())
    ]
    return [*progress, (seconds, Done(spec.number, encode(spec, result, made)))]


def made_up_result(spec: Spec, seconds: float) -> Result:
    """Return a result whose cost depends on the learning rate, as one that a sampler can learn."""
    steps = np.array([*range(0, spec.updates, spec.curve_every), spec.updates], np.int64)
    distance = np.log10(spec.hyperparameters.learning_rate / 0.1)
    rng = np.random.default_rng(spec.number)
    falling = 0.2 + distance**2 / 4 + 2 * np.exp(-4 * steps / spec.updates)
    cost = (falling + 0.02 * rng.random(len(steps)))[np.newaxis]
    curves = {name: np.exp(-cost) if "accuracy" in name else cost for name in CURVES}
    return Result(
        end="finished",
        steps=steps,
        curves=curves,
        cost=spec.cost(spec.updates),
        parameters=rng.random((1, spec.size), np.float32),
        dev_predictions=np.zeros((1, DEV_EXAMPLES), np.int64),
        dev_outputs="made up",
        seconds=seconds,
    )
