"""New arrays that begin at the start of a cache line.

The processor reads 32 or 64 bytes at a time, and does so up to twice as fast if no read crosses the
border between two cache lines. NumPy's own arrays begin anywhere. No bit depends on it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

CACHE_LINE = 64  # bytes


def aligned_empty(shape: Sequence[int], dtype: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """Return a new contiguous array at a multiple of CACHE_LINE, with contents yet undefined."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    buffer = np.empty(size + CACHE_LINE, np.uint8)
    start = -buffer.__array_interface__["data"][0] % CACHE_LINE
    array: np.ndarray[Any, np.dtype[Any]] = buffer[start : start + size].view(dtype)
    return array.reshape(shape)


def aligned_zeros(shape: Sequence[int], dtype: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """Return the same, filled with zeros."""
    array = aligned_empty(shape, dtype)
    array.fill(0)
    return array
