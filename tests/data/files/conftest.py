import pytest

from dnnsearch.data.files.read import read


@pytest.fixture
def write(tmp_path):
    """Writes a file and reads it back as a table."""

    def write(content, name="people.csv", target="member", **form):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read({"file": str(path), "target": target, **form})

    return write
