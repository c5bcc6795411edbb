"""The circuits of parity, checked on all inputs."""

import numpy as np
import pytest

from dnnsearch.nn import Network
from experiments.parity_circuits import CIRCUITS, hidden_units, mistakes, xor_tree


@pytest.mark.parametrize("bits", range(2, 10))
@pytest.mark.parametrize("name", CIRCUITS)
def test_every_circuit_is_right_on_all_inputs(name: str, bits: int) -> None:
    assert mistakes(CIRCUITS[name](bits)) == 0


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_logit_is_exactly_the_parity_less_a_half(name: str) -> None:
    X = np.array([[0, 0, 1], [0, 1, 0], [0, 0, 1]], float)  # 0, 1 and 2 ones
    logits = Network(CIRCUITS[name](3), "relu", "sigmoid").logits(X)
    assert logits.tolist() == [[-0.5, 0.5, -0.5]]


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_circuits_are_as_large_as_they_say(bits: int) -> None:
    layers = bits.bit_length() - 1
    built = {name: build(bits) for name, build in CIRCUITS.items()}
    sizes = {name: (circuit.layers - 1, hidden_units(circuit)) for name, circuit in built.items()}
    assert sizes == {
        "one unit for each odd pattern": (1, 2 ** (bits - 1)),
        "XOR tree": (layers, 2 * (bits - 1)),
        "counting": (1, bits),
        "folding": (layers, 2 * layers),
    }


def test_a_wrong_weight_is_seen() -> None:
    tree = xor_tree(4)
    tree.W[1][0, 0] = 0
    assert mistakes(tree) > 0
