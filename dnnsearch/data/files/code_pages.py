"""The encoding of text that is neither UTF-8 nor UTF-16, as chardet tells it.

It is told from the cells that are not ASCII: most of a table is numbers, which say nothing. A sign
such as that of the euro beside a number says nothing either. Only encodings in which people's
tables are written are considered, and one that mixes scripts within words comes last.
"""

import codecs
import itertools
import re

CELL = re.compile(rb"[^,;\t\n\r\"]*[\x80-\xff][^,;\t\n\r\"]*")
# € ¢ £ ¥ § ° ± µ ¼ ½ ¾ and the blank that does not break, as Windows encodes them. In DOS
# pages they are letters: so not in a word (but °C and µg), and not a cell of nothing else.
SIGN = re.compile(
    rb"(?<![A-Za-z\x80-\xff])"
    rb"(?:\xa0?[\x80\xa2\xa3\xa5\xa7\xb0\xb1\xb5\xbc-\xbe]\xa0?|\xa0)"
    rb"(?![\x80-\xff]|[A-Za-z]{3})"
)
# A Latin letter beside one that is Greek, Cyrillic, Hebrew, Arabic or Thai, or beside a sign of
# mathematics or of a box. Not beside Chinese, Japanese and Korean ones: `A型` is a blood type.
FOREIGN = "[\u0370-\u06ff\u0e00-\u0e7f\u2200-\u22ff\u2500-\u259f]"
MIXED = re.compile(f"[A-Za-z]{FOREIGN}|{FOREIGN}[A-Za-z]")
MAX_CELLS, MAX_BYTES = 20_000, 150_000  # that are looked at; equal cells count once
KNOWN = (  # chardet's names
    *(f"cp{number}" for number in range(1250, 1259)),
    *(f"iso8859-{number}" for number in (1, 2, 5, 7, 8, 9, 13, 15)),
    *("koi8-r", "koi8-u", "mac-cyrillic", "mac-latin2", "mac-roman"),
    *(f"cp{number}" for number in (437, 850, 852, 855, 857, 862, 864, 866, 874)),
    *("big5hkscs", "cp932", "cp949", "euc_jis_2004", "gb18030", "shift_jis_2004", "tis-620"),
)
WESTERN = "cp1252"
ISO_2022_JP, ESCAPE = "iso2022_jp", b"\x1b$"  # all its bytes are ASCII


def code_page(raw: bytes) -> str:
    """Return the encoding of bytes that are not UTF-8; raise ValueError for damaged UTF-8."""
    import chardet

    found_cells = (match[0].strip() for match in CELL.finditer(raw))
    cells = sorted(set(itertools.islice(found_cells, MAX_CELLS)))
    _check_no_utf8(raw, cells)
    telling = [cell for cell in map(_without_signs, cells) if not cell.isascii()]
    if not telling and decodes(raw, WESTERN):
        return WESTERN
    sample = b"\n".join(telling or cells)[:MAX_BYTES]
    found = chardet.detect_all(
        sample,
        ignore_threshold=True,
        include_encodings=KNOWN,
        no_match_encoding=WESTERN,
        empty_input_encoding=WESTERN,
    )
    names = [codecs.lookup(one["encoding"]).name for one in found if one["encoding"]]
    possible = [name for name in [*names, WESTERN] if decodes(raw, name)] or ["latin-1"]
    return min(possible, key=lambda name: _mixes_scripts(sample, name))


def _without_signs(cell: bytes) -> bytes:
    """Return the cell without its signs, if it has anything else."""
    return SIGN.sub(b"", cell) if len(cell) > 1 else cell


def _mixes_scripts(sample: bytes, name: str) -> bool:
    """Return whether half of the cells have a word that mixes Latin and other letters."""
    cells = sample.decode(name, "replace").split("\n")
    return 2 * sum(MIXED.search(cell) is not None for cell in cells) >= len(cells)


def _check_no_utf8(raw: bytes, cells: list[bytes]) -> None:
    """Raise ValueError if most cells are UTF-8: then the others are damaged."""
    wrong = [cell for cell in cells if not decodes(cell, "utf-8")]
    if len(wrong) * 2 >= len(cells):
        return
    line = raw[: raw.find(wrong[0])].count(b"\n") + 1
    shown = wrong[0][:40].decode("utf-8", "backslashreplace")
    raise ValueError(
        f"the file is UTF-8, but {len(wrong)} of {len(cells)} cells beyond ASCII are not, such as "
        f"{shown!r} in line {line}: mend them, or drop the damaged bytes as in "
        "iconv -c -f utf-8 -t utf-8 FILE > NEW"
    )


def decodes(raw: bytes, name: str) -> bool:
    """Return whether the bytes are text in this encoding."""
    try:
        raw.decode(name)
    except UnicodeDecodeError:
        return False
    return True
