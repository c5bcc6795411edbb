"""Files that hold no table that is read here: what they are, and how to convert them.

It is found from the first bytes, not from the name. Pickle is never loaded: that runs its code.
"""

import itertools
import re
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dnnsearch.storage.sqlite_connection import connection

START_BYTES = 600  # that are looked at: a tar archive says so at byte 257
SAVE = "save its sheet as CSV or .xlsx in a spreadsheet program"
ARRAYS = (
    "import numpy, scipy.io; found = scipy.io.loadmat({path!r}); "
    "arrays = {{k: v.T if len(v) == 1 else v for k, v in found.items() if k[0] != '_'}}; "
    "numpy.savez({npz!r}, **arrays)"
)


@dataclass(frozen=True)
class Foreign:
    """A format: how a file of it starts, what it is, and what a user can do."""

    start: str  # a regular expression on the first bytes
    what: str
    how: str  # the words; may name {path}
    program: str = ""  # a Python program that converts {path} to {npz}, or a call for a frame


FORMATS = (
    Foreign(r"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)", SAVE),
    Foreign(
        r"<stata_dta>|[\x69-\x73][\x01\x02]\x01",
        "a Stata file",
        "convert it",
        "pandas.read_stata({path!r})",
    ),
    Foreign(
        r"\0{12}\xc2\xea\x81\x60",
        "a SAS file",
        "convert it",
        "pandas.read_sas({path!r}, format='sas7bdat', encoding='infer')",
    ),
    Foreign(
        r"HEADER RECORD\*{7}LIB",
        "a SAS transport file",
        "convert it",
        "pandas.read_sas({path!r}, format='xport', encoding='latin-1')",
    ),
    Foreign(
        r"\$FL[23]@\(#\)", "an SPSS file", "save it as CSV in SPSS, or in R with haven::read_sav"
    ),
    Foreign(
        r"\x80[\x02-\x05]",
        "a Python pickle, which can run any code when it is loaded",
        "if you trust it, convert it",
        "pandas.DataFrame(pandas.read_pickle({path!r}))",
    ),
    Foreign(r"MATLAB 5\.0 MAT-file", "a MATLAB file", "convert it", ARRAYS),
    Foreign(r"MATLAB 7\.3 MAT-file", "a MATLAB file", "save it in MATLAB with '-v7', or as CSV"),
    Foreign(
        r"RD[XA][23]\n",
        "an R workspace (.RData)",
        "in R: load('{path}'), then write.csv(NAME, 'table.csv', row.names = FALSE)",
    ),
    Foreign(
        r"X\n\0\0\0[\x02\x03]",
        "an R object (.rds)",
        "in R: write.csv(readRDS('{path}'), 'table.csv', row.names = FALSE)",
    ),
    Foreign(r"ORC(?=.*\0)", "an ORC file", "convert it", "pandas.read_orc({path!r})"),
    Foreign(r"Obj\x01", "an Avro file", "convert it to Parquet or CSV"),
    Foreign(r"SQLite format 3\0", "a SQLite database", "unpack it first"),
    Foreign(r".{257}ustar", "a tar archive", "unpack it (tar -xf {path}) and name one file of it"),
    Foreign(r"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it first: zstd -d {path}"),
    Foreign(r"\x04\x22\x4d\x18", "compressed with lz4", "unpack it first: lz4 -d {path}"),
    Foreign(r"\x1f\x9d", "compressed with compress", "unpack it first: uncompress {path}"),
    Foreign(r"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first: 7z x {path}"),
    Foreign(r"Rar!\x1a\x07", "a RAR archive", "unpack it first: unrar x {path}"),
    Foreign(r"%PDF-", "a PDF document", "write its table as CSV"),
    Foreign(
        r"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*",
        "one image",
        "put all images into an array X of examples, and their labels into y: "
        "numpy.savez('images.npz', X=X, y=y)",
    ),
    Foreign(
        r"(?i)\s*(<!doctype html|<html)",
        "a web page",
        "download the file itself (on GitHub it is behind the button Raw)",
    ),
    Foreign(r"\s*<\?xml.{0,200}Excel\.Sheet", "an Excel workbook in XML", SAVE),
    Foreign(
        r"(?:\xef\xbb\xbf)?\s*<\?xml",
        "an XML document",
        "convert it",
        "pandas.read_xml({path!r}, parser='etree')",
    ),
    Foreign(r"version https://git-lfs", "a pointer of Git LFS", "fetch the file: git lfs pull"),
    Foreign(
        r"(?i)\s*(-- (mysql|mariadb|postgresql)|(create|drop) table |insert into )",
        "an SQL dump",
        "load it into its database and export a table as CSV",
    ),
)
MEMBERS = (  # a regular expression on the names in a zip, what it is, what to do
    (r"xl/workbook\.bin", "a binary Excel workbook (.xlsb)", SAVE),
    (r"content\.xml", "an OpenDocument file", SAVE),
    (r"Index/Document\.iwa", "a document of Apple Numbers", SAVE),
    (r"word/", "a Word document", "save its table as CSV"),
    (r".*data\.pkl", "a PyTorch file", "write its arrays with numpy.savez('arrays.npz', X=X, y=y)"),
)
MAX_FILES = 10_000  # of a folder that are counted
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp")
FOLDERS = {  # suffix of most files -> a call that reads them all as one frame
    ".csv": "pandas.concat(map(pandas.read_csv, sorted(pathlib.Path({path!r}).rglob('*.csv'))))",
    ".parquet": "pandas.read_parquet({path!r})",
}


