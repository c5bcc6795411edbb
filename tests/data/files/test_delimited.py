import pytest

from dnnsearch.data.files.reading_version import READING
from tests.support.people import is_people, table
from tests.support.refusals import refused


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_separator_header_and_quotes_are_found_out(write, separator, header, quote):
    sheet = write(table(separator, header, quote))
    is_people(sheet)
    assert sheet.found["separator"] == separator
    assert sheet.found["header"] == header


def test_blanks_may_separate_cells(write):
    sheet = write("  a  b member\n 1.5   x yes\n 2.5 y  no\n -3e2 z yes\n")
    assert sheet.frame["a"].tolist() == [1.5, 2.5, -300]
    assert sheet.frame["member"].tolist() == ["yes", "no", "yes"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_decimal_comma_is_found_out(write, separator):
    sheet = write(table(separator, decimal=","))
    assert sheet.found["decimal"] == ","
    is_people(sheet)


@pytest.mark.parametrize("mark", ["", "?", "NA", "   ", "nan", "NULL", " ? "])
def test_marks_and_blanks_are_missing_in_numbers_and_in_text(write, mark):
    sheet = write(f"a,b,member\n1,x,yes\n{mark},{mark},no\n3, z ,yes\n")
    assert sheet.frame["a"].isna().tolist() == [False, True, False]
    assert sheet.frame["b"].isna().tolist() == [False, True, False]
    assert sheet.frame["b"][2] == "z"


@pytest.mark.parametrize(
    ("cells", "notices"),
    [
        (("?", "NA"), ("read as missing: ?, NA",)),
        (('"?"', ""), ("read as missing: ?",)),
        (("", ""), ()),
        (("why?", "NAME"), ()),
    ],
)
def test_the_texts_that_are_read_as_missing_are_named(write, cells, notices):
    one, other = cells
    assert write(f"a,b,member\n1,x,yes\n{one},{other},no\n3,z,yes\n").notices == notices
    labels = f"a,b,member\n1,x,yes\n{one},{other},no\n,z,NA\n3,z,NA\n"
    without_labels = tuple(n.removesuffix(", NA") for n in notices)
    assert write(labels, reading=READING).notices == without_labels


@pytest.mark.parametrize("mark", ["-", "missing", "Unknown", ".", "n.a."])
def test_words_for_a_gap_are_missing_among_numbers_and_stay_in_text(write, mark):
    sheet = write(f"a,b,member\n1,x,yes\n{mark},{mark},no\n3,z,yes\n")
    assert sheet.frame["a"].isna().tolist() == [False, True, False]
    assert sheet.frame["b"][1] == mark
    given = write(f"a,b,member\n1,x,yes\n{mark},{mark},no\n3,z,yes\n", missing=["?"])
    assert given.frame["a"].tolist() == ["1", mark, "3"]


def test_the_config_can_say_what_is_missing(write):
    sheet = write("a,b,member\n1,x,y\n-,NA,n\n3,z,y\n", missing=["-"])
    assert sheet.frame["a"].isna().tolist() == [False, True, False]
    assert sheet.frame["b"].tolist() == ["x", "NA", "z"]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "나이"),
        ("utf-8-sig", "나이"),
        ("utf-16", "나이"),
        ("utf-16-le", "Größe"),
        ("utf-16-be", "Größe"),
        ("cp949", "나이와 이름"),
        ("shift_jis", "なまえとねんれい"),
        ("gb18030", "年龄和姓名"),
        ("cp1252", "Größe"),
        ("cp1251", "возраст"),
    ],
)
def test_the_encoding_is_found_out(write, encoding, name):
    sheet = write(f"{name},member\n1,a\n2,b\n3,a\n".encode(encoding))
    assert list(sheet.frame.columns) == [name, "member"]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", ["Málaga", "A Coruña", "Ávila", "Importe €", "sí", "Devolución"]),
        ("cp1252", ["Größe", "Köln", "Übung", "Straße", "ja", "für"]),
        ("cp1252", ["à Paris", "élevé", "reçu", "forêt", "naïf", "Nîmes"]),
        ("cp1252", ["Köln", "München", "Düsseldorf", "Nürnberg", "Jülich", "Löbau"]),
        ("gb18030", ["北京", "上海市", "广州 1", "深圳", "重庆", "成都"]),
        ("big5", ["臺北", "高雄市", "臺中 1", "臺南", "新竹", "基隆"]),
        ("cp1251", ["Москва", "я", "Тула 1", "дом", "сад", "в лес"]),
    ],
)
def test_accented_words_are_told_from_other_scripts(write, encoding, words):
    sheet = write("\n".join(["place;member", *(f"{w};{w}" for w in words)]).encode(encoding))
    assert sheet.found["encoding"] == encoding
    assert list(sheet.frame["place"]) == words


