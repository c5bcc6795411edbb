"""Covers encodings that are not Unicode: a table in each that people write tables in."""

import random
import subprocess
from pathlib import Path

import pytest

from dnnsearch.data.files.code_pages import code_page
from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read

WORDS = {
    "German": "Größe Köln München Düsseldorf Übung Straße für größer Käse Bäcker schön Löbau",
    "French": "élevé reçu forêt naïf Nîmes été garçon fenêtre Noël français château déjà où",
    "Spanish": "Málaga Coruña Ávila Devolución año niño mañana corazón razón Japón León Cádiz",
    "Portuguese": "São coração não maçã pão avó irmã ação criança João três você informação",
    "Swedish": "Göteborg Malmö Åre hög låg mjölk gård älv kött smör räksmörgås Örebro",
    "Polish": "Łódź Kraków Gdańsk Poznań Wrocław żółty źródło ćma ślimak ręka książka dąb",
    "Czech": "Plzeň Brno České Budějovice žluťoučký kůň příšerně úpěl ďábelské řeka město",
    "Hungarian": "Győr Pécs Székesfehérvár szőlő körte őszibarack tükör fúró árvíz tűrő hűtő",
    "Croatian": "Šibenik Čakovec Đakovo Požega šećer čokolada žaba ćevap kuća šuma voće",
    "Russian": "Москва Тула Казань хорошо плохо женщина мужчина город область возраст",
    "Ukrainian": "Київ Львів Одеса Харків їжак єдність вулиця місто область жінка чоловік",
    "Greek": "Αθήνα Θεσσαλονίκη Πάτρα Λάρισα άνδρας γυναίκα πόλη δρόμος ψωμί γάλα μήλο",
    "Turkish": "İstanbul Ankara İzmir Eskişehir Muğla şeker çocuk ağaç güneş köy ışık kadın",
    "Hebrew": "ירושלים חיפה אילת גבר אישה עיר רחוב לחם חלב תפוח מים שלום",
    "Arabic": "القاهرة بغداد دمشق رجل امرأة مدينة شارع خبز حليب تفاح سلام",
    "Lithuanian": "Šiauliai Panevėžys Klaipėda ąžuolas žuvis ėjo ūkis įmonė čia vėjas gražus",
    "Thai": "กรุงเทพ เชียงใหม่ ภูเก็ต ผู้ชาย ผู้หญิง เมือง ถนน ขนมปัง สวัสดี",
    "Korean": "서울 부산 대구 인천 남자 여자 도시 거리 우유 사과 안녕 나이",
    "Japanese": "東京 大阪 京都 なまえ ねんれい 男性 女性 りんご ミルク パン",
    "Chinese": "北京 上海 广州 深圳 城市 街道 面包 牛奶 苹果 你好 年龄 姓名",
    "Taiwanese": "臺北 高雄 臺中 臺南 城市 街道 麵包 牛奶 蘋果 年齡 姓名",
}
NUMBERS = "".join(f"1;{i}\n" for i in range(30))
CODE_PAGES = [
    *(("cp1252", name) for name in ("German", "French", "Spanish", "Portuguese", "Swedish")),
    *(("cp850", "German"), ("cp850", "Spanish"), ("mac-roman", "German"), ("mac-roman", "French")),
    *(("cp1250", name) for name in ("Polish", "Czech", "Hungarian", "Croatian")),
    *(("iso8859-2", "Polish"), ("iso8859-2", "Czech"), ("cp852", "Polish")),
    *((name, "Russian") for name in ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
    *(("cp1251", "Ukrainian"), ("koi8-u", "Ukrainian"), ("cp1253", "Greek")),
    *(("iso8859-7", "Greek"), ("cp1254", "Turkish"), ("iso8859-9", "Turkish")),
    *(("cp1255", "Hebrew"), ("cp1256", "Arabic"), ("cp1257", "Lithuanian"), ("cp874", "Thai")),
    *(("cp949", "Korean"), ("shift_jis", "Japanese"), ("euc_jp", "Japanese")),
    *(("iso2022_jp", "Japanese"), ("gb18030", "Chinese"), ("big5", "Taiwanese")),
]


def table(language: str, rows: int = 30) -> str:
    rng, words = random.Random(0), WORDS[language].split()
    lines = (f"{i},{rng.choice(words)},{rng.random():.3f},{'ab'[i % 2]}\n" for i in range(rows))
    return "id,place,x,member\n" + "".join(lines)


@pytest.mark.parametrize(("encoding", "language"), CODE_PAGES)
def test_a_table_of_a_language_is_decoded(write, tmp_path: Path, encoding, language) -> None:
    text = table(language)
    places = [line.split(",")[1] for line in text.splitlines()[1:]]
    sheet = write(text.encode(encoding), reading=2)
    assert sheet.frame["place"].tolist() == places
    (part,) = rows_of(tmp_path / "people.csv", {"reading": 2}, ["place"]).parts()
    assert part["place"].tolist() == places


@pytest.mark.parametrize(
    "cell",
    [
        "1.200,29 €",
        "€ 120",
        "12€",
        "1\xa0200,50\xa0€",
        "£12",
        "5 °C",
        "12 µg",
        "3 ± 1",
        "4½",
        "½",
        "12 m²",
    ],
)
@pytest.mark.parametrize("name", ["b", "Größe", "Preis in €", "Temp °C", "Ålder", "Betrag £"])
def test_signs_beside_numbers_and_one_word_are_western(cell: str, name: str) -> None:
    """chardet took the euro for a Hebrew letter, and `Größe` for half Cyrillic."""
    raw = f"a;{name}\n" + "".join(f"{i};{cell}\n" for i in range(40))
    code = raw.encode("cp1252")
    assert code.decode(code_page(code)) == raw
    code = f"a;{name}\n{NUMBERS}".encode("cp1252")
    assert name.isascii() or code.decode(code_page(code)) == f"a;{name}\n{NUMBERS}"


@pytest.mark.parametrize(
    ("encoding", "language"),
    [("cp1251", "Russian"), ("cp866", "Russian"), ("cp1253", "Greek"), ("cp1250", "Polish")],
)
def test_a_language_with_signs_beside_numbers_is_decoded(encoding: str, language: str) -> None:
    raw = table(language).replace(",a\n", ",5 °C\n" if encoding != "cp866" else ",a\n")
    code = raw.encode(encoding)
    assert code.decode(code_page(code)) == raw


def test_mixed_words_are_chinese_if_nothing_else_fits(write) -> None:
    kinds = ["A型", "B型", "AB型", "O型"]
    rows = "".join(f"{i},{kinds[i % 4]},{'ab'[i % 2]}\n" for i in range(20))
    raw = f"编号,血型,member\n{rows}".encode("gb18030")
    assert set(write(raw, reading=2).frame["血型"]) == set(kinds)


@pytest.mark.parametrize(
    ("trained", "later"),
    [("cp1252", "utf-8"), ("cp1252", "utf-16"), ("utf-8", "cp1252"), ("cp850", "utf-8-sig")],
)
def test_a_later_file_may_have_another_encoding(write, tmp_path, trained, later) -> None:
    """Under the encoding of training, UTF-8 became other letters, and every category another."""
    text = table("German")
    form = {"reading": 2, "encoding": write(text.encode(trained), reading=2).found["encoding"]}
    for name in ("later.csv", "later.arff"):
        arff = "@relation a\n@attribute id numeric\n@attribute place string\n"
        arff += "@attribute x numeric\n@attribute member {a,b}\n@data\n" + text.split("\n", 1)[1]
        (tmp_path / name).write_bytes((text if name.endswith("csv") else arff).encode(later))
        if name.endswith("arff") and later == "utf-16":
            continue  # ARFF is told by its first bytes
        (part,) = rows_of(tmp_path / name, form, ["place"]).parts()
        assert part["place"][1] == text.splitlines()[2].split(",")[1]


def test_a_few_letters_of_a_later_file_are_read_as_those_of_training(tmp_path: Path) -> None:
    form = {"reading": 2, "encoding": "cp1250"}
    (tmp_path / "one.csv").write_bytes("place,x\nŁódź,1\n".encode("cp1250"))
    (part,) = rows_of(tmp_path / "one.csv", form, ["place"]).parts()
    assert part["place"].tolist() == ["Łódź"]


def test_the_first_reading_is_as_it_was(write, tmp_path: Path) -> None:
    text = table("Polish").encode("cp1250")
    assert write(text).found["encoding"] == write(text, reading=1).found["encoding"] == "cp1252"
    (tmp_path / "later.csv").write_text("place,x\nKöln,1\n", encoding="utf-8")
    (part,) = rows_of(tmp_path / "later.csv", {"encoding": "cp1252"}, ["place"]).parts()
    assert part["place"].tolist() == ["KÃ¶ln"]


def test_damaged_utf8_is_refused_with_the_line_and_the_advice_works(write, tmp_path) -> None:
    raw = table("German").encode()
    place = raw.find("ö".encode(), 200)
    path = tmp_path / "people.csv"
    with pytest.raises(ValueError, match=r"the file is UTF-8, but 1 of \d+ cells") as error:
        write(raw[:place] + b"\xf6" + raw[place + 2 :], reading=2)
    line = raw[:place].count(b"\n") + 1
    assert f"in line {line}" in str(error.value)
    advice = str(error.value).split(" as in ")[1].replace("FILE", str(path)).replace("NEW", "new")
    subprocess.run(advice, shell=True, check=False, cwd=tmp_path)  # iconv -c exits with 1
    assert len(read({"file": str(tmp_path / "new"), "target": "member"}).frame) == 30


def test_utf_32_and_null_characters(write) -> None:
    assert len(write(table("Greek").encode("utf-32")).frame) == 30
    with pytest.raises(ValueError, match="null characters: if it is text, remove them"):
        write("a\0b,member\n1,a\n")
