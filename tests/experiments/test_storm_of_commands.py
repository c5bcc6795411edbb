"""The experiment that kills promotions, retunings, removals and publishings, with three signals."""

from collections import Counter
from pathlib import Path

import pytest

from experiments import storm_of_commands as storm


@pytest.mark.proof
def test_a_promotion_that_was_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    out = tmp_path / "storm.md"
    done = storm.main(["--tiny", "--kills", "3", "--out", str(out)])
    assert sum(one.kills.total() for one in done) == 3
    assert [one.problems for one in done] == [[]] * len(done)
    state = done[0].reference.state
    assert state["fingerprints"].keys() == {"storm"} and state["disagreements"]["storm"] == []
    assert len(state["versions"]) == len(state["evaluations"]["storm"]) == 1
    assert "3 signals" in out.read_text()


def test_a_state_that_differs_is_reported() -> None:
    found = storm.compare({"runs": 8, "files": []}, {"runs": 7, "files": []})
    assert found == ["runs: 7 instead of 8"]
    reference = storm.Reference("rm", Path(), 1.0, {})
    badly = storm.Storm(1, reference, Counter(HUP=1), 2, found)
    assert storm.row(badly)[-1] == "runs: 7 instead of 8"
    assert "0 storms ended as without kills, 1 did not" in storm.conclusion([badly])
