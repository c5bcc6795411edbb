"""Four small images with labels, and arrays as idx files have them."""

import struct

import numpy as np


def idx(array, code=0x08):
    head = struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    return head + array.tobytes()


IMAGES = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([0, 1, 1, 0], np.uint8)
