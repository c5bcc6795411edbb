"""The file of one record, read with distrust: its content must be that of its name.

The name has the trial's number and the first digits of the digests of spec and result. So a record
that was changed, or that lies in the place of another one, is found when it is read. The arrays of
a file are verified once in each process, and again if the file has changed since.
"""

import re
from pathlib import Path

from dnnsearch.storage.array_store import DamagedArrays
from dnnsearch.storage.regular_file import FileState, Unreadable, read_regular, settled_state
from dnnsearch.trials.record import Record, decode, inconsistencies, outcome_digest

DIGEST_PREFIX = 16  # hex digits of a digest in the name of a file
NAME = re.compile(r"([0-9]{5,})-([0-9a-f]{16})-([0-9a-f]{16})\.npz")  # number, spec, result

_verified: dict[Path, tuple[FileState, str]] = {}  # state of a file -> digest of its record


def name_of(record: Record) -> str:
    """Return the name of a record's file."""
    return name(record.spec.number, record.spec.digest, record.digest)


def name(number: int, spec: str, result: str) -> str:
    """Return the name of a record's file by the trial's number and the digests."""
    return f"{number:05d}-{spec[:DIGEST_PREFIX]}-{result[:DIGEST_PREFIX]}.npz"


def named(folder: Path, number: int | None = None) -> list[Path]:
    """Return what has the name of a record, of trial `number` or of any, in order of the names.

    It need not be a file. Other names are those of another program's files.
    """
    pattern = "[0-9]*.npz" if number is None else f"{number:05d}-*.npz"
    return sorted(path for path in folder.glob(pattern) if NAME.fullmatch(path.name))


def read(path: Path) -> Record:
    """Return the record in a file; raise DamagedArrays, with the reason, if it is not as written.

    Its number, the digests of its spec and its result, and all its arrays are verified.
    """
    state = settled_state(path)
    record = read_stated(path)
    if verified_digest(path) is None:
        if changed := inconsistencies(record):
            raise DamagedArrays(f"it was changed after it was written: {', '.join(changed)}")
        if state:
            _verified[path] = state, record.digest
    return record


def verified_digest(path: Path) -> str | None:
    """Return the digest of a file's record if this process has verified it as it is now."""
    state, digest = _verified.get(path, (None, None))
    return digest if state and state == settled_state(path) else None


def read_stated(path: Path) -> Record:
    """Return the record in a file as `read`, but without verifying its arrays.

    Whoever compares each array with a new one says more of what was changed in them.
    """
    try:
        content = read_regular(path)
    except Unreadable as error:
        raise DamagedArrays(str(error)) from None
    if content is None:
        raise DamagedArrays("it has disappeared")
    record = decoded(content)
    _check_name(path.name, record)
    return record


def decoded(packed: bytes) -> Record:
    """Return the record that was packed, whose arrays need not be those of its digests.

    Raise DamagedArrays if it has not all its parts, or if what it states does not fit together.
    """
    record = decode(packed)
    try:
        is_stated = name_of(record) and outcome_digest(record.document) == record.digest
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedArrays(f"it is not a whole record: {type(error).__name__} {error}") from None
    if not is_stated:
        raise DamagedArrays("it was changed after it was written: digest")
    return record


def _check_name(name: str, record: Record) -> None:
    """Raise DamagedArrays if the file has another record than its name says."""
    found = NAME.fullmatch(name)
    assert found, name
    number, spec, result = found.groups()
    if record.spec.number != int(number):
        raise DamagedArrays(f"it holds trial {record.spec.number}, not trial {int(number)}")
    pairs = {"spec": (record.spec.digest, spec), "result": (record.digest, result)}
    for what, (digest, stated) in pairs.items():
        if not digest.startswith(stated):
            raise DamagedArrays(f"its {what} is not the one that its name states")


def check_digests(record: Record, spec: str, result: str) -> None:
    """Raise DamagedArrays if a record's digests are not those of its trial's row.

    An empty digest is not known, and not compared.
    """
    for what, digest, wanted in (
        ("spec", record.spec.digest, spec),
        ("result", record.digest, result),
    ):
        if wanted and digest != wanted:
            raise DamagedArrays(
                f"its {what} has the digest {digest[:12]}..., but the study's trial "
                f"{record.spec.number} has {wanted[:12]}..."
            )
