"""SQLite's locks: a process that opens and closes a database file by itself drops all that it has.

POSIX says so, and then SQLite in another process takes the write-ahead log away: what is written
later is lost, or the file is malformed.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.preloaded import Command, Preloaded
from tests.support.servers import free_port

DATABASES = ("optuna.db", "mlflow.db")
NEW_DATA = "{name: moons, examples: 120, noise: 0.2, seed: 7}"
SMALL = ("--top=2", "--replicates=2")
# A publisher that is started as a new process, as a user's is: a fork takes SQLite's notes of the
# parent's locks for its own, and so has none.
NEW_PROCESS = """
import subprocess, sys
from types import SimpleNamespace
if module := sys.modules.get("dnnsearch.runtime.childprocess"):
    forked = module.subprocess
    def start(command, **options):
        is_publisher = "dnnsearch.tracking.publisher_main" in command
        return (subprocess if is_publisher else forked).Popen(command, **options)
    module.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": start})
"""
# Every process writes down, with its place, each opening of a database that is not SQLite's; the
# command holds a connection with a read transaction to each, and writes down if locks get lost.
WATCH = """
import os, sqlite3, sys, traceback
NAMES = {name + end for name in ("optuna.db", "mlflow.db") for end in ("", "-wal", "-shm")}
FOLDER = os.environ["WATCHED"]
def note(text):
    with open(os.path.join(FOLDER, "seen.txt"), "a") as file:
        print(text, file=file)
def hook(event, arguments):
    path = arguments[0] if event == "open" else None
    if isinstance(path, (str, bytes)) and os.path.basename(os.fsdecode(path)) in NAMES:
        frames = traceback.extract_stack()[:-1][-4:]
        note("opened " + " < ".join(f"{f.name} in {f.filename}" for f in reversed(frames)))
sys.addaudithook(hook)
def holding():
    held = []
    for name in sorted(NAMES & set(os.listdir(FOLDER)) & {"optuna.db", "mlflow.db"}):
        connection = sqlite3.connect(os.path.join(FOLDER, name), check_same_thread=False)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        held += [(name, connection), (name + "-shm", connection)]
    return held
def is_locked(name):
    there = os.stat(os.path.join(FOLDER, name))
    with open("/proc/locks") as file:
        locks = [line.split()[-4:-2] for line in file]
    return [str(os.getpid()), there.st_ino] in [[p, int(f.split(":")[2])] for p, f in locks]
if "dnnsearch.cli.app" in sys.modules:
    import dnnsearch.cli.app
    true = dnnsearch.cli.app.app
    def app(*arguments, **options):
        os.execve = lambda *_: None  # a server starts as a process of its own
        held = holding()
        for name, _ in held:
            assert is_locked(name)
        try:
            return true(*arguments, **options)
        finally:
            for name, _ in held:
                if not (os.path.exists(os.path.join(FOLDER, name)) and is_locked(name)):
                    note(f"lost the locks on {name}")
            for _, connection in held:
                connection.close()
    dnnsearch.cli.app.app = app
"""
COMMANDS = {
    "list": (),
    "show": ("tiny",),
    "best": ("tiny",),
    "fingerprint": ("tiny",),
    "search": ("tiny.yaml", "--set=trials=6"),
    "rerun": ("tiny/1",),
    "verify": ("tiny",),
    "promote": ("tiny", *SMALL),
    "retune": ("tiny", f"--data={NEW_DATA}", "--trials=2", *SMALL),
    "predict": ("models:/tiny/1", "rows.csv", "--out=answers.csv"),
    "report": ("tiny",),
    "publish": ("tiny",),
    "ui": (),
    "serve": ("tiny/0",),
    "rm": ("--yes", "tiny"),
    "clean": (),
}
SERVERS = ("ui", "serve")
MISTAKEN = [
    ("search", "optuna.db"),
    ("new", "mlflow.db", "--target=x"),
    ("predict", "tiny/0", "mlflow.db", "--out=answers.csv"),
    ("predict", "optuna.db", "rows.csv", "--out=answers.csv"),
]


def start(server: Preloaded, folder: Path, *arguments: str, watch: str = WATCH) -> Command:
    return server.start(folder, *arguments, planted=NEW_PROCESS + watch, WATCHED=str(folder))


def seen(folder: Path) -> str:
    """What the watched commands have written down since it was asked last."""
    path = folder / "seen.txt"
    found = path.read_text() if path.exists() else ""
    path.unlink(missing_ok=True)
    return found


@pytest.mark.proof
def test_no_command_loses_the_locks_that_its_process_has_on_a_database(
    tracked: Preloaded, tiny: Path
) -> None:
    (tiny / "rows.csv").write_text("x,y\n0.5,0.5\n")
    found = {}
    for name, arguments in COMMANDS.items():
        port = [f"--port={free_port()}"] if name in SERVERS else []
        command = start(tracked, tiny, name, *arguments, *port)
        assert command.wait() in (0, 1), command.said
        assert "Traceback" not in command.said
        if said := seen(tiny):
            found[name] = said
    assert not found


def test_a_database_in_the_place_of_another_file_is_refused_unopened(
    tracked: Preloaded, tiny: Path
) -> None:
    (tiny / "rows.csv").write_text("x,y\n0.5,0.5\n")
    for arguments in MISTAKEN:
        command = start(tracked, tiny, *arguments)
        assert (command.wait(), seen(tiny)) == (2, ""), command.said
        assert "it is a SQLite database" in command.said


@pytest.mark.parametrize("how", ["open({!r}).close()", "os.close(os.open({!r}, os.O_RDONLY))"])
def test_the_watch_sees_a_database_opened_and_its_locks_lost(
    tracked: Preloaded, tiny: Path, how: str
) -> None:
    opening = how.format(str(tiny / "optuna.db"))
    planted = f"""
