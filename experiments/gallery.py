"""The pictures of the documentation: a search in the terminal, and the first page of its report.

A study is searched in a temporary folder, on a pseudo-terminal, by the real command. What that
terminal showed when most trials were running, and what it showed at the end, becomes `search.svg`.
The study's report is opened in a headless Chromium, and its first screen becomes `report.webp`.
Seconds in the pictures are those of the machine that made them.

Command: python experiments/gallery.py [--tiny] [--out docs/images]
"""

import argparse
import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
COLUMNS, ROWS = 100, 40  # characters of the terminal
SCREEN = "1100,1500"  # pixels of the report
DRAWING_MILLISECONDS = 8000  # of the browser's own clock, for the plots
TINY = ["--trials=3", "--set", "iterations=300", "--set", "tracking=none"]
REDRAWN = re.compile(r"\r?(?:\x1b\[2K|\x1b\[1A|\x1b\[\?25[lh])+")  # what stands between two frames
FONT = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)  # fetched from a server by default


def on_a_terminal(command: Sequence[str], folder: Path) -> str:
    """Run the command on a pseudo-terminal; return all that it wrote, control sequences included.

    Raises RuntimeError if the command does not end with 0.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        command, cwd=folder, env=environment(folder), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = _read(ours)
    os.close(ours)
    if process.wait() != 0:
        raise RuntimeError(written)
    return written


def _read(descriptor: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(descriptor, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def environment(folder: Path) -> dict[str, str]:
    """The caller's environment, with a colour terminal and no study of the caller's in sight."""
    own = ("DNNSEARCH_STORAGE", "MLFLOW_TRACKING_URI", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        **kept,
        "PATH": path,
        "TERM": "xterm-256color",
        "DNNSEARCH_CACHE": str(folder / "cache"),
    }


def scenes(written: str) -> tuple[str, str]:
    """A frame of the live table, and what was written after the last one.

    Of the frames with the most lines it is the one in the middle of the search.
    """
    *frames, end = REDRAWN.split(written.replace("\r\n", "\n"))
    lines = [frame.count("\n") for frame in frames]
    busiest = [frame for frame, n in zip(frames, lines, strict=True) if n == max(lines)]
    return busiest[len(busiest) // 2].strip("\n"), end.strip("\n")


def svg(text: str, title: str) -> str:
    """A terminal window with this text; lines are cut at its width. The picture fetches nothing."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in text.split("\n"):
        console.print(Text.from_ansi(line), no_wrap=True, overflow="ellipsis", crop=True)
    picture = console.export_svg(title=title, unique_id="dnnsearch")
    lines = FONT.sub("\n", picture).replace("Fira Code", "monospace").split("\n")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def photograph(page: Path, picture: Path) -> None:
    """The first screen of a page, as a headless Chromium draws it; the ending says the format."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise SystemExit("error: the picture of the report needs chromium on PATH")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--window-size={SCREEN}",
        f"--virtual-time-budget={DRAWING_MILLISECONDS}",
    ]
    subprocess.run(
        [browser, *options, f"--screenshot={picture.absolute()}", page.absolute().as_uri()],
        check=True,
        capture_output=True,
    )


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    """Make the pictures and return their paths."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tiny", action="store_true", help="a small study, to see that it works")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", metavar="FOLDER")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    terminal, report = given.out / "search.svg", given.out / "report.webp"
    with tempfile.TemporaryDirectory(prefix="dnnsearch-gallery-") as root:
        folder = Path(root)
        shutil.copytree(ROOT / "configs", folder / "configs")
        search = ["dnnsearch", "search", "configs/digits.yaml"]
        frame, end = scenes(on_a_terminal([*search, *(TINY if given.tiny else [])], folder))
        text = f"$ {' '.join(search)}\n{frame}\n\n...\n\n{end}"
        terminal.write_text(svg(text, "dnnsearch"), encoding="utf-8")
        on_a_terminal(["dnnsearch", "report", "digits", "--quiet"], folder)
        photograph(folder / "report-digits.html", report)
    return [terminal, report]


if __name__ == "__main__":
    for path in main():
        print(path)
