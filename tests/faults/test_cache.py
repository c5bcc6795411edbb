"""Covers a cache that vanishes or changes while a search runs: nothing of it is an event."""

import re
import shutil
import time
from pathlib import Path

import pytest

from dnnsearch.storage.atomic_write import remove
from tests.faults.conftest import (
    CONFIG,
    UNTRACKED,
    assert_whole,
    fingerprint,
    new_folder,
    query,
)
from tests.support.preloaded import Preloaded

SEARCH = ("search", "wine.yaml", "--workers=2", *UNTRACKED)
# In the worker that trains trial 2, after some updates, once; the folder is the working one.
DISTURBED = """
import os, shutil, signal, sys, time
from pathlib import Path
import dnnsearch.trials.run
true = dnnsearch.trials.run.run_trial
marker = Path("FOLDER/disturbed")

def run_trial(spec, data, watch):
    def disturbing(progress):
        watch(progress)
        if spec.number == 2 and progress.iteration and not marker.exists():
            marker.touch()
            cache = Path(sys.argv[-1])  # of the worker
            group = cache / spec.arrays
            X = group / "X_train.npy"
            ACTION
    return true(spec, data, disturbing)

dnnsearch.trials.run.run_trial = run_trial
"""
FLIP = "with X.open('r+b') as file: file.seek(-1, 2); file.write(b'\\x41')"
UNDATED = f"""times = X.stat().st_atime_ns, X.stat().st_mtime_ns
            {FLIP}
            os.utime(X, ns=times)"""
REPLACE = "X.rename('away'); X.write_bytes(Path('away').read_bytes()[:-1] + b'\\x41')"
ACTIONS = {
    "the group is removed": "shutil.rmtree(group)",
    "the cache is removed": "shutil.rmtree(cache)",
    "a file is removed": "X.unlink()",
    "a file is emptied": "os.truncate(X, 0)",
    "a file is shortened": "os.truncate(X, X.stat().st_size // 2)",
    "a byte is flipped": FLIP,
    "a byte is flipped and the time set back": UNDATED,
    "a file is replaced": REPLACE,
    "the group becomes a file": "shutil.rmtree(group); group.touch()",
    "the worker dies as well": "shutil.rmtree(group); os.kill(os.getpid(), signal.SIGKILL)",
}


def planted(action: str) -> str:
    return DISTURBED.replace("ACTION", action).replace("FOLDER", ".")


def until(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.02)


def in_short(cases: dict[str, str], *short: str) -> pytest.MarkDecorator:
    """Return the parameter `action`: these cases, and all others for `make proof`."""
    marks = {name: () if name in short else pytest.mark.proof for name in cases}
    params = [pytest.param(cases[name], id=name, marks=marks[name]) for name in cases]
    return pytest.mark.parametrize("action", params)


@in_short(
    ACTIONS,
    "the group is removed",
    "a byte is flipped and the time set back",
    "the worker dies as well",
)
def test_whatever_happens_to_the_cache_the_study_is_the_undisturbed_one(
    program: Preloaded, folder: Path, undisturbed: str, action: str
) -> None:
    said = program.run(folder, *SEARCH, planted=planted(action))
    assert (folder / "disturbed").exists()
    assert fingerprint(said) == undisturbed
    assert_whole(folder)
    assert not re.search("failed|died|lost|prepared", said)


def test_clean_beside_a_running_search_leaves_what_it_uses_and_takes_the_rest(
    program: Preloaded, folder: Path, undisturbed: str
) -> None:
    (folder / "iris.yaml").write_text(CONFIG.replace("wine", "iris"))
    program.run(folder, "search", "iris.yaml", "--trials=1", *UNTRACKED)
    others = {path.name for path in (folder / "cache").glob("?" * 64)}
    wait = "\n            while not Path('go').exists(): time.sleep(0.02)"
    search = program.start(folder, *SEARCH, planted=planted(wait))
    until(folder / "disturbed")
    groups = {path.name for path in (folder / "cache").glob("?" * 64)}
    said = program.run(folder, "clean")
    left = {path.name for path in (folder / "cache").glob("?" * 64)}
    (folder / "go").touch()
    assert search.wait() == 0, search.said
    assert left == groups - others
    assert len(left) == 2
    assert re.fullmatch(
        r"removed \d\.\d\d MB of prepared data and empty databases from \S+; "
        r"left 0\.\d\d MB that another process uses\n",
        said,
    )
    assert len(list((folder / "cache" / "prepared").iterdir())) == 1
    assert fingerprint(search.said) == undisturbed
    assert "; left" not in program.run(folder, "clean")
    assert not list((folder / "cache").iterdir())


@pytest.fixture
def own_file(program: Preloaded, folder: Path) -> str:
    """Put a table and its config into the folder; return the undisturbed fingerprint."""
    rows = [f"{n % 7},{n * n % 11},{'yes' if n * n % 11 > n % 7 else 'no'}" for n in range(150)]
    (folder / "own.csv").write_text("\n".join(["a,b,answer", *rows, ""]))
    config = CONFIG.replace("data: wine", "data: {file: own.csv, target: answer}")
    (folder / "wine.yaml").write_text(config + "study: wine\n")
    found = fingerprint(program.run(folder, *SEARCH))
    for path in folder.iterdir():
        if path.name not in {"own.csv", "wine.yaml"}:
            remove(path)
    return found