import dnnsearch.study.leaderboard.ranking as module
def leaderboards(storage):
    {opening}
    return []
module.leaderboards = leaderboards
"""
    command = start(tracked, tiny, "list", watch=WATCH + planted)
    assert command.wait() == 0, command.said
    said = seen(tiny)
    assert "opened leaderboards in" in said
    assert "lost the locks on optuna.db\n" in said
    assert "mlflow" not in said


def rows(database: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def side_by_side(server: Preloaded, folder: Path, *searched: str) -> None:
    """Run a promotion, a retuning and searches at once; all that they tell must be there."""
    text = (folder / "tiny.yaml").read_text()
    for name in searched:
        (folder / f"{name}.yaml").write_text(text)
    said = [
        server.start(folder, *arguments, planted=NEW_PROCESS)
        for arguments in (
            *(("search", f"{name}.yaml") for name in searched),
            ("retune", "tiny", f"--data={NEW_DATA}", "--trials=4", *SMALL),
            ("promote", "tiny", "--top=3", "--replicates=3"),
        )
    ]
    for command in said:
        assert command.wait() in (0, 1), command.said
        for trouble in ("Traceback", "not registered", "no alias", "published later", "malformed"):
            assert trouble not in command.said
    for name in DATABASES:
        assert rows(folder / name, "PRAGMA integrity_check") == [("ok",)], name
    assert_told(folder, searched)


def assert_told(folder: Path, searched: tuple[str, ...]) -> None:
    """Optuna's trials are MLflow's, and every promotion has its version."""
    trials = rows(
        folder / "optuna.db",
        "SELECT study_name, count(*) FROM trials JOIN studies USING (study_id) GROUP BY 1",
    )
    assert dict(trials) == {"tiny": 5, "tiny-2": 4, **dict.fromkeys(searched, 5)}
    runs = rows(
        folder / "mlflow.db",
        "SELECT s.value, count(*) FROM runs JOIN tags s USING (run_uuid) "
        "JOIN tags t USING (run_uuid) WHERE s.key = 'dnnsearch.study' "
        "AND t.key = 'dnnsearch.trial' AND status != 'RUNNING' GROUP BY 1",
    )
    assert dict(runs) == dict(trials)
    versions = rows(folder / "mlflow.db", "SELECT name, count(*) FROM model_versions GROUP BY 1")
    assert dict(versions) == {"tiny": 2, "tiny-2": 1}


@pytest.fixture
def promoted(tracked: Preloaded, tiny: Path) -> Path:
    command = tracked.start(tiny, "promote", "tiny", *SMALL)
    assert command.wait() in (0, 1), command.said
    return tiny


def test_a_promotion_a_retuning_and_a_search_side_by_side_lose_nothing(
    tracked: Preloaded, promoted: Path
) -> None:
    side_by_side(tracked, promoted, "left")


@pytest.mark.proof
@pytest.mark.parametrize("turn", range(20))
def test_twenty_times_side_by_side_nothing_is_lost(
    tracked: Preloaded, promoted: Path, turn: int
) -> None:
    side_by_side(tracked, promoted, "left", "right")
