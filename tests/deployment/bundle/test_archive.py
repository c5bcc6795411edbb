"""The form of a study's archive: what is not exactly as it was written is refused in one line."""

import io
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from dnnsearch.deployment.bundle.archive import EARLIEST, MANIFEST, decode, encode
from dnnsearch.errors import UserError

MEMBERS = {"study.json": b"{}", "records/a.npz": bytes(range(256)) * 4}
Change = Callable[[zipfile.ZipFile], object]


def test_the_same_members_in_any_order_are_the_same_bytes() -> None:
    whole = encode(MEMBERS)
    assert encode(dict(reversed(MEMBERS.items()))) == whole
    assert decode(whole, "x") == MEMBERS


def added(change: Change) -> bytes:
    whole = io.BytesIO(encode(MEMBERS))
    with zipfile.ZipFile(whole, "a") as archive:
        change(archive)
    return whole.getvalue()


def linked(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link", EARLIEST)
    info.external_attr, info.create_system = 0o120777 << 16, 3
    archive.writestr(info, b"/etc/passwd")


def commented(archive: zipfile.ZipFile) -> None:
    archive.comment = b"hello"


HOSTILE: dict[str, tuple[Change, str]] = {
    "climbing": (lambda z: z.writestr("../climbing", b"x"), "plain name"),
    "hidden": (lambda z: z.writestr("records/.x/../../y", b"x"), "plain name"),
    "absolute": (lambda z: z.writestr("/etc/x", b"x"), "plain name"),
    "bomb": (lambda z: z.writestr("b", bytes(10**7), zipfile.ZIP_DEFLATED), "compressed"),
    "link": (linked, "plain file"),
    "comment": (commented, "was changed"),
    "more": (lambda z: z.writestr(zipfile.ZipInfo("more", EARLIEST), b"x"), "plain file"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_zip_is_refused(kind: str) -> None:
    change, expected = HOSTILE[kind]
    with pytest.raises(UserError, match=expected) as refused:
        decode(added(change), "x.dnnstudy")
    assert "\n" not in str(refused.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused() -> None:
    info = zipfile.ZipInfo("study.json", EARLIEST)
    info.external_attr = 0o100644 << 16
    with pytest.raises(UserError, match="was changed after"):
        decode(added(lambda archive: archive.writestr(info, b"other")), "x.dnnstudy")


def test_a_manifest_of_other_members_is_refused() -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(encode(MEMBERS))) as old, zipfile.ZipFile(whole, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info, b"[]" if info.filename == "study.json" else content)
    with pytest.raises(UserError, match=f"not those that its {MANIFEST} lists"):
        decode(whole.getvalue(), "x.dnnstudy")


@pytest.mark.parametrize("times", [60, pytest.param(5000, marks=pytest.mark.proof)])
def test_every_mutated_archive_is_refused_in_one_line(times: int) -> None:
    whole, rng = encode(MEMBERS), np.random.default_rng(0)
    for _ in range(times):
        mutated = mutate(whole, rng)
        if mutated != whole:
            with pytest.raises(UserError) as refused:
                decode(mutated, "x.dnnstudy")
            assert "\n" not in str(refused.value)


def test_a_file_that_was_cut_short_says_what_to_do() -> None:
    with pytest.raises(UserError) as refused:
        decode(encode(MEMBERS)[:-30], "x.dnnstudy")
    assert str(refused.value) == (
        "x.dnnstudy: is cut short or damaged: copy it again, or write it again with `export STUDY`"
    )


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with a bit flipped, a piece left out, doubled, zeroed or cut off."""
    a, b = sorted(int(at) for at in rng.integers(0, len(content), 2))
    changed = bytearray(content)
    match int(rng.integers(5)):
        case 0:
            changed[a] ^= 1 << int(rng.integers(8))
        case 1:
            del changed[a:b]
        case 2:
            changed[b:b] = changed[a:b]
        case 3:
            changed[a:b] = bytes(b - a)
        case _:
            del changed[b:]
    return bytes(changed)
