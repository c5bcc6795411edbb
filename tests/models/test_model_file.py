"""A model as one file: written, read, and refused if it is damaged or hostile."""

import hashlib
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.models.calibration import Calibration
from dnnsearch.models.ensemble import Model
from dnnsearch.nn import initialize
from dnnsearch.nn.input_layer import InputShape
from dnnsearch.storage.array_store import pack, unpack
from dnnsearch.trials.input_pieces import InputPieces
from experiments.mutations import parts_of, rehashed, zipped
from tests.support.models import flowers, members, parameters, people, prices


def calibrated() -> Model:
    return replace(flowers(), calibration=Calibration(0.83, (0.1, -0.3, 0.2), (0.0, 1.0, 0.0)))


def mixed() -> Model:
    """Return a model of two configurations, of which the second has codes."""
    first = flowers()
    shape = InputShape(3, 3, codes=4, embedding=0)
    sizes = [shape.n_0, 4, 3]
    edges = np.sort(np.random.default_rng(1).normal(size=(3, 5)), axis=1)
    other = replace(
        first,
        parameters=parameters(sizes, 3),
        activation="relu",
        pieces=InputPieces(shape, edges=edges),
    )
    return replace(first, others=(other,), weights=(3, 1))


KINDS = {
    "flowers": flowers,
    "members": members,
    "prices": prices,
    "calibrated": calibrated,
    "mixed": mixed,
}


