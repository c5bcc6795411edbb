"""Files next to a file of arrays: the labels of images, and the official test set.

They are found by the names that MNIST and Keras use.
"""

from pathlib import Path

from dnnsearch.data.files.arrayfiles import arrays, has_test, target_array
from dnnsearch.data.files.foreign_formats import START_BYTES, folder_refusal
from dnnsearch.data.files.open_bytes import opened, unpacked
from dnnsearch.data.files.signatures import WITHOUT_LINES, is_idx

TEST_NAMES = ("train", "t10k"), ("train", "test")


def images(data: str) -> Path:
    """Return the file itself or, in a folder of idx files, the images to train on.

    Raise ValueError if the folder has several.
    """
    path = Path(data)
    if not path.is_dir():
        return path
    found = sorted(path.glob("*train*images*")) or sorted(path.glob("*images*"))
    if len(found) != 1:
        raise ValueError(folder_refusal(path))
    return found[0]


def _of_images(file: str, target: str | None) -> dict[str, str]:
    """Return the labels of idx images and the test set, by the names that MNIST uses."""
    path = Path(file)
    labels = Path(target) if target else _renamed(path, "images", "labels")
    if labels == path or not labels.is_file():
        raise ValueError(f"{file} has images only: name the file of the labels with --target FILE")
    found = {"labels": str(labels)}
    for one, other in TEST_NAMES:
        images, theirs = _renamed(path, one, other), _renamed(labels, one, other)
        if images != path and images.is_file() and theirs.is_file():
            return {**found, "test_file": str(images), "test_labels": str(theirs)}
    return found


def _renamed(path: Path, old: str, new_: str) -> Path:
    name = path.name.replace(old, new_)
    return path.with_name(name.replace("idx3", "idx1") if new_ == "labels" else name)


def companions(file: str, target: str | None) -> dict[str, str]:
    """Return the other keys of `data` for a `file`; raise ValueError for images without labels."""
    try:
        with opened(Path(file)) as stream:
            start = stream.read(START_BYTES)
        if not (start.startswith(WITHOUT_LINES) or is_idx(start)):
            return {}  # a text, which may be large, has no arrays
        raw = unpacked(Path(file))
        found = arrays(raw, Path(file))
        several = found is not None and len(found) > 1
        name = target_array(found, target) if found and several else ""
    except ValueError:
        return {}  # reading the file reports the reason
    if is_idx(raw):
        return _of_images(file, target)
    if not found or not name:
        return {}
    return {"target": name} | ({"test_file": file} if has_test(found, name) else {})
