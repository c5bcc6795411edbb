"""The pictures of the documentation: what of a terminal is drawn, and that a picture is made."""

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from experiments import gallery
from tests.support.pages import ROOT

FRAMES = ["moons 0/3\n", "moons 1/3\n 1 relu\n", "moons 2/3\n 2 tanh\n", "moons 3/3\n 3 relu\n"]
WRITTEN = "\x1b[?25l" + "\r\x1b[2K\x1b[1A\x1b[2K".join(FRAMES) + "\r\x1b[2K\x1b[?25h"
SEARCH = ROOT / "docs" / "images" / "search.svg"


def test_a_busy_frame_in_the_middle_and_the_end_are_taken() -> None:
    written = f"{WRITTEN}best: trial 1\nfingerprint f0\n".replace("\n", "\r\n")
    assert gallery.scenes(written) == (FRAMES[2].strip("\n"), "best: trial 1\nfingerprint f0")


def test_a_picture_is_an_svg_that_fetches_nothing_and_cuts_long_lines() -> None:
    picture = gallery.svg(f"\x1b[32mgreen\x1b[0m\n{'long ' * 60}", "title")
    ElementTree.fromstring(picture)
    assert "@font-face" not in picture and "url(http" not in picture
    assert "green" in picture and "…" in picture


def test_a_command_that_fails_is_not_drawn(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such file"):
        gallery.on_a_terminal(["dnnsearch", "search", "nowhere.yaml"], tmp_path)


def test_the_pictures_are_small_and_show_a_finished_search() -> None:
    sizes = [path.stat().st_size for path in SEARCH.parent.iterdir()]
    assert sum(sizes) < 200_000
    text = "".join(ElementTree.fromstring(SEARCH.read_text(encoding="utf-8")).itertext())
    assert "fingerprint" in text.replace("\xa0", " ")


@pytest.mark.proof
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_the_program_makes_both_pictures(tmp_path: Path) -> None:
    terminal, report = gallery.main(["--tiny", "--out", str(tmp_path)])
    assert "fingerprint" in terminal.read_text(encoding="utf-8")
    assert report.read_bytes()[8:12] == b"WEBP"
