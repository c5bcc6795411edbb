import numpy as np
import pytest

from dnnsearch.nn import (
    Parameters,
    ShapeError,
    multiply_adds,
    number_of_parameters,
    update_parameters,
)


def test_weights_and_biases_are_views_of_one_flat_vector():
    parameters = Parameters((3, 4, 2), replicates=(5,))
    parameters.flat[...] = np.arange(5 * 26).reshape(5, 26)
    assert parameters.W[1].shape == (5, 4, 3)
    assert parameters.b[1].shape == (5, 4, 1)
    assert parameters.W[2].shape == (5, 2, 4)
    assert parameters.b[2].shape == (5, 2, 1)
    in_order = [parameters.W[1], parameters.b[1], parameters.W[2], parameters.b[2]]
    assert np.concatenate([a[3].ravel() for a in in_order]).tolist() == [*range(78, 104)]
    parameters.W[2][4, 1, 3] = -1
    assert (parameters.flat == -1).sum() == 1


def test_sizes_are_counted():
    assert number_of_parameters((3, 4, 2)) == 3 * 4 + 4 + 4 * 2 + 2
    assert multiply_adds((3, 4, 2)) == 3 * 4 + 4 * 2


@pytest.mark.parametrize("replicates", [(), (3,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_handed_over_is_read_back(replicates, dtype):
    rng = np.random.default_rng(0)
    shapes = {"W1": (4, 3), "b1": (4, 1), "W2": (2, 4), "b2": (2, 1)}
    given = {k: rng.standard_normal((*replicates, *s)).astype(dtype) for k, s in shapes.items()}
    parameters = Parameters.from_dict(given)
    assert parameters.layer_sizes == (3, 4, 2)
    assert parameters.replicates == replicates
    assert parameters.flat.dtype == dtype
    back = parameters.as_dict()
    assert list(back) == ["W1", "b1", "W2", "b2"]
    assert all(np.array_equal(back[name], given[name]) for name in given)
    parameters.flat[...] = 0
    assert back["W1"].any(), "they are copies"


def test_lists_of_numbers_can_be_handed_over():
    parameters = Parameters.from_dict({"W1": [[1, 2]], "b1": [[3]]})
    assert parameters.flat.tolist() == [1, 2, 3]
    assert parameters.flat.dtype == np.float64


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"W2": (2, 5)}, "layer 2: W2 must have the shape (2, 4), but has (2, 5)"),
        ({"b1": (4,)}, "layer 1: b1 must have the shape (4, 1), but has (4,)"),
        ({"b2": (4, 1)}, "layer 2: b2 must have the shape (2, 1), but has (4, 1)"),
        ({"W1": (4,)}, "layer 1: W1 must have the shape (1, 4), but has (4,)"),
        ({"W2": (2,)}, "layer 2: W2 must have the shape (1, 4), but has (2,)"),
    ],
)
def test_a_wrong_shape_is_an_error_that_names_layer_array_and_both_shapes(wrong, message):
    shapes = {"W1": (4, 3), "b1": (4, 1), "W2": (2, 4), "b2": (2, 1)} | wrong
    with pytest.raises(ShapeError) as error:
        Parameters.from_dict({name: np.zeros(shape) for name, shape in shapes.items()})
    assert str(error.value) == message
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize("names", [[], ["W1"], ["W1", "b2"], ["W1", "b1", "W3", "b3"]])
def test_missing_and_misnamed_arrays_are_an_error(names):
    with pytest.raises(ValueError, match="parameters must be named"):
        Parameters.from_dict(dict.fromkeys(names, np.zeros((1, 1))))


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0), (3, -1, 2)])
def test_layers_without_units_are_an_error(sizes):
    with pytest.raises(ValueError, match="two or more numbers from 1 up"):
        Parameters(sizes)


def test_a_flat_vector_is_shared_and_must_be_as_long_as_the_layers_say():
    flat = np.zeros(26)
    Parameters.from_flat((3, 4, 2), flat).b[2][...] = 7
    assert flat[-2:].tolist() == [7, 7]
    with pytest.raises(ShapeError, match=r"must have the shape \(\.\.\., 26\), but has \(25,\)"):
        Parameters.from_flat((3, 4, 2), flat[1:])


def test_an_update_goes_against_the_gradient_in_every_layer():
    parameters = Parameters.from_dict(
        {"W1": [[1, 2]], "b1": [[3]], "W2": [[4], [5]], "b2": [[6], [7]]}
    )
    gradient = Parameters.from_dict(
        {"W1": [[1, 0]], "b1": [[2]], "W2": [[0], [1]], "b2": [[4], [0]]}
    )
    update_parameters(parameters, gradient, learning_rate=0.5)
    assert parameters.W[1].tolist() == [[0.5, 2]]
    assert parameters.b[1].tolist() == [[2]]
    assert parameters.W[2].tolist() == [[4], [4.5]]
    assert parameters.b[2].tolist() == [[4], [7]]


def test_an_update_with_the_gradient_of_another_network_is_an_error():
    with pytest.raises(ShapeError, match=r"the gradient must have the shape \(8,\), but has"):
        update_parameters(Parameters((3, 2)), Parameters((3, 3)), 0.1)


def test_parameters_show_their_sizes_and_not_their_numbers():
    assert repr(Parameters((64, 32, 10))) == "<Parameters 64-32-10, 2410 numbers, float32>"
    stacked = Parameters((3, 2), (4,), np.float64)
    assert repr(stacked) == "<Parameters 3-2, 8 x 4 numbers, float64>"
