"""A file of a study that was mutated in any way is refused in one line, and nothing is written."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dnnsearch.deployment.bundle.archive import (
    EARLIEST,
    MANIFEST,
    MODE,
    UNIX,
    Members,
    decode,
    encode,
    read,
)
from dnnsearch.deployment.bundle.study_export import DOCUMENT, REPORT, report_mark
from dnnsearch.deployment.bundle.study_import import Places, import_study, opened
from dnnsearch.errors import UserError
from tests.deployment.bundle.test_archive import mutate
from tests.support.preloaded import Preloaded

Rng = np.random.Generator
Mutation = Callable[[bytes, Rng], bytes]
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"  # the headers of a member
FLAGS = {LOCAL: 6, CENTRAL: 8}  # where they are in a header
SIZES = {LOCAL: 18, CENTRAL: 20}  # compressed, then uncompressed
HUGE = (2**31, 2**32 - 2, 2**32 - 1)


def any_of(names: list[str], rng: Rng) -> str:
    return names[int(rng.integers(len(names)))]


def with_members(change: Callable[[dict[str, bytes], Rng], object]) -> Mutation:
    """Change the members; the manifest is that of the changed ones."""

    def mutation(content: bytes, rng: Rng) -> bytes:
        members = decode(content, "x")
        change(members, rng)
        return encode(members)

    return mutation


def remove(members: dict[str, bytes], rng: Rng) -> None:
    del members[any_of(list(members), rng)]


def rename(members: dict[str, bytes], rng: Rng) -> None:
    name = any_of(list(members), rng)
    members[f"{name[:-1]}x"] = members.pop(name)


def swap(members: dict[str, bytes], rng: Rng) -> None:
    records = sorted(name for name in members if name.endswith(".npz"))
    first = int(rng.integers(1, len(records)))
    one, other = records[first - 1], records[first]
    members[one], members[other] = members[other], members[one]


def edit_digest(members: dict[str, bytes], rng: Rng) -> None:
    """Change a digit of a digest in the document, and say that the report is of that document."""
    document = json.loads(members[DOCUMENT])
    attributes = document["trials"][int(rng.integers(len(document["trials"])))]["attributes"]
    key = any_of([key for key in ("spec", "digest") if attributes.get(key)], rng)
    at = int(rng.integers(16))
    old = attributes[key]
    attributes[key] = old[:at] + ("1" if old[at] == "0" else "0") + old[at + 1 :]
    members[DOCUMENT] = json.dumps(document).encode()
    members[REPORT] = b"<!doctype html>" + report_mark(members)


def edit_manifest(content: bytes, rng: Rng) -> bytes:
    members = decode(content, "x")
    manifest = json.loads(manifest_of(content))
    name = any_of(list(members), rng)
    manifest["members"][name] = manifest["members"][name][::-1]
    return zipped({**members, MANIFEST: json.dumps(manifest, indent=1, sort_keys=True).encode()})


def manifest_of(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(MANIFEST)


def zipped(members: Members, *more: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in sorted(members.items()):
            archive.writestr(plain(name), content)
        for info, content in more:
            archive.writestr(info, content)
    return whole.getvalue()


def plain(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EARLIEST)
    info.external_attr, info.create_system = MODE, UNIX
    return info


def adding(make: Callable[[Members, Rng], tuple[zipfile.ZipInfo, bytes]]) -> Mutation:
    """Add a member to the zip; the manifest lists it, too."""

    def mutation(content: bytes, rng: Rng) -> bytes:
        members = decode(content, "x")
        info, more = make(members, rng)
        manifest = manifest_of(encode({**members, info.filename: more}))
        return zipped({**members, MANIFEST: manifest}, (info, more))

    return mutation


def named(*names: str) -> Mutation:
    return adding(lambda members, rng: (plain(any_of(list(names), rng)), b"x"))


def twice(members: Members, rng: Rng) -> tuple[zipfile.ZipInfo, bytes]:
    name = any_of(list(members), rng)
    return plain(name), members[name] if rng.integers(2) else b"other"


def bomb(members: Members, rng: Rng) -> tuple[zipfile.ZipInfo, bytes]:
    info = plain("records/bomb.npz")
    info.compress_type = int(any_of([zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2], rng))  # type: ignore[list-item]
    return info, bytes(10**6)


def link(members: Members, rng: Rng) -> tuple[zipfile.ZipInfo, bytes]:
    info = plain("records/link.npz")
    info.external_attr = 0o120777 << 16
    return info, any_of(["/etc/passwd", "../../x"], rng).encode()


def headers(content: bytes, rng: Rng) -> list[tuple[bytes, int]]:
    """Return the kind and the place of both headers of a member, or of one of them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [info.filename for info in archive.infolist()]
        at = int(rng.integers(len(names)))
        local, central = archive.infolist()[at].header_offset, archive.start_dir
    for _ in range(at):
        central = content.index(CENTRAL, central + 1)
    both = [(LOCAL, local), (CENTRAL, central)]
    return both if rng.integers(2) else both[1:]


