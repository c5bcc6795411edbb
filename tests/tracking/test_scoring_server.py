"""What the server answers to bodies of every kind: one line, the right status, no traceback."""

import gzip
import io
import json
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnsearch.models.model_file import encode
from dnnsearch.tracking import scoring_server
from dnnsearch.tracking.model_folder import write_folder
from dnnsearch.tracking.posted_tables import TABLES, _json_objects
from dnnsearch.tracking.scoring_server import CheckedServer
from tests.support.models import flowers, members, people
from tests.support.paths import ROOT
from tests.support.scoring import ask_app

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
MAX_BYTES = 100_000
GOOD = {"zone": 1, "age": 30, "income": 5.5, "city": "Rome"}


@cache
def app() -> CheckedServer:
    return CheckedServer(members(), MAX_BYTES)


def refused(status: int, body: bytes) -> str:
    """Return the message, which must be one line without a traceback."""
    assert status in (400, 413, 415), (status, body)
    assert b"Traceback" not in body and b"stack_trace" not in body
    message = json.loads(body)["message"]
    assert message and "\n" not in message and len(message) <= 500
    return str(message)


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def records(*rows: object) -> bytes:
    return json.dumps({"dataframe_records": rows}).encode()


DEEP = b'{"dataframe_records": [{"age": ' + b"[" * 10_000 + b"]" * 10_000 + b"}]}"
MALFORMED = {
    "deep JSON": (DEEP, JSON, "must not be nested so deeply"),
    "no content type": (records(GOOD), None, "Content-Type must be one of"),
    "another content type": (b"a,b", "text/html", "but got 'text/html'"),
    "empty CSV": (b"", CSV, "must have content"),
    "blank CSV": (b" \n \n", CSV, "must have content"),
    "empty JSON": (b"", JSON, "must be JSON"),
    "half a JSON": (b'{"dataframe_records": [', JSON, "must be JSON"),
    "not UTF-8": (b"\xff\xfe{", JSON, ""),
    "a list": (b"[]", JSON, "must be a mapping"),
    "no known key": (b'{"rows": []}', JSON, "must be a mapping with one of"),
    "a row alone": (
        b'{"zone": 1, "age": 30}',
        JSON,
        "4}]}, but it has 'zone', 'age'",
    ),
    "an empty mapping": (b"{}", JSON, "but it has no key"),
    "a list of rows": (b'[{"zone": 1}]', JSON, "but it is a list"),
    "nothing": (b"null", JSON, "but it is nothing"),
    "two keys": (b'{"inputs": [], "instances": []}', JSON, "but it has 'inputs', 'instances'"),
    "a record alone": (b'{"dataframe_records": {"zone": 1}}', JSON, 'such as [{"a": 1, "b": 2}'),
    "no data": (b'{"dataframe_split": {"columns": []}}', JSON, 'such as {"columns": ["a", "b"]'),
    "records of nothing": (records(1, 2), JSON, ""),
    "a list in a cell": (records({**GOOD, "age": [[1]]}), JSON, "single values"),
    "text": (records({**GOOD, "age": "old"}), JSON, "'age' must be numbers, but has 'old'"),
    "a huge number": (records({**GOOD, "age": 10**400}), JSON, "must be finite"),
    "text with line ends": (records({**GOOD, "age": "a\nError: b\nc"}), JSON, ""),
    "no column": (records({"zone": 1}), JSON, "'age', 'income', 'city' are missing"),
    "instances": (b'{"instances": [{"a": 1}, {"b": 2}]}', JSON, ""),
    "inputs": (b'{"inputs": {"zone": [1], "age": [1, 2]}}', JSON, ""),
    "no column in CSV": (b"zone,age\n1,2", CSV, "'income', 'city' are missing"),
    "a row too long": (b"zone,age,income,city\n1,2,3,Rome\n1,2,3,Rome,5\n", CSV, "line 3"),
    "null characters": (b"\0" * 2000, CSV, ""),
    "gzip": (gzip.compress(b"zone,age\n" * 2000), CSV, "must not be compressed"),
    "no Parquet": (b"PAR1", PARQUET, "must be a Parquet file"),
    "half a Parquet": (parquet(people(20))[:-30], PARQUET, "must be a Parquet file"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_is_a_400_with_one_line(name: str) -> None:
    body, kind, reason = MALFORMED[name]
    assert reason in refused(*ask_app(app(), [body], kind))


def test_a_row_of_the_example_is_answered_as_one_and_a_foreign_table_told_the_numbers() -> None:
    served = CheckedServer(flowers(), MAX_BYTES)
    for key, table in TABLES.items():
        rows = table.replace('"a"', '"long"').replace('"b"', '"wide"')
        message = refused(*ask_app(served, [f'{{"{key}": {rows}}}'.encode()], JSON))
        assert message == "column 'high' is missing", key
    csv = b"customer_id,x\nC100000,1\n"
    says = "each row must have 3 numbers (long, wide, high), but there are 2 columns, and column "
    assert refused(*ask_app(served, [csv], CSV)) == f"{says}'customer_id' has 'C100000'"
    body = b'{"instances": [[1, 2, {"a": 3}]]}'
    assert "column 2 has" in refused(*ask_app(served, [body], JSON))


def test_every_form_of_json_and_parquet_gets_what_csv_gets() -> None:
    rows = people(7, seed=2)
    status, expected = ask_app(app(), [rows.to_csv(index=False).encode()], CSV)
    assert status == 200
    columns = {name: rows[name].astype(object).where(rows[name].notna(), None) for name in rows}
    cells = pd.DataFrame(columns).to_dict("list")
    listed = [dict(zip(cells, row)) for row in zip(*cells.values())]
    split = {"columns": list(cells), "data": [list(row.values()) for row in listed]}
    for key, value in {
        "inputs": cells,
        "instances": listed,
        "dataframe_records": listed,
        "dataframe_split": split,
    }.items():
        answer = ask_app(app(), [json.dumps({key: value}).encode()], JSON)
        assert (answer[0], json.loads(answer[1])) == (200, json.loads(expected)), key
    answer = ask_app(app(), [parquet(rows)], PARQUET)
    assert (answer[0], json.loads(answer[1])) == (200, json.loads(expected))


def test_a_header_alone_gets_no_predictions() -> None:
    assert ask_app(app(), [b"zone,age,income,city\n"], CSV) == (200, b'{"predictions": []}')


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_above_the_limit_is_a_413_however_it_is_sent(is_declared: bool) -> None:
    parts = [b"zone,age,income,city\n"] + [b"1,2,3,Rome\n" * 1000] * 20
    length = {b"content-length": b"%d" % sum(map(len, parts))} if is_declared else {}
    assert "at most 100,000 bytes" in refused(*ask_app(app(), parts, CSV, length))
    assert ask_app(app(), parts[:5], CSV)[0] == 200


def test_a_body_of_which_permission_is_asked_is_refused_unread() -> None:
    head = {b"content-length": b"200000", b"expect": b"100-continue"}
    assert ask_app(app(), [], CSV, head)[0] == 413


def test_a_body_that_never_ends_is_refused_before_its_end() -> None:
    assert ask_app(app(), [b"x" * MAX_BYTES] * 40, CSV)[0] == 413


def test_a_parquet_file_that_claims_too_many_cells_is_refused_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dnnsearch.tracking.posted_tables.MAX_PARQUET_CELLS", 10)
    message = refused(*ask_app(app(), [parquet(people(20))], PARQUET))
    assert message == "a Parquet file must have at most 10 cells, but has 20 rows of 4"


@pytest.mark.proof
def test_a_large_table_is_answered_in_memory_that_does_not_grow_with_it() -> None:
    """The rows and the answer are on disk; a process of its own measures its own peak."""
    program = """
import asyncio, resource, sys
from dnnsearch.tracking import scoring_server
from dnnsearch.tracking.posted_tables import _json_objects
from dnnsearch.tracking.scoring_server import CheckedServer
from tests.support.models import members
from tests.support.scoring import ask_app
app = CheckedServer(members(), 10**9)
def megabytes(rows):
    parts = [b"zone,age,income,city\\n"] + [b"1,2.5,3.25,Rome\\n" * 10_000] * (rows // 10_000)
    status, body = ask_app(app, parts, "text/csv", keep=False)
    assert status == 200
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
few = megabytes(30_000)
print(megabytes(400_000) - few)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert float(done.stdout) < 25, "the answer alone has 40 MB"


def test_the_other_paths_are_those_of_mlflows_server_and_mlflow_is_not_imported() -> None:
    program = """
import sys
from dnnsearch.tracking.scoring_server import CheckedServer
from tests.support.models import members
from tests.support.scoring import ask_app
app = CheckedServer(members(), 10**6)
for path in ("/ping", "/health", "/version", "/", "/invocations"):
    print(path, *ask_app(app, [b""], None, path=path, method="GET"))
assert "mlflow" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    ping, health, version, other, wrong = done.stdout.splitlines()
    assert (ping, health) == ("/ping 200 b'\\n'", "/health 200 b'\\n'")
    assert version == f"/version 200 {metadata.version('mlflow').encode()}"
    assert other.startswith("/ 404") and "post rows to /invocations" in other
    assert wrong.startswith("/invocations 405") and "must be posted" in wrong


def test_a_full_disk_is_a_507_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_server, "TemporaryFile", lambda: io.FileIO("/dev/full", "r+b"))
    status, body = ask_app(app(), [b"zone,age,income,city\n1,2,3,Rome\n"], CSV)
    assert status == 507
    assert "cannot be stored: No space left on device" in json.loads(body)["message"]


@pytest.mark.parametrize("kind", ["float", "text", "%"])
def test_an_answer_has_the_json_of_its_values(kind: str) -> None:
    values = {"float": [0.1, -0.0, 1e-300, 3.0], "text": ['a", "b', "ä", ""], "%": ["%s", "1 %"]}
    columns = {"prediction": np.array(values[kind]), "probability_100 %": np.array(values[kind])}
    expected = pd.DataFrame(columns).to_dict("records")
    assert json.loads(b"[" + _json_objects(columns) + b"]") == expected


STARTS = [DEEP, records(GOOD), people(9).to_csv(index=False).encode(), parquet(people(9)), b""]


def damaged(data: st.DataObject) -> bytes:
    """Return a body of a known kind with some bytes replaced, removed or repeated."""
    body = data.draw(st.sampled_from(STARTS))
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(body)))
        body = (
            body[:place]
            + data.draw(st.binary(max_size=8))
            + body[place + data.draw(st.integers(0, 9)) :]
        )
    return body


