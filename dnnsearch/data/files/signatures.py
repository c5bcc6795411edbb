"""How files of each format begin. It imports nothing, so that bytes can be told apart early."""

# the type codes of idx files (MNIST's), and NumPy's names for them
IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
HDF5 = b"\x89HDF\r\n\x1a\n"
NUMPY = b"\x93NUMPY"
GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
BZIP2 = tuple(b"BZh%d1AY&SY" % level for level in range(1, 10))
XZ = b"\xfd7zXZ\0"
PARQUET = b"PAR1"
ARROW, ARROW_STREAM, OLD_FEATHER = b"ARROW1", b"\xff\xff\xff\xff", b"FEA1"
COLUMNAR = (PARQUET, ARROW, ARROW_STREAM, OLD_FEATHER)
WITHOUT_LINES = (NUMPY, HDF5, GZIP, ZIP, *BZIP2, XZ, *COLUMNAR)
JSON = (b"{", b"[")


def is_idx(raw: bytes) -> bool:
    """Whether the bytes start as an idx file does."""
    return raw[:2] == b"\0\0" and len(raw) > 3 and raw[2] in IDX_TYPES and 1 <= raw[3] <= 8


def has_lines(start: bytes) -> bool:
    """Whether a file that starts so is text in lines: no arrays, archive, or JSON in one line."""
    return not (start.startswith(WITHOUT_LINES) or is_idx(start) or start.lstrip()[:1] in JSON)
