"""Dialects of text, and encodings."""

import random

from experiments.file_kinds.made import CITIES, NAMES, NUMBERS, ROWS, Made, csv, frame, kind, text


@kind
def _separators(rng: random.Random) -> Made:
    return text(frame(rng).assign(city="x" * 3), sep=rng.choice(";\t|^ "))


@kind
def _colons(rng: random.Random) -> Made:
    return text(frame(rng), sep=":")


@kind
def _blanks_and_tabs(rng: random.Random) -> Made:
    table = frame(rng)
    lines = (
        f'{a}  {b}   {c}\t"{city} {i}"\n'
        for i, (a, b, c, city) in enumerate(zip(*(table[n] for n in (*NUMBERS, "city"))))
    )
    return Made("customers.data", "".join(lines).encode(), ("--target", "0"))


@kind
def _lines_before_the_header(rng: random.Random) -> Made:
    mark = rng.choice(("# ", "% ", "// ", "sep=;\n"))
    start = mark if "\n" in mark else f"{mark}made by a program\n{mark}in 2024\n"
    return Made("customers.csv", start.encode() + csv(frame(rng), sep=";"))


@kind
def _backslash_escapes(rng: random.Random) -> Made:
    notes = [f'"said \\"{rng.choice("ab")}\\", ok"' for _ in range(ROWS)]
    lines = (f"{n},{line}\n" for n, line in zip(notes, csv(frame(rng)).decode().splitlines()[1:]))
    header = f"note,{','.join(NAMES)}\n"
    return Made("customers.csv", (header + "".join(lines)).encode())


@kind
def _copy_of_a_database(rng: random.Random) -> Made:
    table = frame(rng).astype(object)
    table.loc[[rng.randrange(ROWS) for _ in range(6)], "share"] = "\\N"
    return Made("customers.tsv", csv(table, sep="\t") + b"\\.\n")


@kind
def _a_box_of_bars(rng: random.Random) -> Made:
    rows = [[str(cell) for cell in row] for row in frame(rng).itertuples(index=False)]
    width = len(NAMES)
    bars, rule = rng.choice(
        (
            ("| {} |", f"+{'---+' * width}"),
            (" {} ", "+".join(["----"] * width)),
            ("| {} |", f"|{'---|' * width}"),
        )
    )
    lines = [bars.format(" | ".join(row)) for row in [list(NAMES), *rows]]
    lines = ([rule] if rule[0] == "+" else []) + [lines[0], rule, *lines[1:]]
    return Made("customers.txt", "\n".join([*lines, ""]).encode())


@kind
def _rows_in_quotes(rng: random.Random) -> Made:
    lines = csv(frame(rng)).decode().splitlines()
    return Made("customers.csv", "".join(f'"{line}"\n' for line in lines).encode())


@kind
def _other_line_ends(rng: random.Random) -> Made:
    return Made("customers.csv", csv(frame(rng)).replace(b"\n", rng.choice((b"\r\n", b"\r"))))


@kind
def _code_pages(rng: random.Random) -> Made:
    encoding, words = rng.choice(
        (
            ("cp1252", "Köln Málaga élevé Größe"),
            ("cp1250", "Łódź žluťoučký Győr"),
            ("cp1251", "Москва Казань город"),
            ("koi8-r", "Москва Казань город"),
            ("cp1253", "Αθήνα Πάτρα πόλη"),
            ("cp1254", "İzmir Muğla ışık"),
            ("cp850", "Köln München Größe"),
            ("shift_jis", "東京都 なまえ ねんれい"),
            ("gb18030", "北京市 上海市 广州市"),
            ("cp949", "서울시 부산시 이름"),
        )
    )
    cities = [rng.choice(words.split()) for _ in range(ROWS)]
    return text(frame(rng).assign(city=cities), encoding=encoding)


@kind
def _unicode_marks(rng: random.Random) -> Made:
    encoding = rng.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"))
    return text(frame(rng), encoding=encoding)


@kind
def _damaged_utf_8(rng: random.Random) -> Made:
    content = csv(frame(rng).assign(city=[rng.choice(CITIES) + str(i) for i in range(ROWS)]))
    return Made("customers.csv", content.replace("ö".encode(), b"\xf6", 1))


@kind
def _null_characters(rng: random.Random) -> Made:
    return Made("customers.csv", csv(frame(rng)).replace(b"Ulm", b"U\0lm", 2))