def test_without_the_source_the_search_stops_in_one_line_and_no_trial_is_told(
    program: Preloaded, folder: Path, own_file: str
) -> None:
    action = planted("shutil.rmtree(group); Path('own.csv').rename('away.csv')")
    said = program.run(folder, *SEARCH, "--quiet", code=2, planted=action)
    assert re.fullmatch(
        r"error: the prepared data in \S+/cache are missing or damaged and cannot be prepared "
        r"again: wine.yaml: data: .*own.csv.*\n",
        said,
    )
    states = query(folder / "optuna.db", "SELECT state FROM trials")
    assert {"FAIL"}.isdisjoint(state for (state,) in states)
    (folder / "away.csv").rename(folder / "own.csv")
    assert fingerprint(program.run(folder, *SEARCH)) == own_file
    assert_whole(folder)


def test_a_source_with_another_content_stops_the_search_too(
    program: Preloaded, folder: Path, own_file: str
) -> None:
    action = "text = Path('own.csv').read_text(); Path('own.csv').write_text(text + '1,2,no\\n')"
    said = program.run(
        folder, *SEARCH, "--quiet", code=2, planted=planted(f"shutil.rmtree(group); {action}")
    )
    assert re.fullmatch(
        r"error: the prepared data in \S+/cache are missing or damaged and cannot be prepared "
        r"again: wine.yaml: data: they have changed since\n",
        said,
    )
    text = (folder / "own.csv").read_text()
    (folder / "own.csv").write_text(text.removesuffix("1,2,no\n"))
    assert fingerprint(program.run(folder, *SEARCH)) == own_file


def test_a_table_is_prepared_again_to_the_same_arrays(
    program: Preloaded, folder: Path, own_file: str
) -> None:
    said = program.run(folder, *SEARCH, planted=planted("shutil.rmtree(cache)"))
    assert fingerprint(said) == own_file


@pytest.mark.flaky(reruns=1)  # the search may end between two emptyings
def test_a_cache_that_is_emptied_without_end_stops_the_search_in_one_line(
    program: Preloaded, folder: Path, undisturbed: str
) -> None:
    action = planted(f"{FLIP}; marker.unlink()")
    said = program.run(folder, *SEARCH, "--quiet", code=2, planted=action)
    assert re.fullmatch(
        r"error: the data of trial \d were missing or damaged 10 times: \S+ .*; something empties "
        r"or changes \S+/cache, choose another folder: DNNSEARCH_CACHE=FOLDER\n",
        said,
    )
    assert fingerprint(program.run(folder, *SEARCH)) == undisturbed
    assert_whole(folder)


@pytest.fixture(scope="module")
def searched_and_promoted(
    program: Preloaded, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, bytes]:
    """Return a folder with a whole study, and the model that an undisturbed promotion makes."""
    folder = tmp_path_factory.mktemp("promoted")
    with pytest.MonkeyPatch.context() as patch:
        new_folder(folder, patch)
        program.run(folder, *SEARCH)
        copy = folder.with_name("copy")
        shutil.copytree(folder, copy)
        patch.setenv("DNNSEARCH_CACHE", str(copy / "cache"))
        program.run(copy, *PROMOTE)
        return folder, champion(copy)


PROMOTE = ("promote", "wine", "--top=3", "--replicates=2")


def champion(folder: Path) -> bytes:
    (path,) = folder.glob("records/wine/champion-*.dnn")
    return path.read_bytes()


LOSSES = {"removed": "shutil.rmtree(cache)", "flipped": FLIP, "emptied": "os.truncate(X, 0)"}


@in_short(LOSSES, "flipped")
def test_a_promotion_does_not_notice_it(
    program: Preloaded, folder: Path, searched_and_promoted: tuple[Path, bytes], action: str
) -> None:
    study, undisturbed_model = searched_and_promoted
    shutil.copytree(study, folder, dirs_exist_ok=True)
    any_trial = planted(action).replace("spec.number == 2 and ", "")
    program.run(folder, *PROMOTE, planted=any_trial)
    assert (folder / "disturbed").exists()
    assert champion(folder) == undisturbed_model


@in_short(LOSSES, "flipped")
@pytest.mark.parametrize("arguments", [("verify", "wine", "--workers=2"), ("rerun", "wine/2")])
def test_a_reproduction_does_not_notice_it_in_its_own_folder(
    program: Preloaded,
    folder: Path,
    searched_and_promoted: tuple[Path, bytes],
    arguments: tuple[str, ...],
    action: str,
) -> None:
    shutil.copytree(searched_and_promoted[0], folder, dirs_exist_ok=True)
    in_folder = DISTURBED.replace("ACTION", action).replace("FOLDER", str(folder))
    said = program.run(folder, *arguments, planted=in_folder)
    assert (folder / "disturbed").exists()
    assert " identical" in said


@pytest.mark.parametrize("kind", [pytest.param("removed", marks=pytest.mark.proof), "flipped"])
def test_a_report_has_the_same_page_if_the_cache_is_damaged(
    program: Preloaded, folder: Path, searched_and_promoted: tuple[Path, bytes], kind: str
) -> None:
    shutil.copytree(searched_and_promoted[0], folder, dirs_exist_ok=True)
    program.run(folder, "report", "wine")
    (page,) = folder.glob("*.html")
    whole = page.read_text()
    for path in folder.glob("cache/*/*_dev.npy"):
        content = path.read_bytes()
        path.unlink() if kind == "removed" else path.write_bytes(content[:-1] + b"\x41")
    program.run(folder, "report", "wine")
    assert page.read_text() == whole
