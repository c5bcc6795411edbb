"""From bytes to text: the encoding of a file is detected.

Bytes that are valid UTF-8 are UTF-8; `code_pages` tells other encodings. In the first version of
the reading another encoding is taken if nearly all characters beyond ASCII are in its script, and
Western European (cp1252) if there is no such encoding.
"""

import codecs
import re
from collections.abc import Callable, Mapping
from typing import Any

from dnnsearch.data.files.code_pages import ESCAPE, ISO_2022_JP, code_page, decodes
from dnnsearch.data.files.reading_version import Reading

SAMPLE_BYTES = 1 << 20  # that are searched for the script
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
MIN_SHARE_OF_ZEROS = 0.5  # of the upper bytes of UTF-16: numbers in a table are ASCII
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark is the beginning of this one
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def _between(*ranges: tuple[int, int]) -> Callable[[str], bool]:
    return lambda character: any(low <= ord(character) <= high for low, high in ranges)


def _is_hangul(character: str) -> bool:
    """Return whether it is one of 2,350 common syllables: cp949 decodes Japanese to others."""
    try:
        return 0xAC00 <= ord(character) <= 0xD7A3 and len(character.encode("euc_kr")) == 2
    except UnicodeEncodeError:
        return False


def _lead(character: str, encoding: str) -> int:
    """Return the first byte of a two-byte character, 0 for all others."""
    try:
        code = character.encode(encoding)
    except UnicodeEncodeError:
        return 0
    return code[0] if len(code) == 2 else 0


_KANA = _between((0x3040, 0x30FF))
_CYRILLIC = _between((0x0410, 0x044F))
LATIN_WORD = re.compile(r"\w*[A-Za-z]\w*")
# gb18030 and big5 decode an accented letter and the next one to a rare Chinese character; so only
# the characters of GB 2312 count, and of Big5 the signs and the 5,401 common characters.
# Encoding, script, least number of its characters, least share of all that are not ASCII; tried in
# this order. One or two may be neighbouring accented letters; Japanese also has Chinese characters.
SCRIPTS = [
    ("cp949", _is_hangul, 2, 0.9),
    ("shift_jis", _KANA, 2, 0.3),
    ("euc_jp", _KANA, 2, 0.3),
    ("gb18030", lambda character: _lead(character, "gb2312") > 0, 3, 0.8),
    ("big5", lambda character: 0xA1 <= _lead(character, "big5") <= 0xC6, 3, 0.8),
    ("cp1251", _CYRILLIC, 4, 0.8),
]


def decode(raw: bytes, given: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text, with line ends `\\n`, and the name of its encoding.

    Raise ValueError if the bytes are not text in the given or the detected encoding.
    """
    name = given.get("encoding") or detect_encoding(raw, given)
    try:
        text = raw.decode(name)
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} (0x{raw[error.start]:02x}) is not"
        raise ValueError(
            f"the file must be text in {name}, but {byte}; set data.encoding"
        ) from None
    except (LookupError, ValueError):  # `base64` is not an encoding of text: LookupError
        raise ValueError(f"encoding must be known to Python, but got {name!r}") from None
    if "\0" in text:
        raise ValueError(
            "the file must be a table in text, but it has null characters: if it is text, remove "
            "them, as in tr -d '\\0' < FILE > NEW"
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), name


def detect_encoding(raw: bytes, given: Mapping[str, Any]) -> str:
    """Return the encoding of the bytes; raise ValueError for damaged UTF-8."""
    by_chardet = Reading.of(given).has("code pages are told by chardet")
    unicode = _unicode(raw)
    if unicode == "utf-8" and by_chardet and ESCAPE in raw and decodes(raw, ISO_2022_JP):
        return ISO_2022_JP
    return unicode or (code_page(raw) if by_chardet else _by_script(raw))


def later_encoding(raw: bytes, form: Mapping[str, Any]) -> str:
    """Return the encoding of a file that is read with the form of another one.

    It has the other file's encoding unless it is UTF-8, UTF-16 or cannot be decoded so: a table
    that was exported by another program may have another encoding. In the first version of the
    reading it always has the other one's.
    """
    known = form.get("encoding")
    if known and not Reading.of(form).has("code pages are told by chardet"):
        return str(known)
    unicode = _unicode(raw)
    fits = known and known.lower() not in UNICODE and not unicode and decodes(raw, known)
    return str(known) if fits else detect_encoding(raw, form)


def _unicode(raw: bytes) -> str | None:
    """Return the encoding of Unicode that the bytes are in, None if they are in another one."""
    for mark, name in MARKS.items():
        if raw.startswith(mark):
            return name
    if len(raw) % 2 == 0 and b"\0" in raw[:SAMPLE_BYTES]:  # some programs write no byte-order mark
        for name, half in (
            ("utf-16-le", raw[1:SAMPLE_BYTES:2]),
            ("utf-16-be", raw[:SAMPLE_BYTES:2]),
        ):
            if half.count(0) > MIN_SHARE_OF_ZEROS * len(half) and decodes(raw, name):
                return name
    return "utf-8" if decodes(raw, "utf-8") else None


def _by_script(raw: bytes) -> str:
    sample = raw[:SAMPLE_BYTES]
    for name, script, least, share in SCRIPTS:
        inside, all_ = _count(sample, name, script)
        if inside >= max(least, share * all_):
            return name
    return "cp1252" if decodes(raw, "cp1252") else "latin-1"


def _count(sample: bytes, name: str, script: Callable[[str], bool]) -> tuple[int, int]:
    """Return how many characters are of the script, and how many are not ASCII.

    Both are 0 if the sample cannot be decoded. In a word with ASCII letters no letter counts as
    Cyrillic: that is a Latin word.
    """
    cut = sample.rfind(b"\n") + 1 or len(sample)  # not within a character
    try:
        text = sample[:cut].decode(name)
    except UnicodeDecodeError:
        return 0, 0
    if name == "cp1251":  # its letters are the accented ones of cp1252, which are among ASCII
        text = LATIN_WORD.sub(lambda word: "¬" * sum(c > "\x7f" for c in word[0]), text)
    others = [character for character in text if ord(character) > 127]
    return sum(map(script, others)), len(others)