def rows_for(model: Model) -> Any:
    return people(50, seed=5) if model.target_name else np.ones((50, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_was_read_again_says_the_same_to_the_last_bit(kind: str) -> None:
    model = KINDS[kind]()
    again = model_file.decode(model_file.encode(model), "the file")
    rows = rows_for(model)
    assert np.array_equal(again.outputs(rows), model.outputs(rows))
    assert again.predict(rows).tolist() == model.predict(rows).tolist()
    for name in ("task", "target_name", "form", "provenance", "replicates", "activation"):
        assert getattr(again, name) == getattr(model, name)
    assert again.inputs.kinds == model.inputs.kinds
    assert again.calibration == model.calibration
    assert again.weights == model.weights
    assert model_file.encode(again) == model_file.encode(model)


def test_the_digest_is_that_of_what_follows_the_first_line() -> None:
    content = model_file.encode(members())
    first, packed = content.split(b"\n", 1)
    assert model_file.digest(content) == hashlib.sha256(packed).hexdigest()
    assert first.decode() == f"dnnsearch model, format 1, sha256 {model_file.digest(content)}"
    assert model_file.encode(calibrated()).startswith(b"dnnsearch model, format 3, ")


def test_an_ensemble_is_the_mean_of_its_single_networks() -> None:
    for model in (members(), flowers(), prices()):
        rows = rows_for(model)
        each = [model.single(r) for r in range(model.replicates)]
        mean = np.mean([one.outputs(rows) for one in each], axis=0)
        assert np.allclose(model.outputs(rows), mean, rtol=0, atol=1e-12)
        assert [one.replicates for one in each] == [1] * model.replicates


def test_several_configurations_answer_with_their_weighted_mean() -> None:
    model, rows = mixed(), np.random.default_rng(0).normal(size=(300, 3))
    first, (other,) = replace(model, others=(), weights=(1,)), model.others
    mean = (3 * first.predict_proba(rows) + other.predict_proba(rows)) / 4
    assert model.predict_proba(rows) == pytest.approx(mean, abs=1e-12)
    assert np.array_equal(model.predict_proba(rows[:5]), model.predict_proba(rows)[:5])
    assert model.networks == 2 + 3
    assert model.single().networks == 1


def changed(model: Model, document: dict[str, Any] | None = None, **arrays: np.ndarray) -> bytes:
    """The model's file, well packed and hashed, with other content."""
    found, had = unpack(model_file.encode(model).split(b"\n", 1)[1])
    return rehashed(pack({**found, **(document or {})}, {**had, **arrays}))


def deep(levels: int) -> list[Any]:
    return [deep(levels - 1)] if levels else []


FITTED: dict[str, Any] = {"temperature": 2.0, "bias": [], "shift": []}
WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "does not begin like a model file"),
    "a zip": (lambda: pack({}, {}), "does not begin like a model file"),
    "cut": (lambda: model_file.encode(members())[:-9], "the SHA-256 of its content"),
    "one bit": (
        lambda: model_file.encode(members()).replace(b"member", b"nember", 1),
        "the SHA-256 of its content",
    ),
    "newer": (lambda: rehashed(b"whatever", 4), "its format must be 1, 2 or 3, but is 4"),
    "no task": (lambda: changed(members(), {"task": "guess"}), "task: Input should be 'binary'"),
    "more": (lambda: changed(members(), {"more": 1}), "more: Extra inputs are not permitted"),
    "activation": (lambda: changed(members(), {"activation": "exec"}), "activation: "),
    "classes": (lambda: changed(flowers(), {"classes": ["a", "b"]}), "classes: |layer_sizes: "),
    "layers": (lambda: changed(flowers(), {"layer_sizes": [3, 10**9, 3]}), "must have the shape"),
    "form": (lambda: changed(members(), {"form": {"separator": "ab"}}), "must be one character"),
    "columns": (
        lambda: changed(members(), {"columns": [["age", "number"]]}),
        "does not match the columns",
    ),
    "deep preparation": (
        lambda: changed(members(), preparation=np.frombuffer(b"[" * 10_000, np.uint8)),
        "must not be nested so deeply",
    ),
    "deep provenance": (
        lambda: changed(members(), {"provenance": {"a": deep(300)}}),
        "must not be nested deeper than 20 levels",
    ),
    "infinite": (
        lambda: changed(flowers(), parameters=np.full((2, 38), np.inf, np.float32)),
        "'parameters' contains non-numeric or non-finite",
    ),
    "scale": (lambda: changed(flowers(), scale=np.zeros(3)), "scale: must not be 0"),
    "temperature": (
        lambda: changed(calibrated(), {"calibration": {**FITTED, "temperature": 0.0}}),
        "calibration.temperature: Input should be greater than 0",
    ),
    "bias": (
        lambda: changed(calibrated(), {"calibration": {**FITTED, "bias": [1.0]}}),
        "calibration: must have a bias for each output",
    ),
    "shift": (
        lambda: changed(calibrated(), {"calibration": {**FITTED, "shift": [1.0, 2.0]}}),
        "calibration: must have a shift for each output",
    ),
    "calibrated numbers": (
        lambda: changed(prices(), {"calibration": FITTED}),
        "calibration: must not be in a regression",
    ),
    "weights": (
        lambda: changed(mixed(), {"weights": [1]}),
        "weights: must be one for each configuration",
    ),
    "no weights": (
        lambda: changed(flowers(), {"weights": [1]}),
        "weights: must be one for each configuration",
    ),
    "too many arrays": (
        lambda: changed(flowers(), parameters_1=np.zeros((2, 38), np.float32)),
        "others: must be as many as there are arrays",
    ),
    "another's arrays": (
        lambda: changed(mixed(), input_edges_1=np.zeros((3, 3))),
        "pieces: edges must be those of each number",
    ),
    "another's layers": (
        lambda: changed(mixed(), parameters_1=np.zeros((2, 7), np.float32)),
        "must have the shape",
    ),
    "folds": (
        lambda: changed(flowers(), mean=np.ones((3, 3)), scale=np.ones((3, 3))),
        "must have 1 fold, or 2",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_is_not_a_model_is_refused_in_one_line_with_its_reason(wrong: str) -> None:
    make, reason = WRONG[wrong]
    with pytest.raises(UserError, match=reason) as caught:
        model_file.decode(make(), "some.dnn")
    assert str(caught.value).startswith("some.dnn cannot be used as a model: ")


def test_members_that_claim_more_than_there_is_take_no_memory() -> None:
    packed = model_file.encode(flowers()).split(b"\n", 1)[1]
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.json", " " * (64 << 20))
    huge = packed.replace(b"'shape': (2, 38)", b"'shape': (2, 3800000000000000)".ljust(16))
    for content in (bomb.getvalue(), huge, _with_shape(packed, b"(9999999999, 9999999)")):
        tracemalloc.start()
        with pytest.raises(UserError):
            model_file.decode(rehashed(content), "bomb")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2 << 20


def _with_shape(packed: bytes, shape: bytes) -> bytes:
    found = parts_of(packed)
    found["parameters.npy"] = found["parameters.npy"].replace(b"(2, 38)", shape)
    return zipped(found)


def test_a_file_appears_whole_and_one_that_is_missing_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "members.dnn"
    model_file.write(path, members())
    assert model_file.read(path).provenance["study"] == "people"
    assert [p.name for p in tmp_path.iterdir()] == ["members.dnn"]
    with pytest.raises(UserError, match="no.dnn cannot be read: No such file"):
        model_file.read(tmp_path / "no.dnn")


def with_pieces(**changes: Any) -> Model:
    """The model of flowers with codes of its numbers."""
    plain = flowers()
    n_x = plain.parameters.layer_sizes[0]
    shape = InputShape(n_x, n_x, codes=2)
    sizes = (shape.n_0, *plain.parameters.layer_sizes[1:])
    rngs = [np.random.default_rng(r) for r in range(plain.replicates)]
    edges = np.tile([-1.0, 0.0, 1.0], (n_x, 1))
    pieces = InputPieces(shape, "robust", np.ones((2, n_x)), edges)
    return replace(plain, parameters=initialize(sizes, rngs), pieces=replace(pieces, **changes))


def test_a_model_with_input_pieces_is_written_in_format_2() -> None:
    model = with_pieces()
    written = model_file.encode(model)
    assert written.startswith(b"dnnsearch model, format 2,")
    again = model_file.decode(written, "the file")
    rows = rows_for(model)
    assert np.array_equal(again.outputs(rows), model.outputs(rows))
    assert model_file.encode(again) == written


WRONG_PIECES: dict[str, dict[str, Any]] = {
    "an unknown scale": {"kind": "exec"},
    "no edges": {"edges": None},
    "edges of fewer bins": {"edges": np.zeros((3, 2))},
    "edges of integers": {"edges": np.zeros((3, 3), int)},
    "scales of other numbers": {"scales": np.ones((2, 5))},
    "three scales": {"scales": np.ones((3, 3))},
    "no scales": {"scales": None},
    "scales for the standard scale": {"kind": "standard"},
    "more numbers than inputs": {"shape": InputShape(3, 4, codes=2)},
    "another width": {"shape": InputShape(3, 3, codes=9)},
    "an embedding without its parameters": {"shape": InputShape(3, 3, codes=2, embedding=3)},
}


@pytest.mark.parametrize("wrong", WRONG_PIECES)
def test_input_pieces_that_do_not_fit_are_refused_in_one_line(wrong: str) -> None:
    with pytest.raises(UserError, match=r"pieces|layer_sizes|layer sizes") as caught:
        model_file.decode(model_file.encode(with_pieces(**WRONG_PIECES[wrong])), "some.dnn")
    assert "\n" not in str(caught.value)
