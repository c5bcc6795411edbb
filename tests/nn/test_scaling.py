"""The scaling layer: the same as scaled inputs, and its gradient."""

import numpy as np
import pytest

from dnnsearch import nn

SHAPES = {nn.SCALES: (4, 1)}


def network_with_scales(replicates=(), hidden=(5,), dtype=np.float64):
    sizes = (4, *hidden, 3)
    parameters = nn.Parameters(sizes, replicates, dtype, SHAPES)
    parameters.flat[...] = np.random.default_rng(0).standard_normal(parameters.flat.shape)
    return nn.Network(parameters, "tanh")


def test_it_is_the_network_on_scaled_inputs():
    network = network_with_scales()
    own = network.parameters
    plain = nn.Parameters.from_flat(own.layer_sizes, own.flat[: -own.extra["s"].size])
    X = np.random.default_rng(1).standard_normal((4, 20))
    expected = nn.Network(plain, "tanh").logits(own.extra["s"] * X)
    assert network.logits(X) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("hidden", [(), (5,), (5, 2)])
def test_its_gradient_is_right(hidden):
    network, rng = network_with_scales(hidden=hidden), np.random.default_rng(1)
    errors = nn.gradient_check(
        network, rng.standard_normal((4, 9)), np.eye(3)[:, rng.integers(0, 3, 9)]
    )
    assert "ds" in errors
    assert max(errors.values()) < 1e-6


def test_it_changes_nothing_at_first():
    rng = np.random.default_rng
    scaled, plain = (nn.initialize((4, 5, 3), rng(0), extra=s) for s in (SHAPES, {}))
    X = rng(1).standard_normal((4, 20))
    assert np.array_equal(nn.Network(scaled).logits(X), nn.Network(plain).logits(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_the_layer_the_network_is_the_same_to_the_bit(dtype):
    network = network_with_scales(replicates=(3,), dtype=dtype)
    plain = nn.without_scaling(network.parameters)
    assert not plain.extra
    X = np.random.default_rng(1).standard_normal((4, 20)).astype(dtype)
    assert np.array_equal(nn.Network(plain, "tanh").logits(X), network.logits(X))
    assert nn.without_scaling(plain) is plain
