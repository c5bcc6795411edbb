"""MLflow's scoring server, as `dnnsearch serve` starts it, gives what `predict` gives."""

import errno
import inspect
import json
import os
import shlex
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from dnnsearch.api.models import serve as api_serve
from dnnsearch.cli.serve import serve
from dnnsearch.deployment.server import MAX_BODY, command
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.tracking.model_folder import write_folder
from dnnsearch.tracking.ui import serve_command
from tests.support.models import members, people
from tests.support.preloaded import Preloaded
from tests.support.scoring import Server
from tests.support.waiting import wait_until_removed

pytestmark = pytest.mark.flaky(reruns=1)  # a server that starts slowly on a busy machine


@pytest.fixture(scope="module")
def folder(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, a table, and the predictions of the command `predict`."""
    folder = tmp_path_factory.mktemp("serving")
    model_file.write(folder / "members.dnn", members())
    people(12, seed=3).assign(name="Ann").to_csv(folder / "people.csv", index=False)
    predict = ["predict", "members.dnn", "people.csv", "--out", "answers.csv"]
    assert program.run(folder, *predict) == "12 rows written to answers.csv\n"
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    server = Server(folder, "members.dnn")
    yield server
    server.kill()


def test_rows_posted_as_csv_or_json_get_what_predict_gives(server: Server, folder: Path) -> None:
    expected = pd.read_csv(folder / "answers.csv")[members().columns].to_dict("records")
    rows = pd.read_csv(folder / "people.csv")
    split = json.loads(rows.drop(columns="name").to_json(orient="split", double_precision=15))
    split["data"] = rows.drop(columns="name").astype(object).where(rows.notna(), None).to_numpy()
    split["data"] = split["data"].tolist()
    records = [dict(zip(split["columns"], row)) for row in split["data"]]
    for status, answer in (
        server.ask((folder / "people.csv").read_bytes(), "text/csv"),
        server.ask_json(dataframe_records=records),
        server.ask_json(dataframe_split=split),
    ):
        assert (status, answer) == (200, expected)


def test_the_server_says_when_it_is_ready(server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}/invocations"
    said = server.log.read_text()
    said = said[said.index("ready: ") :].replace("\\\n", "")
    ready, *lines = said.splitlines()
    assert ready == "ready: serving members.dnn (press Ctrl-C to stop it)"
    row, table = (shlex.split(line) for line in lines if "curl" in line)
    media_type, body = row[2], row[4]
    assert row == ["curl", "-H", "Content-Type: application/json", "--data", body, address]
    status, answer = server.ask(body.encode(), media_type.removeprefix("Content-Type: "))
    assert (status, len(answer)) == (200, 1)
    assert table == ["curl", "-H", "Content-Type: text/csv", "--data-binary", "@ROWS.csv", address]


def test_invalid_rows_get_status_400_with_the_reason(server: Server) -> None:
    good = {"zone": 1, "age": 30, "income": 5.5, "city": "Rome"}
    assert server.ask_json(dataframe_records=[good])[0] == 200
    for bad, reason in (
        ({**good, "age": "old"}, "column 'age' must be numbers, but has 'old'"),
        ({**good, "income": 1e300}, "numbers must be finite and at most 3.4e+38"),
        ({key: good[key] for key in ("zone", "income", "city")}, "column 'age' is missing"),
    ):
        status, message = server.ask_json(dataframe_records=[bad])
        assert status == 400
        assert reason in message
    assert server.ask(b"zone,age\n1", "text/csv")[0] == 400
    assert server.ask(b"{", "application/json")[0] == 400


def test_clean_takes_nothing_away_from_a_server(
    program: Preloaded, server: Server, folder: Path
) -> None:
    program.run(folder, "clean", DNNSEARCH_CACHE=str(folder / "cache"))
    assert server.ask((folder / "people.csv").read_bytes(), "text/csv")[0] == 200


def test_a_server_listens_on_this_machine_only_and_loads_no_pickle(tmp_path: Path) -> None:
    started = serve_command(tmp_path, 5001, 10, "churn")
    assert started.address == "http://127.0.0.1:5001/invocations"
    assert started.environment["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert started.environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_folder_in_the_cache_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow imports what `MLmodel` names: whoever wrote it would run code in the server."""
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path))
    content = model_file.encode(members())
    planted = tmp_path / model_file.digest(content)
    write_folder(planted, content)
    text = (planted / "MLmodel").read_text()
    (planted / "MLmodel").write_text(text.replace("dnnsearch.tracking.scoring", "planted"))
    started = command(members(), 5001)
    file = Path(started.argv[-4])
    assert file.read_bytes() == content
    assert tmp_path not in file.parents
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    for descriptor in started.descriptors:  # as if the server had ended
        os.close(descriptor)
    wait_until_removed(file.parent)


def test_a_model_that_cannot_be_written_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match=f"^the model cannot be written to {tmp_path}: No space"):
        command(members(), 5001)
    monkeypatch.undo()
    for folder in tmp_path.iterdir():
        wait_until_removed(folder)


def test_the_private_folder_goes_with_the_server(folder: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path))
        server = Server(folder, "members.dnn")
    (private,) = tmp_path.glob("dnnsearch-serve-*")
    server.kill()
    wait_until_removed(private)


def test_a_server_ends_although_a_request_is_never_completed(folder: Path) -> None:
    server = Server(folder, "members.dnn")
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as sender:
        sender.sendall(head + b"zone,age")
        time.sleep(0.5)  # until it is read
        server.process.terminate()
        assert server.process.wait(timeout=30) in (0, -signal.SIGTERM)
    assert "Traceback" not in server.log.read_text()


def test_a_body_may_be_as_large_from_python_as_from_the_command() -> None:
    limits = {inspect.signature(way).parameters["max_body"].default for way in (api_serve, serve)}
    assert limits == {MAX_BODY}
