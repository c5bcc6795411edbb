"""Any `data` and `split` section of a config is prepared, or rejected in one line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnsearch.config.config import parse_config
from dnnsearch.data.prepare import prepare
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from tests.data.test_prepare import HYPER

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(["target", "task", "columns", "encoding", "separator", "quote", "decimal"])
MORE = st.sampled_from(["header", "missing", "labels", "test_file", "openml", "bundled", "strange"])
DATA = st.dictionaries(st.one_of(KEYS, MORE), VALUES, max_size=3)


def begin_or_refuse(folder, data, split):
    (folder / "fuzz.csv").write_text("a,b\n" + "1,x\n2,y\n" * 9)
    document = {"target": "b", **data, "file": str(folder / "fuzz.csv")}
    try:
        config = parse_config({**HYPER, "data": document, "split": split}, "x.yaml", "x")
        if not {"openml", "labels", "test_file"} & data.keys():
            prepare(config, ArrayStore(folder / "store"))
    except UserError as error:
        assert "\n" not in str(error)


@settings(max_examples=60)
@given(data=DATA, split=VALUES)
def test_no_data_section_of_a_config_ends_in_a_traceback(tmp_path_factory, data, split):
    begin_or_refuse(tmp_path_factory.getbasetemp(), data, split)


@pytest.mark.proof
@settings(max_examples=10_000)
@given(data=DATA, split=VALUES)
def test_no_data_section_of_thousands_ends_in_a_traceback(tmp_path_factory, data, split):
    begin_or_refuse(tmp_path_factory.getbasetemp(), data, split)