def check_start(start: bytes, path: Path) -> None:
    """Raise ValueError, with what the file is and what to do, if it starts as no table does."""
    for foreign in FORMATS:
        if re.match(foreign.start.encode(), start[:START_BYTES], re.DOTALL):
            how = foreign.how.format(path=shlex.quote(str(path)))
            npz = str(_free(path, ".npz"))
            program = foreign.program.format(path=str(path), npz=npz)
            raise ValueError(f"{path} is {foreign.what}: {how}{_command(program, path)}")


def check_members(names: Iterable[str], path: Path) -> None:
    """Raise ValueError if the files in a zip are those of another format."""
    for pattern, what, how in MEMBERS:
        if any(re.match(pattern, name) for name in names):
            raise ValueError(f"{path} is {what}: {how}")


def folder_refusal(path: Path) -> str:
    """Return why a folder is no table, and how to make one of its files."""
    files = itertools.islice(path.rglob("*.*"), MAX_FILES)
    suffixes = Counter(file.suffix.lower() for file in files if file.is_file())
    suffix = max(suffixes, key=lambda one: suffixes[one], default="")
    holds = f" of {suffixes[suffix]} {suffix} files" if suffix else ""
    if suffix in IMAGES:
        how = (
            "put the images into an array X of examples, and their labels into y: "
            "numpy.savez('images.npz', X=X, y=y)"
        )
    elif suffix in FOLDERS:
        call = FOLDERS[suffix].format(path=str(path))
        how = f"name one file, or join them{_command(call, path)}"
    else:
        how = "name the file with the data"
    return f"{path} must be a file, but it is a folder{holds}: {how}"


def database_refusal(path: Path) -> str:
    """Return why a SQLite database is no table, and how to export its first table."""
    names = _tables(path)
    what = f"{path} must be a file with data, but it is a SQLite database"
    if not names:
        return what
    which = f" with the tables {', '.join(names[:5])}" if len(names) > 1 else ""
    call = f"pandas.read_sql_table({names[0]!r}, {'sqlite:///' + str(path)!r})"
    return f"{what}{which}: export one{_command(call, path)}"


def _tables(path: Path) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    try:
        with connection(path, timeout=0.0, mode="ro") as opened:
            return [str(name) for (name,) in opened.execute(query)]
    except Exception:  # it is locked or damaged; then the refusal says what it is, and no more
        return []


def _command(program: str, path: Path) -> str:
    """Return the command that runs a program, or writes the frame of a call next to the path.

    Return "" without a program.
    """
    if not program:
        return ""
    if not program.startswith("import"):
        imports = "import pathlib, pandas" if "pathlib" in program else "import pandas"
        csv = str(_free(path, ".csv"))
        program = f"{imports}; {program}.to_csv({csv!r}, index=False)"
    return f": {_python()} -c {_quoted(program)}"


def _free(path: Path, suffix: str) -> Path:
    """Return a path with this suffix at which there is no file."""
    free = path.with_suffix(suffix)
    while free.exists():
        free = free.with_name(f"{free.stem}-converted{suffix}")
    return free


def _quoted(program: str) -> str:
    """Return the program as one word of a shell; in double quotes it is the easiest to read."""
    is_simple = not any(character in program for character in '"$`\\!')
    return f'"{program}"' if is_simple else shlex.quote(program)


def _python() -> str:
    """Return how to call this Python: `python` if a shell finds it by that name."""
    found = shutil.which("python")
    is_ours = found is not None and Path(found).parent == Path(sys.executable).parent
    return "python" if is_ours else shlex.quote(sys.executable)
