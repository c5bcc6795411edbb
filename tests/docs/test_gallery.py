"""The pictures of the documentation: what of a terminal is drawn, and that a picture is made."""

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from experiments import gallery, gallery_terminal
from tests.support.pages import PAGES, ROOT, links

FRAMES = ["moons 0/3\n", "moons 1/3\n 1 relu\n", "moons 2/3\n 2 tanh\n", "moons 3/3\n 3 relu\n"]
WRITTEN = "\x1b[?25l" + "\r\x1b[2K\x1b[1A\x1b[2K".join(FRAMES) + "\r\x1b[2K\x1b[?25h"
SEARCH = ROOT / "docs" / "images" / "search.svg"


def test_a_busy_frame_in_the_middle_and_the_end_are_taken() -> None:
    written = f"{WRITTEN}best: trial 1\nfingerprint f0\n".replace("\n", "\r\n")
    assert gallery_terminal.scenes(written) == (
        FRAMES[2].strip("\n"),
        "best: trial 1\nfingerprint f0",
    )


def test_a_picture_is_an_svg_that_fetches_nothing_and_cuts_long_lines() -> None:
    picture = gallery_terminal.svg(f"\x1b[32mgreen\x1b[0m\n{'long ' * 60}", "title")
    ElementTree.fromstring(picture)
    assert "@font-face" not in picture and "url(http" not in picture
    assert "green" in picture and "…" in picture


def test_a_command_that_fails_is_not_drawn(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such file"):
        gallery_terminal.on_a_terminal(["dnnsearch", "search", "nowhere.yaml"], tmp_path)


def test_a_tmux_shows_what_a_command_prints_in_a_window_of_that_size(tmp_path: Path) -> None:
    if not shutil.which("tmux"):
        pytest.skip("needs tmux")
    tmux = gallery_terminal.Tmux(tmp_path)
    prints = "tput cols; echo $((1 + 2))/9; sleep 2"
    tmux.start(prints, (80, 24))
    assert tmux.wait(done=3) == f"$ {prints}\n80\n3/9"
    tmux("resize-window", "-x", "100", "-y", "30")
    assert "3/9" in tmux.wait()
    tmux.close()


def test_the_pictures_are_small_and_each_is_on_a_page() -> None:
    pictures = sorted(SEARCH.parent.iterdir())
    assert sum(path.stat().st_size for path in pictures) < 1_000_000
    shown = {Path(link).name for page in PAGES for link in links(page.read_text("utf-8"))}
    assert {path.name for path in pictures} - shown == set()


def test_the_picture_of_readme_shows_a_finished_search() -> None:
    text = "".join(ElementTree.fromstring(SEARCH.read_text(encoding="utf-8")).itertext())
    assert "fingerprint" in text.replace("\xa0", " ")


@pytest.mark.proof
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
@pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")
def test_the_program_makes_the_pictures_of_the_documentation(tmp_path: Path) -> None:
    made = gallery.main(["--tiny", "--out", str(tmp_path)])
    assert {path.name for path in made} == {path.name for path in SEARCH.parent.iterdir()}
    for path in made:
        content = path.read_bytes()
        assert content[8:12] == b"WEBP" if path.suffix == ".webp" else b"<svg" in content
