"""A model as one file: written, read, and what becomes of it when it is not what it was."""

import hashlib
import io
import json
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnnsearch import modelfile
from dnnsearch.arrays import EPOCH, pack, unpack
from dnnsearch.ensemble import Model
from dnnsearch.errors import UserError
from tests.models import flowers, members, people, prices

KINDS = {"flowers": flowers, "members": members, "prices": prices}


def rows_for(model: Model) -> Any:
    return people(50, seed=5) if model.target_name else np.ones((50, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_was_read_again_says_the_same_to_the_last_bit(kind: str) -> None:
    model = KINDS[kind]()
    again = modelfile.decode(modelfile.encode(model), "the file")
    rows = rows_for(model)
    assert np.array_equal(again.outputs(rows), model.outputs(rows))
    assert again.predict(rows).tolist() == model.predict(rows).tolist()
    for name in ("task", "target_name", "form", "provenance", "replicates", "activation"):
        assert getattr(again, name) == getattr(model, name)
    assert again.inputs.kinds == model.inputs.kinds
    assert modelfile.encode(again) == modelfile.encode(model)


def test_the_digest_is_that_of_what_follows_the_first_line() -> None:
    content = modelfile.encode(members())
    first, packed = content.split(b"\n", 1)
    assert modelfile.digest(content) == hashlib.sha256(packed).hexdigest()
    assert first.decode() == f"dnnsearch model, format 1, sha256 {modelfile.digest(content)}"


def test_an_ensemble_is_the_mean_of_its_single_networks() -> None:
    for model in (members(), flowers(), prices()):
        rows = rows_for(model)
        each = [model.single(r) for r in range(model.replicates)]
        mean = np.mean([one.outputs(rows) for one in each], axis=0)
        assert np.allclose(model.outputs(rows), mean, rtol=0, atol=1e-12)
        assert [one.replicates for one in each] == [1] * model.replicates


def rehashed(packed: bytes, format_: int = 1) -> bytes:
    sha = hashlib.sha256(packed).hexdigest()
    return modelfile.FIRST_LINE.format(format_, sha).encode() + packed


def changed(model: Model, document: dict[str, Any] | None = None, **arrays: np.ndarray) -> bytes:
    """The model's file, well packed and hashed, with other content."""
    found, had = unpack(modelfile.encode(model).split(b"\n", 1)[1])
    return rehashed(pack({**found, **(document or {})}, {**had, **arrays}))


WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "does not begin as a model file"),
    "a zip": (lambda: pack({}, {}), "does not begin as a model file"),
    "cut": (lambda: modelfile.encode(members())[:-9], "does not have the SHA-256"),
    "one bit": (
        lambda: modelfile.encode(members()).replace(b"member", b"nember", 1),
        "does not have the SHA-256",
    ),
    "newer": (lambda: rehashed(b"whatever", 2), "its format is 2, a newer one; here it must be 1"),
    "no task": (lambda: changed(members(), {"task": "guess"}), "task: Input should be 'binary'"),
    "more": (lambda: changed(members(), {"more": 1}), "more: Extra inputs are not permitted"),
    "activation": (lambda: changed(members(), {"activation": "exec"}), "activation: "),
    "classes": (lambda: changed(flowers(), {"classes": ["a", "b"]}), "classes: |layer_sizes: "),
    "layers": (lambda: changed(flowers(), {"layer_sizes": [3, 10**9, 3]}), "must have the shape"),
    "form": (lambda: changed(members(), {"form": {"separator": "ab"}}), "must be one character"),
    "columns": (
        lambda: changed(members(), {"columns": [["age", "number"]]}),
        "does not have the columns",
    ),
    "infinite": (
        lambda: changed(flowers(), parameters=np.full((2, 38), np.inf, np.float32)),
        "'parameters' has what is no number",
    ),
    "scale": (lambda: changed(flowers(), scale=np.zeros(3)), "scales: "),
    "folds": (lambda: changed(flowers(), mean=np.ones((3, 3)), scale=np.ones((3, 3))), "folds"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_model_is_refused_in_one_line_with_its_reason(wrong: str) -> None:
    make, reason = WRONG[wrong]
    with pytest.raises(UserError, match=reason) as caught:
        modelfile.decode(make(), "some.dnn")
    assert str(caught.value).startswith("some.dnn cannot be used as a model: ")


def test_members_that_claim_more_than_there_is_take_no_memory() -> None:
    packed = modelfile.encode(flowers()).split(b"\n", 1)[1]
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.json", " " * (64 << 20))
    huge = packed.replace(b"'shape': (2, 38)", b"'shape': (2, 3800000000000000)".ljust(16))
    for content in (bomb.getvalue(), huge, _with_shape(packed, b"(9999999999, 9999999)")):
        tracemalloc.start()
        with pytest.raises(UserError):
            modelfile.decode(rehashed(content), "bomb")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2 << 20


def _with_shape(packed: bytes, shape: bytes) -> bytes:
    found = _parts(packed)
    found["parameters.npy"] = found["parameters.npy"].replace(b"(2, 38)", shape)
    return _zipped(found)


def _parts(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return buffer.getvalue()


def _torn(rng: np.random.Generator, content: bytes) -> bytes:
    """Bits turned, bytes cut out, put in, or copied from elsewhere; up to four times."""
    raw = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        at, length = int(rng.integers(len(raw) or 1)), int(rng.integers(1, 40))
        what = rng.integers(5)
        if what == 0 and raw:
            raw[at] ^= 1 << int(rng.integers(8))
        elif what == 1:
            del raw[at : at + length]
        elif what == 2:
            raw[at:at] = rng.bytes(length)
        elif what == 3:
            raw[at : at + length] = rng.choice(WORDS)
        else:
            there = int(rng.integers(len(raw) or 1))
            raw[at : at + length] = raw[there : there + length]
    return bytes(raw)


WORDS = [b"9" * 12, b"-1", b"null", b"{}", b"[]", b"1e999", b'"a"', b"<f8", b"|O", b"\0" * 4, b""]
VALUES = [None, True, -1, 0, 2**70, 1e308, "", "x", "number", [], {}, [[]], {"a": 1}, ["x", "x"]]


def _reworded(rng: np.random.Generator, value: Any) -> Any:
    """JSON with one value somewhere replaced, left out or doubled."""
    if isinstance(value, dict) and value and rng.uniform() < 0.9:
        key = str(rng.choice(sorted(value)))
        if rng.uniform() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: _reworded(rng, value[key])}
    if isinstance(value, list) and value and rng.uniform() < 0.8:
        i = int(rng.integers(len(value)))
        new = [[], [value[i]] * 2, [_reworded(rng, value[i])]][rng.integers(3)]
        return [*value[:i], *new, *value[i + 1 :]]
    return VALUES[rng.integers(len(VALUES))]


def _reshaped(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    flat = array.reshape(-1)
    odd = np.array([np.nan, np.inf, 1e300, 0.0, -1.0])
    return [
        lambda: flat,
        lambda: array[:-1],
        lambda: np.concatenate([array, array]),
        lambda: array[..., np.newaxis],
        lambda: array.astype(rng.choice(["f2", "f4", "f8", "i8", "u1", "U4"])),
        lambda: np.where(rng.uniform(size=array.shape) < 0.1, rng.choice(odd), array),
        lambda: np.empty((0, *array.shape[1:]), array.dtype),
    ][rng.integers(7)]()


def mutant(rng: np.random.Generator, content: bytes) -> bytes:
    """The file with something changed: anywhere, behind a true hash, or within its true parts."""
    packed = content.split(b"\n", 1)[1]
    depth = rng.integers(5)
    if depth == 0:
        return _torn(rng, content)
    if depth == 1:
        return rehashed(_torn(rng, packed))
    if depth == 2:
        parts = _parts(packed)
        name = str(rng.choice(sorted(parts)))
        return rehashed(_zipped({**parts, name: _torn(rng, parts[name])}))
    document, arrays = unpack(packed)
    if depth == 3:
        return rehashed(_repacked(rng, document, arrays))
    name = str(rng.choice(sorted(arrays)))
    with np.errstate(all="ignore"):
        return rehashed(pack(document, {**arrays, name: _reshaped(rng, arrays[name])}))


def _repacked(rng: np.random.Generator, document: Any, arrays: dict[str, np.ndarray]) -> bytes:
    if "preparation" in arrays and rng.uniform() < 0.5:
        inner = json.loads(arrays["preparation"].tobytes())
        text = json.dumps(_reworded(rng, inner)).encode()
        return pack(document, {**arrays, "preparation": np.frombuffer(text, np.uint8)})
    return pack(_reworded(rng, document), arrays)


class Guard:
    """Sees whether Python is asked to run code or to open anything, while it is watching."""

    EVENTS = ("exec", "compile", "import", "open", "pickle.find_class", "os.system")
    EVENTS += ("subprocess.Popen", "ctypes.dlopen", "marshal.loads", "socket.connect")

    def __init__(self) -> None:
        self.watching, self.seen = False, []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and event in self.EVENTS:
            self.seen.append((event, arguments))


def outcomes(count: int, seed: int) -> Iterator[str]:
    """What became of so many mutants; whatever is no error of ours comes out of here."""
    rng = np.random.default_rng(seed)
    files = [modelfile.encode(make()) for make in KINDS.values()]
    rows = [rows_for(make()) for make in KINDS.values()]
    guard = Guard()
    for content, these in zip(files, rows):
        modelfile.decode(content, "x").predict(these)  # what is imported late is there now
    tracemalloc.start()
    for i in range(count):
        k = int(rng.integers(len(files)))
        content = mutant(rng, files[k])
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        guard.watching = True
        try:
            outcome = _outcome(content, rows[k])
        finally:
            guard.watching = False
        assert guard.seen == [], f"mutant {i} of seed {seed}"
        _, peak = tracemalloc.get_traced_memory()
        assert peak - before < 16 << 20, f"mutant {i} of seed {seed}"
        yield outcome


def _outcome(content: bytes, rows: Any) -> str:
    try:
        model = modelfile.decode(content, "x")
    except UserError as error:
        assert "\n" not in str(error)
        return "refused"
    try:
        assert len(model.predict(rows)) == len(rows)
    except ValueError:
        return "cannot answer"
    return "answers"


def fuzz(count: int, seed: int) -> dict[str, int]:
    try:
        found = list(outcomes(count, seed))
    finally:
        tracemalloc.stop()
    return {name: found.count(name) for name in sorted(set(found))}


def test_of_hundreds_of_mutants_none_runs_code_none_crashes_and_none_takes_memory() -> None:
    counts = fuzz(400, seed=0)
    assert counts["refused"] > 200
    assert counts["answers"] > 10  # the checks are not so strict that nothing gets past them


@pytest.mark.proof
def test_of_ten_thousand_mutants_none_runs_code_none_crashes_and_none_takes_memory() -> None:
    counts = fuzz(10_000, seed=1)
    print(counts)
    assert sum(counts.values()) == 10_000


def test_the_guard_sees_code_that_is_run() -> None:
    guard = Guard()
    guard.watching = True
    exec("1 + 1")
    guard.watching = False
    assert {event for event, _ in guard.seen} >= {"exec"}


def test_a_file_appears_whole_and_one_that_is_missing_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "members.dnn"
    modelfile.write(path, members())
    assert modelfile.read(path).provenance["study"] == "people"
    assert [p.name for p in tmp_path.iterdir()] == ["members.dnn"]
    with pytest.raises(UserError, match="no.dnn cannot be read: No such file"):
        modelfile.read(tmp_path / "no.dnn")