def test_a_given_encoding_stands_and_a_wrong_one_is_named(write):
    assert write("é,member\n1,a\n2,b\n".encode("cp1252"), encoding="cp1252").frame.shape == (2, 2)
    assert "utf-8" in refused(write, "é,member\n1,a\n".encode("cp1252"), encoding="utf-8")
    assert "encoding" in refused(write, "a,member\n1,a\n", encoding="klingon")


def test_leading_lines_of_comment_are_left_out_and_a_header_with_a_hash_is_not(write):
    sheet = write("|1x3 Cross validator\n" + table())
    is_people(sheet)
    assert sheet.notices
    assert list(write("#id,member\n1,a\n2,b\n").frame.columns) == ["#id", "member"]


def test_a_spreadsheets_line_that_names_the_separator_is_no_row(write):
    is_people(write("sep=;\n" + table(";")))


def test_line_ends_of_three_systems_are_the_same(write):
    for end in ("\n", "\r\n", "\r"):
        is_people(write(table().replace("\n", end)))


def test_cells_may_hold_separators_quotes_and_line_ends(write):
    sheet = write('a,b,member\n"x, ""y""\nz",1,yes\nw,2,no\n')
    assert sheet.frame["a"].tolist() == ['x, "y"\nz', "w"]


def test_a_trailing_separator_adds_no_column_and_names_of_rows_are_one(write):
    trailing = write("a,b,member\n1,2,y,\n3,4,n,\n")
    assert list(trailing.frame.columns) == ["a", "b", "member"]
    assert trailing.frame["a"].tolist() == [1, 3]
    named = write('"a" "member"\n"r1" 1 "y"\n"r2" 2 "n"\n')
    assert named.frame["member"].tolist() == ["y", "n"]
    assert named.frame["a"].tolist() == [1, 2]


def test_the_target_keeps_its_spelling(write):
    assert write("a,member\n1,1\n2,1.0\n3,01\n").frame["member"].tolist() == ["1", "1.0", "01"]


CODES = ["01067", "10115", "80331", "04109"] * 5


@pytest.mark.parametrize("quote", ["", '"'])
def test_digits_that_begin_with_a_zero_are_codes_and_keep_it(write, quote):
    lines = [f"{quote}{code}{quote},{i},{i % 2}" for i, code in enumerate(CODES)]
    sheet = write("\n".join(["zip,x,member", *lines]))
    assert list(sheet.frame["zip"]) == CODES
    assert sheet.frame["x"].dtype.kind == "i"


def test_codes_with_gaps_stay_codes_and_telephone_numbers_keep_their_plus(write):
    cells = [[c, "?", "-"][i % 3 if i < 6 else 0] for i, c in enumerate(CODES)]
    lines = [f"{c},+4930{100000 + i},{i % 2}" for i, c in enumerate(cells)]
    frame = write("\n".join(["zip,phone,member", *lines])).frame
    assert set(frame["zip"].dropna()) == set(CODES)
    assert frame["zip"].isna().sum() == 4
    assert frame["phone"][0] == "+4930100000"


def test_numbers_with_a_point_may_begin_with_zeros_and_the_config_has_the_last_word(write):
    lines = [f"0{i}.5,{code},{i % 2}" for i, code in enumerate(CODES)]
    content = "\n".join(["x,zip,member", *lines])
    assert write(content).frame["x"].dtype.kind == "f"
    assert write(content, columns={"zip": "number"}).frame["zip"][0] == 1067


def test_thousands_percents_and_currencies_are_numbers_and_it_says_so(write):
    rows = [f'"{i},234.50",{i}%,${i},{"abc"[i % 3]}' for i in range(1, 10)]
    content = "\n".join(["amount,rate,price,member", *rows])
    sheet = write(content)
    assert sheet.frame.iloc[1, :3].tolist() == [2234.5, 2, 2]
    assert sheet.found["spelled"] == {"amount": "thousands", "rate": "%", "price": "$"}
    assert "amount: '1,234.50' is read as 1234.5" in sheet.notices
    assert "spelled" not in write(table()).found
    kept = write(content, columns={"price": "category"}, spelled={"amount": "thousands"}).frame
    assert kept.iloc[1, :3].tolist() == [2234.5, "2%", "$2"]


def test_a_point_among_decimal_commas_is_a_thousands(write):
    rows = [f"{i}.234,50;{i}.234;{'abc'[i % 3]}" for i in range(1, 10)]
    sheet = write("\n".join(["amount;count;member", *rows, "17,5;950;a"]))
    assert sheet.found["decimal"] == ","
    assert sheet.frame["amount"].tolist()[-2:] == [9234.5, 17.5]
    assert sheet.frame["count"].tolist()[-2:] == [9234, 950]


def test_a_unit_that_the_config_tells_must_be_there(write):
    content = "rate,member\n" + "1,a\n2,b\n" * 9
    says = refused(write, content, spelled={"rate": "%"})
    assert "'rate' must be numbers with %, but has cells such as" in says
