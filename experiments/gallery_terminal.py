"""What a terminal shows: of a pseudo-terminal, and of tmux; and its picture.

For gallery.py.
"""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 100, 40  # characters of the pseudo-terminal
END_SECONDS = 900.0
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


def svg(text: str, title: str, columns: int = COLUMNS) -> str:
    """A terminal window with this text; lines are cut at its width. The picture fetches nothing."""
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    for line in text.split("\n"):
        console.print(Text.from_ansi(line), no_wrap=True, overflow="ellipsis", crop=True)
    picture = console.export_svg(title=title, unique_id="dnnsearch")
    lines = FONT.sub("\n", picture).replace("Fira Code", "monospace").split("\n")
    return "\n".join(line.rstrip() for line in lines) + "\n"


class Tmux:
    """A window of tmux, in which one command at a time runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ended, self.windows = folder, folder / "ended", 0

    def __call__(self, *arguments: str) -> str:
        """Run a command of tmux; return what it prints."""
        socket = (
            self.folder / f"tmux-{self.windows}"
        )  # a server that ends may still have the last one
        tmux = ["tmux", "-S", str(socket), *arguments]
        made = subprocess.run(tmux, env=environment(self.folder), capture_output=True, check=True)
        return made.stdout.decode()

    def start(self, command: str, size: tuple[int, int]) -> None:
        """Start the command in a window of this size, which stays when the command has ended."""
        columns, rows = map(str, size)
        window = ["new-session", "-d", "-x", columns, "-y", rows, "-c", str(self.folder)]
        self.ended.unlink(missing_ok=True)
        self.windows += 1
        self(*window, f"printf '$ {command}\\n'; {command}; touch {self.ended}; sleep 1000")
        self("set", "status", "off")

    def screen(self) -> str:
        """Return the visible screen with its colours."""
        return self("capture-pane", "-e", "-p").rstrip()

    def wait(self, done: int | None = None) -> str:
        """Wait for the end, or until so many trials are done; return the screen."""
        end = time.monotonic() + END_SECONDS
        while not self.ended.exists() and (done is None or self._done() < done):
            if time.monotonic() > end:
                raise RuntimeError(self.screen())
            time.sleep(0.2)
        return self.screen()

    def _done(self) -> int:
        return max((int(count) for count in re.findall(r"(\d+)/\d+", self.screen())), default=0)

    def close(self) -> None:
        """Close the window, with what runs in it."""
        self("kill-server")
