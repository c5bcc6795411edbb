"""What must not change a single bit of a training."""

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn import batch_block, batches
from dnnsearch.trials import updates
from tests.support.pieces import PIECES
from tests.support.trainings import curves, data_of, generators, initialized, run


def seeds(daily, in_all):
    """The first of them every day, all of them in the long proofs."""
    later = (pytest.param(seed, marks=pytest.mark.proof) for seed in range(daily, in_all))
    return [*range(daily), *later]


def random_case(seed):
    """A random network, random data and random options."""
    rng = np.random.default_rng(seed)
    output = str(rng.choice(list(nn.OUTPUTS)))
    n_L = int(rng.integers(2, 6)) if output == "softmax" else 1
    hidden = rng.integers(1, 40, rng.integers(0, 4)).tolist()
    R, m = int(rng.integers(2, 6)), int(rng.choice([rng.integers(5, 90), rng.integers(2000, 2500)]))
    dtype = [np.float32, np.float64][rng.integers(2)]
    X = rng.standard_normal((R, m, rng.integers(1, 40))).astype(dtype)
    sizes = [int(rng.integers(1, 10)), 32, m - 1, "full"]
    options = {
        "activation": str(rng.choice(list(nn.ACTIVATIONS))),
        "output": output,
        "learning_rate": float(rng.choice([0.01, 0.5])),
        "momentum": float(rng.choice([0.0, 0.9])),
        "batch_size": sizes[rng.integers(4)],
        "iterations": int(rng.integers(1, 25)),
        "curve_every": int(rng.integers(1, 15)),
    }
    return (X.shape[2], *hidden, n_L), X, rng.integers(0, max(2, n_L), (R, m)), options


def trained(sizes, X, y, replicates, options, alone=False):
    """Bytes of final parameters and of curves, by replicate; `alone`: without the axis.

    Curves up to the last point that is not NaN: a stack goes on while one of it is alive.
    """
    rngs = [np.random.default_rng((5, r)) for r in replicates]
    parameters = initialized(sizes, rngs, X.dtype, options)
    if alone:
        shapes = parameters.extra_shapes
        parameters = nn.Parameters.from_flat(sizes, parameters.flat[0], shapes)
    values = curves(run(parameters, data_of(X, y), rngs, **options))
    flat = parameters.flat.reshape(len(rngs), -1)
    points = [np.isfinite(values[:, 0, i]).sum() for i in range(len(rngs))]
    return [(flat[i].tobytes(), values[: points[i], :, i].tobytes()) for i in range(len(rngs))]


@pytest.mark.parametrize("seed", seeds(25, 60))
def test_a_stack_equals_trainings_one_by_one_bit_for_bit(seed):
    sizes, X, y, options = random_case(seed)
    R = len(X)
    own_data = trained(sizes, X, y, range(R), options)
    shared_data = trained(sizes, X[0], y[0], range(R), options)
    for r in {0, R - 1}:
        assert trained(sizes, X[[r]], y[[r]], [r], options) == [own_data[r]]
        assert trained(sizes, X[r], y[r], [r], options, alone=True) == [own_data[r]]
        assert trained(sizes, X[0], y[0], [r], options) == [shared_data[r]]


@pytest.mark.parametrize("name", PIECES)
def test_a_stack_with_a_piece_equals_trainings_one_by_one(name, monkeypatch):
    monkeypatch.setattr(updates, "BLOCK", 500)
    for seed in range(4):
        sizes, X, y, options = random_case(seed)
        options |= PIECES[name]
        R = len(X)
        stack = trained(sizes, X, y, range(R), options)
        for r in {0, R - 1}:
            assert trained(sizes, X[[r]], y[[r]], [r], options) == [stack[r]]
            assert trained(sizes, X[r], y[r], [r], options, alone=True) == [stack[r]]
        assert trained(sizes, X, y, range(R), options) == stack


def test_the_comparison_of_bits_sees_one_flipped_bit():
    sizes, X, y, options = random_case(1)
    X, y = X[:2], y[:2]
    before = trained(sizes, X, y, [0, 1], options)
    X.view(np.uint32)[1, 0, 0] ^= 1
    after = trained(sizes, X, y, [0, 1], options)
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize("seed", seeds(5, 10))
def test_how_much_is_gathered_at_a_time_changes_no_bit(seed, monkeypatch):
    sizes, X, y, options = random_case(seed)
    X, y = X[:2], y[:2]
    before = trained(sizes, X, y, [0, 1], options)
    monkeypatch.setattr(batches, "BLOCK_EXAMPLES", 50)
    monkeypatch.setattr(batch_block, "CHUNK_BYTES", 500)
    assert trained(sizes, X, y, [0, 1], options) == before


def shifted(array, by):
    """A copy that begins `by` elements after a multiple of 64 bytes."""
    room = np.empty(array.size + by + 64, array.dtype)
    start = (-room.ctypes.data % 64) // array.itemsize + by
    copy = room[start : start + array.size].reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize("name", PIECES)
def test_where_arrays_lie_in_memory_changes_no_bit_of_a_piece(name, monkeypatch):
    compare_places_in_memory(3, PIECES[name], monkeypatch)


@pytest.mark.parametrize("seed", seeds(8, 20))
def test_where_arrays_lie_in_memory_changes_no_bit(seed, monkeypatch):
    compare_places_in_memory(seed, {}, monkeypatch)


def compare_places_in_memory(seed, piece, monkeypatch):
    sizes, X, y, options = random_case(seed)
    options |= piece
    results, empty = [], np.empty
    for by in (0, 1, 3, 6):

        def moved(*arguments, by=by, **keywords):
            array = empty(*arguments, **keywords)
            return array if array.dtype.kind != "f" else shift(array, by)

        def shift(array, by):
            room = empty(array.size + by + 64, array.dtype)
            start = (-room.ctypes.data % 64) // array.itemsize + by
            return room[start : start + array.size].reshape(array.shape)

        rngs = generators(2)
        start = initialized(sizes, rngs, X.dtype, options)
        flat = shifted(start.flat, by)
        parameters = nn.Parameters.from_flat(sizes, flat, start.extra_shapes)
        with monkeypatch.context() as patch:
            patch.setattr(np, "empty", moved)
            values = curves(run(parameters, data_of(shifted(X[:2], by), y[:2]), rngs, **options))
        results.append((parameters.flat.tobytes(), values.tobytes()))
    assert len(set(results)) == 1
