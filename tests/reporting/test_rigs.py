"""Rigged studies, drawn at random, and their clean twins: what the first screen says of them."""

import os
from functools import partial

import numpy as np
import pytest

from dnnsearch.reporting.analysis.analyses import analyse
from dnnsearch.reporting.analysis.findings import findings
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.analysis.verdict import verdict
from tests.support import rigs

SEEDS = [0, pytest.param(1, marks=pytest.mark.proof)]
DRAWS = 5  # of the trials, for what mattered; the report itself takes more
MANY = int(os.environ.get("DNNSEARCH_RIGS", "40"))
WRONG = 0.05  # of many: a warning is luck now and then, and TPE may look at one depth alone
KINDS = {
    rigs.beyond_the_edge: ("edge", "the best lies at the"),
    rigs.shuffled_labels: ("nothing", "Nothing was found: "),
    rigs.diverging: ("diverged", "trials diverged"),
    rigs.too_short: ("falling", "were still improving when they ended"),
}


def first_screen(rig, seed: int, draws: int = 0) -> tuple[list[str], str, str]:
    """The kinds of warnings, the sentences, and the warnings' text."""
    rng = np.random.default_rng(seed)
    trials, data = int(rng.integers(45, 80)), str(rng.choice(["digits", "moons"]))
    # a sampler that learns avoids what diverges, and then there are no 40 %
    tpe = seed % 2 == 1 and rig is not rigs.diverging
    material = read(rigs.rigged(rig(rng), rng, trials, data=data, tpe=tpe))
    views = analyse(material, draws)
    found = list(findings(views))
    return [f.kind for f in found], " ".join(verdict(material, views, found)), str(found)


def check_rig(rig, seed: int) -> None:
    kind, words = KINDS[rig]
    kinds, sentences, _ = first_screen(rig, seed)
    assert kind in kinds
    assert words in sentences
    assert "No warning" not in sentences


def check_clean(seed: int, draws: int = 0) -> None:
    kinds, sentences, text = first_screen(rigs.clean, seed, draws)
    assert kinds == [], text
    assert "No warning" in sentences
    assert "Nothing was found" not in sentences
    assert "Only" not in sentences


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rig", KINDS, ids=lambda rig: rig.__name__)
def test_a_rigged_study_is_seen_through(rig, seed: int) -> None:
    check_rig(rig, seed)


def check_only_depth(seed: int) -> None:
    _, sentences, _ = first_screen(rigs.only_depth, seed, DRAWS)
    assert "Only hidden_layers mattered" in sentences


def test_where_only_depth_matters_the_verdict_says_so() -> None:
    check_only_depth(0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_study_has_no_warning(seed: int) -> None:
    check_clean(seed, DRAWS if seed == 0 else 0)


CHECKS = {rig.__name__: partial(check_rig, rig) for rig in KINDS}
CHECKS |= {"clean": partial(check_clean, draws=DRAWS), "only_depth": check_only_depth}


@pytest.mark.proof
@pytest.mark.parametrize("name", CHECKS)
def test_of_many_studies_hardly_one_is_called_wrongly(name: str) -> None:
    wrong = [seed for seed in range(100, 100 + MANY) if is_wrong(CHECKS[name], seed)]
    assert len(wrong) <= WRONG * MANY, f"{len(wrong)} of {MANY}: {wrong}"


def is_wrong(check, seed: int) -> bool:
    try:
        check(seed)
    except AssertionError:
        return True
    return False
