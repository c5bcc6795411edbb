import numpy as np
import pytest

from dnnsearch.nn.memory import CACHE_LINE, aligned_empty, aligned_zeros


@pytest.mark.parametrize("shape", [(), (3,), (2, 5, 7)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_begin_at_a_cache_line(shape, dtype):
    for _ in range(8):  # NumPy's own would begin elsewhere by chance
        array = aligned_empty(shape, dtype)
        assert array.ctypes.data % CACHE_LINE == 0
        assert (array.shape, array.dtype) == (shape, dtype)
        assert array.flags.c_contiguous
        assert array.flags.writeable


def test_zeros_are_zero():
    assert not aligned_zeros((40, 30), np.float32).any()
