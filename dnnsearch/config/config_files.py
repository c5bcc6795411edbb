"""Where a config is that a command names: a file, or a name such as `digits`.

A name stands for NAME.yaml or configs/NAME.yaml in the current folder, else for a config that comes
with the package. In this repository those lie in configs/.
"""

from pathlib import Path

BUNDLED = Path(__file__).with_name("bundled")  # in the repository, a link to its configs/
FOLDER = Path("configs")  # where `new` writes configs


def bundled() -> list[str]:
    """Return the names of the configs that come with the package."""
    return sorted(path.stem for path in BUNDLED.glob("*.yaml"))


def find_config(given: str | Path) -> Path:
    """Return the file that is meant; it need not exist, unless a name was found."""
    path, name = Path(given), str(given)
    if path.is_file() or path.name != name or path.suffix or not name:
        return path
    places = (Path(f"{name}.yaml"), FOLDER / f"{name}.yaml")
    own = next((place for place in places if place.is_file()), None)
    return own or (BUNDLED / f"{name}.yaml" if name in bundled() else path)


def shown(place: str) -> str:
    """Return the place of a config for messages: one that comes with the package has a name."""
    path = Path(place)
    return f"config {path.stem}" if path.parent == BUNDLED else place


def origin(given: str | Path) -> str:
    """Return which file a name stands for, in a line for the user; empty if a file was given."""
    found = find_config(given)
    if found == Path(given):
        return ""
    if found.parent == BUNDLED:
        return f"config {given}: the one that comes with dnnsearch"
    but = ", not the one that comes with dnnsearch" if str(given) in bundled() else ""
    return f"config {given}: {found}{but}"
