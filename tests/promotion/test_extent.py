"""A promotion of no stated extent costs no more than the search did."""

import json
from pathlib import Path

from dnnsearch.promotion.candidates import memo
from dnnsearch.promotion.extent import EXTENTS, extent
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.definition import resolve_definition
from dnnsearch.study.stored_study import OpenStudy, open_study
from tests.support.preloaded import Preloaded


def opened(folder: Path) -> OpenStudy:
    return open_study("clean", f"sqlite:///{folder}/optuna.db")


def test_a_promotion_costs_at_most_what_the_search_did(program: Preloaded, folder: Path) -> None:
    said = json.loads(program.run(folder, "promote", "clean", "--json").splitlines()[-1])
    study = opened(folder)
    spent = sum(study.record(row.number).cost for row in study.trials())
    trained = [record for number in range(6) for record in memo(study).every(number)]
    networks = {record.spec.replicates for record in trained}
    assert sum(record.cost for record in trained) <= spent or networks == {4}
    assert len(said["candidates"]) >= 2
    assert networks == {min(networks)}


def test_what_is_given_is_kept(folder: Path) -> None:
    study = opened(folder)
    definition = resolve_definition(study.config, ArrayStore(default_root()))
    assert extent(study, definition, 7, 3) == (7, 3)
    assert extent(study, definition, 6, None)[0] == 6
    assert extent(study, definition, None, 100)[1] == 100


def test_a_small_search_has_the_smallest_promotion_and_a_long_one_the_largest(
    folder: Path, monkeypatch
) -> None:
    study = opened(folder)
    definition = resolve_definition(study.config, ArrayStore(default_root()))
    rows = study.trials()
    for cost, wanted in ((0, EXTENTS[-1]), (10**15, EXTENTS[0])):
        for row in rows:
            row.user_attrs["dnnsearch"]["cost"] = cost
        # the rows are those of the storage but for their cost, which no search could reach here
        monkeypatch.setattr(OpenStudy, "trials", lambda self: rows)
        assert extent(study, definition, None, None) == wanted
        monkeypatch.undo()


def test_the_same_trials_are_promoted_to_the_same_extent_again(
    program: Preloaded, folder: Path
) -> None:
    stated = ("promote", "clean", "--top", "3", "--replicates", "5", "--json")
    first = json.loads(program.run(folder, *stated).splitlines()[-1])
    again = json.loads(program.run(folder, "promote", "clean", "--json").splitlines()[-1])
    assert len(again["openings"]) == 1
    assert again["test"] == first["test"]