def encrypted(content: bytes, rng: Rng) -> bytes:
    changed = bytearray(content)
    for kind, at in headers(content, rng):
        changed[at + FLAGS[kind]] |= 1
    return bytes(changed)


def huge(content: bytes, rng: Rng) -> bytes:
    changed, size = bytearray(content), HUGE[int(rng.integers(len(HUGE)))]
    for kind, at in headers(content, rng):
        struct.pack_into("<LL", changed, at + SIZES[kind], size, size)
    return bytes(changed)


def truncated(content: bytes, rng: Rng) -> bytes:
    return content[: int(rng.integers(len(content)))]


def flipped(content: bytes, rng: Rng) -> bytes:
    changed = bytearray(content)
    changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


MUTATIONS: dict[str, Mutation] = {
    "a bit flipped": flipped,
    "cut off": truncated,
    "a piece changed": mutate,
    "a member removed": with_members(remove),
    "a member renamed": with_members(rename),
    "two records swapped": with_members(swap),
    "a digest edited": with_members(edit_digest),
    "a digest of the manifest edited": edit_manifest,
    "a member twice": adding(twice),
    "one more member": named("records/more.npz", "more.txt", "records/a/b/c.npz"),
    "a climbing name": named("../x", "records/../../x", "..", "records/.."),
    "an absolute name": named("/etc/x", "//x", "C:/x", "\\x", "records\\..\\x"),
    "a bomb": adding(bomb),
    "a link": adding(link),
    "a huge size": huge,
    "encrypted": encrypted,
}


@pytest.fixture(scope="module")
def small(archived: Path) -> bytes:
    """The file with a short report, so that most mutations do not hit Plotly's program."""
    members = decode(archived.read_bytes(), "x")
    return encode({**members, REPORT: b"<!doctype html>" + report_mark(members)})


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("times", [2, pytest.param(32, marks=pytest.mark.proof)])
@pytest.mark.parametrize("kind", MUTATIONS)
def test_every_mutated_file_is_refused_in_one_line_and_nothing_is_written(
    kind: str, times: int, small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """32 of each of 16 kinds are 512."""
    file, empty = tmp_path / "x.dnnstudy", tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    for seed in range(times):
        mutated = MUTATIONS[kind](small, np.random.default_rng([len(kind), seed]))
        if mutated == small:
            continue  # a piece of zeros that was zeroed
        file.write_bytes(mutated)
        with pytest.raises(UserError) as refused:
            import_study(read(file), "x", Places("sqlite:///optuna.db", "records", "none"))
        assert "\n" not in str(refused.value)
        assert list(empty.iterdir()) == []


def test_the_same_is_said_by_the_commands(tracked: Preloaded, small: bytes, tmp_path: Path) -> None:
    mutated = with_members(swap)(small, np.random.default_rng(0))
    (tmp_path / "x.dnnstudy").write_bytes(mutated)
    cache = {"DNNSEARCH_CACHE": str(tmp_path / "cache")}
    for command in ("verify", "import"):
        said = tracked.run(tmp_path, command, "x.dnnstudy", code=2, **cache)
        assert said.startswith("error: x.dnnstudy: ")
        assert said.count("\n") == 1
        assert {path.name for path in tmp_path.iterdir()} <= {"x.dnnstudy", "cache"}


def test_an_unchanged_file_is_none_of_them(small: bytes, tmp_path: Path) -> None:
    """Else everything might be refused for another reason."""
    file = tmp_path / "x.dnnstudy"
    file.write_bytes(small)
    assert zipped({**read(file), MANIFEST: manifest_of(small)}) == small
    with opened(read(file), "x", None) as study:
        assert len(study.trials()) == 5
