"""Bytes to text: which encoding a file is in.

UTF-8 proves itself. Otherwise an East Asian encoding counts if nearly all that is not ASCII comes
out in its own script, and Western European (cp1252) is what remains.
"""

import codecs
import re
from collections.abc import Callable

SAMPLE = 1 << 20  # bytes that are looked at for the script
MOSTLY = 0.5  # of the upper bytes of UTF-16 are zero in a table, whose numbers are ASCII
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def _between(*ranges: tuple[int, int]) -> Callable[[str], bool]:
    return lambda character: any(low <= ord(character) <= high for low, high in ranges)


def _is_hangul(character: str) -> bool:
    """One of the 2,350 syllables in use: cp949 reads Japanese as some of the other 8,822."""
    try:
        return 0xAC00 <= ord(character) <= 0xD7A3 and len(character.encode("euc_kr")) == 2
    except UnicodeEncodeError:
        return False


def _lead(character: str, encoding: str) -> int:
    """The first byte of a character of two, 0 for all others."""
    try:
        code = character.encode(encoding)
    except UnicodeEncodeError:
        return 0
    return code[0] if len(code) == 2 else 0


def _is_simplified(character: str) -> bool:
    """One of GB 2312: gb18030 reads an accented letter and the one behind it as one of the rest."""
    return _lead(character, "gb2312") > 0


def _is_traditional(character: str) -> bool:
    """A sign or one of the 5,401 in frequent use, for the same reason."""
    return 0xA1 <= _lead(character, "big5") <= 0xC6


_KANA = _between((0x3040, 0x30FF))
_CYRILLIC = _between((0x0410, 0x044F))
LATIN_WORD = re.compile(r"\w*[A-Za-z]\w*")
# Tried in this order: at least so many characters of the script, and such a share of all that are
# not ASCII. One or two may be accented letters side by side; Japanese has Chinese characters, too.
SCRIPTS = [
    ("cp949", _is_hangul, 2, 0.9),
    ("shift_jis", _KANA, 2, 0.3),
    ("euc_jp", _KANA, 2, 0.3),
    ("gb18030", _is_simplified, 3, 0.8),
    ("big5", _is_traditional, 3, 0.8),
    ("cp1251", _CYRILLIC, 4, 0.8),
]


def decode(raw: bytes, wanted: str | None = None) -> tuple[str, str]:
    """The text and the name of its encoding; raises ValueError where it is no text.

    Line ends become `\\n`.
    """
    name = wanted or _detect(raw)
    try:
        text = raw.decode(name)
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} (0x{raw[error.start]:02x}) is not"
        raise ValueError(f"the file must be text in {name}, but {byte}; say encoding") from None
    except (LookupError, ValueError):  # `base64` is no encoding of text, and raises LookupError
        raise ValueError(f"encoding must be one that Python knows, but got {name!r}") from None
    if "\0" in text:
        raise ValueError("the file must be a table in text, but it has null characters")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), name


def _detect(raw: bytes) -> str:
    for mark, name in MARKS.items():
        if raw.startswith(mark):
            return name
    if len(raw) % 2 == 0 and b"\0" in raw[:SAMPLE]:  # without a mark, as some programs write it
        for name, half in (("utf-16-le", raw[1:SAMPLE:2]), ("utf-16-be", raw[:SAMPLE:2])):
            if half.count(0) > MOSTLY * len(half) and _decodes(raw, name):
                return name
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        sample = raw[:SAMPLE]
    else:
        return "utf-8"
    for name, script, fewest, share in SCRIPTS:
        inside, all_ = _count(sample, name, script)
        if inside >= max(fewest, share * all_):
            return name
    return "cp1252" if _decodes(raw, "cp1252") else "latin-1"


def _count(sample: bytes, name: str, script: Callable[[str], bool]) -> tuple[int, int]:
    """Characters of the script and all that are not ASCII; none where the encoding is another.

    Cyrillic letters in a word that has ASCII letters, too, are none: that is a Latin word.
    """
    cut = sample.rfind(b"\n") + 1 or len(sample)  # never within a character
    try:
        text = sample[:cut].decode(name)
    except UnicodeDecodeError:
        return 0, 0
    if name == "cp1251":  # whose letters are the accented ones of Western Europe, amid ASCII
        text = LATIN_WORD.sub(lambda word: "¬" * sum(c > "\x7f" for c in word[0]), text)
    others = [character for character in text if ord(character) > 127]
    return sum(map(script, others)), len(others)


def _decodes(raw: bytes, name: str) -> bool:
    try:
        raw.decode(name)
    except UnicodeDecodeError:
        return False
    return True
