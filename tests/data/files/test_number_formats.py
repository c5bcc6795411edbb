import pandas as pd
import pytest

from dnnsearch.data.files.number_formats import read_numbers


def numbers(cells, decimal=".", way=None):
    found = read_numbers(pd.Series(cells, dtype="str"), decimal, way)
    return found and (found[0].dropna().tolist(), found[1])


@pytest.mark.parametrize(
    ("cells", "decimal", "expected", "way"),
    [
        (["1,234.50", "902.10", "-3"], ".", [1234.5, 902.1, -3], "thousands"),
        (["1,234", "5,678,901", None], ".", [1234, 5678901], "thousands"),
        (["1.234,50", "17"], ",", [1234.5, 17], "thousands"),
        (["1.234", "5.678"], ",", [1234, 5678], "thousands"),
        (["1 234,5", "17"], ",", [1234.5, 17], "thousands"),
        (["1'234", "17"], ".", [1234, 17], "thousands"),
        (["12%", "5.5 %", "-3%"], ".", [12, 5.5, -3], "%"),
        (["$5", "-$1,234.50", "$ 3", "$-7", "4$"], ".", [5, -1234.5, 3, -7, 4], "$"),
        (["5 €", "1.234,50 €"], ",", [5, 1234.5], "€"),
    ],
)
def test_numbers_as_people_write_them_are_numbers(cells, decimal, expected, way):
    assert numbers(cells, decimal) == (expected, way)


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["1", "2"], "."),  # plain ones are for others
        (["1,23", "1,234"], "."),
        (["0,512", "1,234"], "."),
        (["12%", "5"], "."),
        (["$5", "€5"], "."),
        (["$5%", "$6%"], "."),
        (["%", "5%"], "."),
        (["12.5", "1.234"], ","),
        (["192.168.100.200", "555.123.456"], ","),
        (["110 001", "560 001"], "."),
        (["555 123 456", "555 123 457"], "."),
        (["01067", "10115"], "."),
        (["1,234", "many"], "."),
        ([], "."),
    ],
)
def test_what_may_mean_something_else_stays_as_it_is(cells, decimal):
    assert numbers(cells, decimal) is None


def test_of_a_way_that_is_known_thousands_may_be_absent_but_no_unit():
    assert numbers(["12", "3"], way="thousands") == ([12, 3], "thousands")
    assert numbers(["12", "3"], way="%") is None
