"""Covers what `search` prints and estimates; how it searches is tested with the room study."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.pages import CODE, ROOT, table_rows
from tests.support.preloaded import Preloaded

SEARCH = ("search", "tiny.yaml", "--set=tracking=none", "--workers=1")


def test_a_search_ends_with_the_leaderboard_and_the_next_commands(searched: Path) -> None:
    output = (searched / "output.txt").read_text()
    assert "study tiny, 5 trials: 3 finished, 1 diverged, 1 failed\n" in output
    (best,) = re.findall(r"^best: trial (\d) with dev_accuracy 0\.\d{4}$", output, re.MULTILINE)
    assert re.search(rf"^ +{best}  finished  0.\d{{4}} ± 0.\d{{4}}  best ", output, re.MULTILINE)
    assert re.search(r"^ +\d  finished  0.\d{4} ± 0.\d{4}  tie ", output, re.MULTILINE)
    assert f"  train the best again:   dnnsearch rerun tiny/{best}\n" in output
    assert "dnnsearch ui\n" in output
    assert re.search(r"\nfingerprint [0-9a-f]{64}\n$", output)


def test_without_a_terminal_a_search_prints_one_line_for_each_trial(searched: Path) -> None:
    output = (searched / "output.txt").read_text()
    lines = re.findall(r"^trial (\d) .*: (\w+).* \[(\d)/5", output, re.MULTILINE)
    assert sorted(number for number, _, _ in lines) == ["0", "1", "2", "3", "4"]
    assert [count for _, _, count in lines] == ["1", "2", "3", "4", "5"]
    assert "failed in" not in output
    assert ": failed: MemoryError: a planted accident [" in output


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run_estimates_the_rest_and_writes_nothing(program: Preloaded, tiny: Path) -> None:
    before = everything(tiny)
    output = program.run(tiny, "search", "tiny.yaml", "--dry-run", "--trials", "25")
    assert "trials  20 (and 5 that have ended already)" in output
    assert re.search(r"cost +\d.*e\+0\d multiply-adds in 600 updates", output)
    assert re.search(r"time +about \d+ s with \d+ workers?", output)
    assert re.search(r"disk +about \d\.\d MB", output)
    assert everything(tiny) == before


def test_a_dry_run_says_what_a_list_of_units_means(program: Preloaded, tmp_path: Path) -> None:
    keys = "data: iris\nlearning_rate: 0.1\niterations: 5\nactivation: relu\nmomentum: 0\n"
    (tmp_path / "x.yaml").write_text(f"{keys}batch_size: full\nhidden_layers: 2\nunits: [8, 4]\n")
    options = ("--dry-run", "--set=tracking=none", "--trials=2")
    output = program.run(tmp_path, "search", "x.yaml", *options)
    assert "x.yaml: units: [8, 4] are 2 choices for each of the 2 hidden layers; " in output


def test_quiet_shows_the_result_only(program: Preloaded, tiny: Path) -> None:
    assert program.run(tiny, *SEARCH, "--quiet").startswith("study tiny, 5 trials: ")


def test_json_is_one_event_a_line_and_the_last_one_is_the_study(
    program: Preloaded, tiny: Path
) -> None:
    lines = program.run(tiny, *SEARCH, "--json").splitlines()
    events = [json.loads(line) for line in lines]
    *trials, study = [one for one in events if one["event"] in ("trial", "study")]
    others = ["stage", "stage", "start", "study"]
    assert [one["event"] for one in events if one not in trials] == others
    assert sorted(one["trial"] for one in trials) == [0, 1, 2, 3, 4]
    assert {one["event"] for one in trials} == {"trial"}
    assert study["ends"] == {"finished": 3, "diverged": 1, "failed": 1}
    assert study["best"]["value"] == max(one["value"] or 0 for one in trials)
    assert re.fullmatch("[0-9a-f]{64}", study["fingerprint"])


def test_the_events_have_the_keys_that_the_documentation_has(
    program: Preloaded, tiny: Path
) -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    table = page.partition("## Events of a search")[2]
    rows = [cells for cells in table_rows(table) if len(cells) == 3]
    documented = [(name.strip("`"), set(CODE.findall(keys))) for name, _, keys in rows]
    lines = program.run(tiny, *SEARCH, "--json", "--trials=6").splitlines()
    for line in lines:
        event = json.loads(line)
        name = event.pop("event")
        keys = event.keys() - {"time", "dev_accuracy"}
        assert (name, keys) in documented
    said = {json.loads(line)["event"] for line in lines}
    assert said >= {"stage", "start", "trial", "study"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("tiny.yaml --json --quiet", "--json cannot go together with --quiet or --dry-run"),
        ("no.yaml", "no.yaml: there is no such file"),
        ("tiny.yaml --for soon", "--for must be a time such as 90s, 15m or 1h30m, but got 'soon'"),
        ("tiny.yaml --set seed", "--set 'seed': must be key=value"),
    ],
)
def test_bad_input_is_an_error_before_the_process_is_replaced(
    command: Command, tiny: Path, arguments: str, message: str
) -> None:
    code, _, errors = command("search", *arguments.split())
    assert code == 2
    assert message in errors
    assert errors.count("\n") == 1
