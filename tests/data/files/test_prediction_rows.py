"""The rows to predict, by the name of a set that comes with scikit-learn."""

from pathlib import Path

import pytest

from dnnsearch.data.files.prediction_rows import rows_of


def test_a_bundled_set_is_read_by_its_name_unless_a_file_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = rows_of(Path("iris"), {}, ())
    (frame,) = rows.parts()
    assert (len(frame), len(rows.names), "target" in rows.names) == (150, 4, False)
    Path("iris").write_text("a,b\n1,2\n")
    assert rows_of(Path("iris"), {}, ("a", "b")).names == ["a", "b"]
    with pytest.raises(ValueError, match="there is no file irs"):
        rows_of(Path("irs"), {}, ())
