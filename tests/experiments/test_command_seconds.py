"""The tables of the experiment on the seconds of commands, its parts, and its tiny mode."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import command_seconds as experiment
from experiments import command_timing, import_timer
from experiments.command_timing import FIRST, LAST, Place, Spent


def test_the_parts_of_a_search_are_summed_before_and_after_the_training() -> None:
    parts = {"preparing": 1.0, FIRST: 2.0, LAST: 9.0, "prompt": 4.0}
    found = {
        name: {part: Spent(factor * n, factor * n / 2) for part, n in parts.items()}
        for name, factor in {"before": 1.0, "now": 0.5}.items()
    }
    *every, before, after = experiment.search_rows(found)
    assert [row[0] for row in every] == ["until: preparing", "until: first trial", "until: prompt"]
    assert before[1:] == ["3.00 (1.50 CPU)", "1.50 (0.75 CPU)", "0.50"]
    assert after[1:] == ["4.00 (2.00 CPU)", "2.00 (1.00 CPU)", "0.50"]


def test_code_that_names_fewer_parts_has_all_its_seconds_in_the_sum() -> None:
    now = {"preparing": Spent(1, 1), FIRST: Spent(1, 1), LAST: Spent(9, 9), "prompt": Spent(1, 1)}
    before = {FIRST: Spent(4, 4), LAST: Spent(9, 9), "prompt": Spent(1, 1)}
    *_, total, _ = experiment.search_rows({"before": before, "now": now})
    assert total[1:] == ["4.00 (4.00 CPU)", "2.00 (2.00 CPU)", "0.50"]


def test_an_event_ends_the_part_that_it_names() -> None:
    events = [
        ({"event": "stage", "text": "preparing the data"}, "preparing the data"),
        ({"event": "trial", "state": "running"}, FIRST),
        ({"event": "trial", "state": "pruned"}, LAST),
        ({"event": "progress"}, ""),
    ]
    for event, part in events:
        assert command_timing.ended_part(event) == part


def test_packages_without_a_row_are_counted_together() -> None:
    taken = {"mako": 1.0, "alembic": 2.0, "yaml": 4.0, "rich": 8.0}
    assert experiment.seconds_of(taken, experiment.PACKAGES["Alembic"]) == 3.0
    assert experiment.seconds_of(taken, []) == 12.0


def test_the_import_timer_counts_a_module_without_those_that_it_imports(tmp_path: Path) -> None:
    busy = "import time\nend = time.process_time() + 0.05\nwhile time.process_time() < end: pass\n"
    (tmp_path / "inner_part.py").write_text(busy)
    (tmp_path / "outer_part.py").write_text("import inner_part\n")
    program = (
        "import json, sys\nfrom experiments.import_timer import TimedFinder\n"
        "finder = TimedFinder()\nsys.meta_path.insert(0, finder)\nimport outer_part\n"
        "print(json.dumps(finder.seconds))"
    )
    root = str(Path(import_timer.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{tmp_path}:{root}"},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = json.loads(done.stdout)
    assert seconds["inner_part"] > seconds["outer_part"]


def test_a_command_that_fails_is_reported_with_its_output(tmp_path: Path) -> None:
    place = Place(experiment.ROOT, tmp_path, tmp_path / "cache")
    assert place.run("--version").cpu > 0
    with pytest.raises(RuntimeError, match="there is no study yet"):
        place.run("show", "nothing")


@pytest.mark.proof
def test_the_tiny_mode_measures_every_command(tmp_path: Path) -> None:
    out = tmp_path / "seconds.md"
    experiment.main(["--tiny", "--out", str(out)])
    text = out.read_text()
    for command in experiment.AIMS:
        assert text.count(f"| {command} ") == 1
