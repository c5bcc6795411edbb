import numpy as np
import pytest

from dnnsearch.nn import ACTIVATIONS

Z = np.array([[-3.0, -0.5, -1e-3, 1e-3, 0.5, 3.0]])


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("relu", lambda z: max(0.0, z)),
        ("leaky_relu", lambda z: z if z > 0 else 0.01 * z),
        ("tanh", lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("silu", lambda z: z / (1 + np.exp(-z))),
        ("gelu", lambda z: z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))),
    ],
)
def test_activations_follow_their_formulas(name, formula):
    expected = [[formula(z) for z in Z[0]]]
    assert ACTIVATIONS[name].function(Z, None) == pytest.approx(np.array(expected), rel=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_are_the_derivatives(name):
    function, slope, _ = ACTIVATIONS[name]
    h = 1e-6
    differences = (function(Z + h, None) - function(Z - h, None)) / (2 * h)
    assert slope(Z, function(Z, None), np.empty_like(Z)) == pytest.approx(differences, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_results_go_where_they_are_wanted(name, dtype):
    function, slope, _ = ACTIVATIONS[name]
    z = Z.astype(dtype)
    before, A, D = z.copy(), np.full_like(z, np.nan), np.full_like(z, np.nan)
    assert function(z, A) is A
    assert slope(z, A, D) is D
    assert np.array_equal(A, function(z, None))
    assert np.array_equal(z, before)
    assert A.dtype == D.dtype == dtype


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nothing_overflows_and_nothing_hides_a_nan(name):
    function, slope, _ = ACTIVATIONS[name]
    z = np.array([[-1e30, -100, 100, 1e30]], np.float32)
    A = function(z, None)
    assert np.isfinite(A).all()
    assert np.isfinite(slope(z, A, np.empty_like(z))).all()
    assert np.isnan(function(np.array([[np.nan]]), None)).all()


def test_the_sigmoid_of_float32_has_few_correct_digits_near_0():
    """What its docstring says: the absolute error is bounded, the relative one is not."""
    z = np.linspace(-100, 100, 100_001).astype(np.float32)
    exact = np.exp(-np.logaddexp(0, -z.astype(np.float64)))
    A = ACTIVATIONS["sigmoid"].function(z, None)
    assert np.abs(A - exact).max() < 1e-7
    at_minus_17 = ACTIVATIONS["sigmoid"].function(np.array([-17], np.float32), None)[0]
    assert at_minus_17 * (1 + np.exp(17.0)) == pytest.approx(1.44, abs=0.005)
    assert not A[z <= -20].any()
    assert A[(z > -19) & (z < 0)].all()


def test_the_sigmoid_of_float64_is_right_in_7_digits_where_float32_is_0():
    exact = np.exp(-np.logaddexp(0, 20.0))
    assert ACTIVATIONS["sigmoid"].function(np.array([-20.0]), None) == pytest.approx(
        exact, rel=1e-7
    )
    assert not ACTIVATIONS["sigmoid"].function(np.array([-38.0]), None).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name, one in ACTIVATIONS.items() if one.keeps])
def test_what_is_kept_for_the_slope_changes_no_bit(name, dtype):
    function, slope, keeps = ACTIVATIONS[name]
    z = np.linspace(-12, 12, 1001).astype(dtype)
    kept = [np.full_like(z, np.nan) for _ in range(keeps)]
    A = function(z, np.empty_like(z), *kept)
    assert A.tobytes() == function(z, None).tobytes()
    for _ in range(2):  # the slope leaves what it needs
        D = slope(z, A, np.empty_like(z), *kept)
        assert D.tobytes() == slope(z, A, np.empty_like(z)).tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 7, 1023, 1024, 1025, 4099])
def test_relu_has_the_same_bits_for_every_size_and_place(size, dtype):
    numbers = np.array([-0.0, 0.0, 1, -1, np.nan, np.inf, -np.inf, 1e-40, -1e-40], dtype)
    z = np.random.default_rng(size).choice(numbers, size)
    relu = ACTIVATIONS["relu"].function
    new, written, in_place = relu(z, None), np.full_like(z, 5), z.copy()
    one_by_one = np.concatenate([relu(z[i : i + 1], None) for i in range(size)])
    relu(z, written)
    relu(in_place, in_place)
    assert new.tobytes() == written.tobytes() == in_place.tobytes() == one_by_one.tobytes()
