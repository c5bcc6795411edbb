"""The archive of a study: a zip whose bytes are determined by its members.

No member is compressed, so nothing unpacks to more than the file has. A file that is not exactly
what its members lead to is refused: that covers names twice, links, comments and what lies between
the members. The manifest has the SHA-256 of every member. This module knows nothing of studies.
"""

import hashlib
import io
import json
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.storage.regular_file import Unreadable, read_regular

SUFFIX = ".dnnstudy"
FORMAT = "dnnsearch study 1"
MANIFEST = "manifest.json"
PLACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,149}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,149}){0,3}")
EARLIEST = (1980, 1, 1, 0, 0, 0)  # zip's first second: the archive says nothing of a clock
MODE = 0o100644 << 16  # of a regular file
UNIX = 3
BEGINNING = b"PK\x03\x04"  # of a zip with a member

Members = Mapping[str, bytes]


def is_archive(path: str) -> bool:
    """Return whether what a user named is a study's archive."""
    return path.endswith(SUFFIX)


def encode(members: Members) -> bytes:
    """Return the archive of members, with their manifest; the same for the same members."""
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = json.dumps({"format": FORMAT, "members": listed}, indent=1, sort_keys=True).encode()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in sorted({**members, MANIFEST: manifest}.items()):
            info = zipfile.ZipInfo(name, EARLIEST)
            info.external_attr, info.create_system = MODE, UNIX
            archive.writestr(info, content)
    return whole.getvalue()


def read(path: Path) -> dict[str, bytes]:
    """Return the members without the manifest; raise UserError if it is not as `encode` made it."""
    try:
        content = read_regular(path)
    except Unreadable as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if content is None:
        raise UserError(f"{path}: there is no such file")
    return decode(content, str(path))


def decode(content: bytes, place: str) -> dict[str, bytes]:
    """Return the members of an archive's content; `place` names it in messages."""
    try:
        members = _members(content)
        manifest = members.pop(MANIFEST)
    except UserError as error:
        raise UserError(f"{place}: {error}") from None
    except _MALFORMED as error:
        if content.startswith(BEGINNING):
            rule = "is cut short or damaged: copy it again, or write it again with `export STUDY`"
            raise UserError(f"{place}: {rule}") from None
        why = f" ({error})" if str(error) else ""
        raise UserError(f"{place}: must be a file that `export STUDY` wrote{why}") from None
    if encode(members) != content:
        raise UserError(f"{place}: was changed after `export STUDY` wrote it: {_what(manifest)}")
    return members


_MALFORMED = (
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        for info in infos:
            _check(info)
        if sum(info.file_size for info in infos) > len(content):
            raise UserError("its members claim to be larger than the file")
        return {info.filename: archive.read(info) for info in infos}


def _check(info: zipfile.ZipInfo) -> None:
    """Raise UserError if a member may be anything else than a plain file of a plain name."""
    name = info.filename
    if not PLACE.fullmatch(name) or ".." in name:
        raise UserError(
            f"a member must have a plain name such as study.json, but got {name[:80]!r}"
        )
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
        raise UserError(f"no member may be compressed or encrypted, but {name} is")
    if info.external_attr != MODE:
        raise UserError(f"every member must be a plain file, but {name} is not")


def _what(manifest: bytes) -> str:
    """Return in words what does not fit, as far as the manifest says it."""
    try:
        known = json.loads(manifest)["format"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return f"its {MANIFEST} cannot be read"
    if known != FORMAT:
        return f"it is a {str(known)[:40]!r}, and this version reads {FORMAT!r}"
    return f"its members are not those that its {MANIFEST} lists"
