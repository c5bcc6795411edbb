"""The workers that a study starts: how many there are, and that none is left."""

import os
from pathlib import Path

import pytest

from dnnsearch.config.config import parse_config
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from dnnsearch.study.worker_factory import open_workers

CONFIG = {
    "data": "wine",
    "parallelism": 2,
    "learning_rate": 0.1,
    "iterations": 20,
    "hidden_layers": 0,
    "units": 1,
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": 16,
}


def children() -> set[str]:
    """Process ids of the child processes of this one."""
    threads = Path(f"/proc/{os.getpid()}/task").iterdir()
    return {pid for thread in threads for pid in (thread / "children").read_text().split()}


@pytest.mark.parametrize(("asked", "started"), [(1, 1), (64, 2)])
def test_no_more_workers_are_started_than_trials_can_be_in_flight(
    tmp_path: Path, asked: int, started: int
) -> None:
    definition = resolve_definition(parse_config(CONFIG, "test", "test"), ArrayStore(tmp_path))
    before = children()
    with open_workers(definition, asked, tmp_path, print):
        assert len(children() - before) == started
    assert not children() - before
