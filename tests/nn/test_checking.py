import numpy as np
import pytest

from dnnsearch.nn import ACTIVATIONS, OUTPUTS, Activation, Network, gradient_check, initialize
from dnnsearch.nn.parameters import Parameters


def network_and_data(activation="tanh", output="softmax"):
    rng = np.random.default_rng(0)
    sizes = (5, 6, 4, 3 if output == "softmax" else 1)
    parameters = Parameters.from_flat(sizes, initialize(sizes, [rng], "he", np.float64).flat[0])
    parameters.flat += 0.1 * rng.standard_normal(parameters.flat.shape)
    X, y = rng.standard_normal((5, 10)), rng.integers(0, max(2, sizes[-1]), 10)
    Y = OUTPUTS[output].targets(y, sizes[-1]).astype(float)
    return Network(parameters, activation, output), X, Y


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_with_every_output_passes(activation, output):
    errors = gradient_check(*network_and_data(activation, output))
    assert list(errors) == ["dW1", "db1", "dW2", "db2", "dW3", "db3"]
    assert max(errors.values()) < 1e-6


def test_it_fails_on_a_wrong_derivative_of_an_activation(monkeypatch):
    function, slope, _ = ACTIVATIONS["tanh"]
    wrong = Activation(function, lambda Z, A, out: np.multiply(1.01, slope(Z, A, out), out=out))
    monkeypatch.setitem(ACTIVATIONS, "tanh", wrong)
    errors = gradient_check(*network_and_data("tanh"))
    assert max(errors[name] for name in ("dW3", "db3")) < 1e-6, "the last layer does not use it"
    assert min(errors[name] for name in ("dW2", "db2", "dW1", "db1")) > 1e-3


def test_it_fails_on_a_wrong_bias_gradient_and_names_it(monkeypatch):
    network, X, Y = network_and_data()
    backward = network.backward

    def wrong(*arguments):
        backward(*arguments)
        network.gradient.b[2][0] += 0.1

    monkeypatch.setattr(network, "backward", wrong)
    errors = gradient_check(network, X, Y)
    assert [name for name, error in errors.items() if error > 1e-6] == ["db2"]


def test_it_leaves_the_parameters_as_they_were():
    network, X, Y = network_and_data()
    before = network.parameters.flat.copy()
    gradient_check(network, X, Y)
    assert np.array_equal(network.parameters.flat, before)


@pytest.mark.parametrize(("replicates", "dtype"), [((), np.float32), ((1,), np.float64)])
def test_it_wants_float64_and_no_replicates(replicates, dtype):
    network = Network(Parameters((5, 6, 3), replicates, dtype))
    with pytest.raises(ValueError, match="needs float64 parameters without replicates"):
        gradient_check(network, np.zeros((5, 2)), np.zeros((3, 2)))