def fuzz(data: st.DataObject) -> None:
    kinds = st.sampled_from([JSON, CSV, PARQUET, None, "", ";", "text/csv; charset=latin-1"])
    status, body = ask_app(app(), [damaged(data)], data.draw(kinds))
    if status == 200:
        assert "predictions" in json.loads(body)
    else:
        refused(status, body)


@settings(max_examples=30)
@given(st.data())
def test_bodies_of_every_kind_are_answered_or_refused_in_one_line(data: st.DataObject) -> None:
    fuzz(data)


@pytest.mark.proof
@settings(max_examples=2000)
@given(st.data())
def test_many_more_bodies_are(data: st.DataObject) -> None:
    fuzz(data)


def test_mlflows_own_server_takes_csv_and_json_as_well(tmp_path: Path) -> None:
    write_folder(tmp_path / "model", encode(members()))
    from mlflow.pyfunc import load_model, scoring_server  # after the warnings of its import

    model, rows = load_model(str(tmp_path / "model")), people(6, seed=4)
    schema = model.metadata.get_input_schema()
    answer = scoring_server.invocations(rows.to_csv(index=False).encode(), CSV, model, schema)
    expected = members().answers(rows)
    found = pd.DataFrame(json.loads(answer.response)["predictions"])
    assert all(found[name].tolist() == expected[name].tolist() for name in expected)


MEASURED = """
import resource, sys
from dnnsearch.tracking import scoring_server
from dnnsearch.tracking.posted_tables import _json_objects
from dnnsearch.tracking.scoring_server import CheckedServer
from tests.support.models import members
from tests.support.scoring import ask_app

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

app = CheckedServer(members(), 64_000_000)
ask_app(app, [b"zone,age,income,city\\n1,2,3,Rome\\n"], "text/csv")
before = peak()
rows = b"1,2,3,Rome\\n" * int(sys.argv[1])
status, body = ask_app(app, [b"zone,age,income,city\\n" + rows], "text/csv")
print(status, len(body), peak() - before)
"""


def test_a_large_csv_takes_a_few_times_its_size_in_memory() -> None:
    rows = 200_000
    command = [sys.executable, "-c", MEASURED, str(rows)]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
    assert printed[0] == "200"
    answer_megabytes = int(printed[1]) / 1e6
    assert int(printed[2]) < 60 + 4 * answer_megabytes, printed
