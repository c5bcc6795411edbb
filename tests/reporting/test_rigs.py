"""Verdict and warnings on random studies with a planted property, and on studies without one."""

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
DRAWS = 5  # fewer than in a report
STUDIES = int(os.environ.get("DNNSEARCH_RIGS", "40"))
MAX_WRONG_SHARE = 0.05  # a warning may be chance, and TPE may try only one depth
KINDS = {
    rigs.beyond_the_edge: ("boundary", "the best trial lies at the"),
    rigs.shuffled_labels: ("chance", "Nothing was found: "),
    rigs.diverging: ("diverged", "trials diverged"),
    rigs.too_short: ("undertrained", "were still improving when they ended"),
}


def first_screen(rig, seed: int, draws: int = 0) -> tuple[list[str], str, str]:
    """Return the kinds of the warnings, the verdict, and the text of the warnings."""
    rng = np.random.default_rng(seed)
    trials, name = int(rng.integers(45, 80)), str(rng.choice(["digits", "moons"]))
    # TPE avoids learning rates that diverge, so that too few trials would diverge
    tpe = seed % 2 == 1 and rig is not rigs.diverging
    data = read(rigs.rigged(rig(rng), rng, trials, data=name, tpe=tpe))
    analyses = analyse(data, draws)
    found = list(findings(analyses))
    return [f.kind for f in found], " ".join(verdict(data, analyses, found)), str(found)


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
def test_a_planted_property_is_reported(rig, seed: int) -> None:
    check_rig(rig, seed)


def check_only_depth(seed: int) -> None:
    _, sentences, _ = first_screen(rigs.only_depth, seed, DRAWS)
    assert "Only hidden_layers mattered" in sentences


def test_the_verdict_says_that_only_depth_matters() -> None:
    check_only_depth(0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_study_has_no_warning(seed: int) -> None:
    check_clean(seed, DRAWS if seed == 0 else 0)


CHECKS = {rig.__name__: partial(check_rig, rig) for rig in KINDS}
CHECKS |= {"clean": partial(check_clean, draws=DRAWS), "only_depth": check_only_depth}


@pytest.mark.proof
@pytest.mark.parametrize("name", CHECKS)
def test_few_of_many_studies_are_judged_wrongly(name: str) -> None:
    wrong = [seed for seed in range(100, 100 + STUDIES) if is_wrong(CHECKS[name], seed)]
    assert len(wrong) <= MAX_WRONG_SHARE * STUDIES, f"{len(wrong)} of {STUDIES}: {wrong}"


def is_wrong(check, seed: int) -> bool:
    try:
        check(seed)
    except AssertionError:
        return True
    return False
