"""The plan of the package: how many folders and layers, what each lists, and which names are gone.

`lint-imports` checks the order of the layers; what it cannot see is checked here.
"""

import ast
import io
import re
import tokenize
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dnnsearch"
MAX_FOLDERS = 18
MAX_LOOSE_MODULES = 4
MAX_LAYER_LINES = 13

ENTRY = re.compile(r"^- `(\w+/?)`: \S", re.MULTILINE)

# Each of these names was replaced by a term of the field.
NAMES = """
Answered Arena Audience Beginning Book Broken Contest Course Crown Crowned Elsewhere Ended Flight
Glance Guest Hired Joined Left Lodging Lookout Lot Material Measured Memo News Novelty OneSession
Parked Piece Publishing Refused Room Say Seen Silent Standing StudyCard Tell Terms Tested Told
Turns Twin Witness

around attend beside bring bury by_seeds certainly choose_product crown crowned crowning duel
fetched from_leader give_back greet guest guests hire hired is_of isolated keep_beside lodging
lookout lots make_lot make_room mend onesession parked playable priced read_again renewed rough
shipping stop_in_order teller told_in_one_line twin vanished verdict_of welcome witness

FEWEST GREET_SECONDS LOT MOST_LEVELS ROOM SHORT TOLD
"""
RETIRED = set(NAMES.split())
MODULE_NAMES = """
addresses advice apart arrays asking attaching beginning blank calling card chance child
companions complaints confirming contest courses crowning drafting duel edges evidence falling
fetching filetables glancing guesses guessing housekeeping isolation judging layout listing
lodging looking lots material mending modelchecks modelfile modelnames news novelty onesession
openings outage pinning profiling renewal repeating rerunning rivals rules savedview scores
serving sessionlock shares shipping showing spelling sqlitefile telling testing trialrows
turns verifying views yamlfile
base common helpers misc utils
"""
# The last line: names that say nothing of what is in a module.
RETIRED_MODULES = set(MODULE_NAMES.split())


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def folders(package: Path) -> list[Path]:
    """All folders of the package, its own included."""
    return [path.parent for path in sources(package) if path.name == "__init__.py"]


def dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def content(folder: Path) -> list[str]:
    """The names of its modules and, with a slash, of its subfolders."""
    modules = [path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")]
    return sorted(modules + [f"{path.parent.name}/" for path in folder.glob("*/__init__.py")])


def listed(docstring: str) -> list[str]:
    return sorted(ENTRY.findall(docstring))


def docstring(folder: Path) -> str:
    return ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""


# --- how large


def test_the_package_has_few_folders_and_few_loose_modules() -> None:
    there = content(PACKAGE)
    assert len([name for name in there if name.endswith("/")]) <= MAX_FOLDERS
    assert len([name for name in there if not name.endswith("/")]) <= MAX_LOOSE_MODULES


def test_the_layers_are_few_and_none_is_a_group() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [
        contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers"
    ]
    assert len(layers) <= MAX_LAYER_LINES
    assert not [line for line in layers if ":" in line], (
        "`a : b` would let a and b import each other"
    )


# --- what each folder lists


@pytest.mark.parametrize("folder", folders(PACKAGE)[1:], ids=lambda path: path.name)
def test_a_folder_lists_each_of_its_modules_once(folder: Path) -> None:
    assert listed(docstring(folder)) == content(folder)


def test_a_list_that_lacks_a_module_or_names_it_twice_is_seen(tmp_path: Path) -> None:
    for name in ("__init__.py", "clock.py", "loop.py", "rows/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    whole = "What it is.\n\n- `clock`: time.\n- `loop`: all of it,\n  in order.\n- `rows/`: rows."
    assert listed(whole) == content(tmp_path)
    assert listed(whole.replace("- `loop`", "- loop")) != content(tmp_path)
    assert listed(f"{whole}\n- `loop`: again.") != content(tmp_path)


# --- cycles


def imports(path: Path, modules: Iterable[str]) -> set[str]:
    """The modules that it imports anywhere: in functions and for type checkers, too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found.update(m if m in modules else node.module for m in members.values())
    return found & set(modules)


def cycle(root: Path, package: str) -> list[str]:
    """Modules that import each other in a circle; none if there is no circle.

    A package's `__init__` counts if something is imported from it, not for each import below it.
    """
    paths = {dotted(path, root): path for path in sources(root / package)}
    graph = {name: imports(path, paths) - {name} for name, path in paths.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert cycle(ROOT, "dnnsearch") == []


@pytest.mark.parametrize(
    "back",
    [
        "def late():\n    from pack.upper import go\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack import upper\n",
        "import pack.upper\n",
    ],
)
def test_a_circle_through_a_function_or_a_type_is_seen(tmp_path: Path, back: str) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "upper.py").write_text("from pack.lower import stay\n\ndef go(): ...\n")
    (package / "lower.py").write_text("def stay(): ...\n")
    assert cycle(tmp_path, "pack") == []
    (package / "lower.py").write_text(f"def stay(): ...\n{back}")
    assert set(cycle(tmp_path, "pack")) == {"pack.upper", "pack.lower"}


# --- names


def test_no_two_modules_outside_cli_share_a_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sources(PACKAGE):
        if path.relative_to(PACKAGE).parts[0] != "cli" and not path.stem.startswith("__"):
            places[path.stem].append(dotted(path, ROOT))
    assert [twice for twice in places.values() if len(twice) > 1] == []


def exported(folder: Path) -> set[str]:
    """The names in the `__all__` of a folder."""
    for node in ast.parse((folder / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def test_no_module_has_the_name_of_something_that_its_package_exports() -> None:
    """`dnnsearch.search` would be the function or the module, by what was imported before."""
    assert "search" in exported(PACKAGE)
    for folder in folders(PACKAGE):
        assert exported(folder).isdisjoint(name.rstrip("/") for name in content(folder)), folder


def retired(source: str, names: set[str]) -> set[str]:
    """The identifiers among the names that the source uses, with or without underscores."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    words = {token.string for token in tokens if token.type == tokenize.NAME}
    return {word for word in words if word.strip("_") in names}


def all_sources() -> Iterator[Path]:
    for folder in ("dnnsearch", "tests", "experiments"):
        yield from sources(ROOT / folder)


def test_no_retired_name_comes_back() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in all_sources()
        if (names := retired(path.read_text(), RETIRED))
    }
    assert found == {}


def test_no_module_has_a_retired_name() -> None:
    there = {path.stem for path in sources(PACKAGE)}
    assert there & RETIRED_MODULES == set()


def test_a_retired_name_is_seen_as_an_identifier_only() -> None:
    planted = "class Lodging:\n    def _hire(self): return 'Guest'  # by Turns\n\nTurnstile = 1\n"
    assert retired(planted, RETIRED) == {"Lodging", "_hire"}
