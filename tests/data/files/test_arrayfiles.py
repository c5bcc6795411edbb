import gzip

import numpy as np
import pytest

from dnnsearch.data.files.read import read, read_test
from tests.support.images import IMAGES, LABELS, idx


def test_idx_images_and_labels_are_two_files_and_test_two_more(tmp_path):
    for part in ("train", "test"):
        (tmp_path / f"{part}-x.gz").write_bytes(gzip.compress(idx(IMAGES)))
        (tmp_path / f"{part}-y").write_bytes(idx(LABELS))
    x, y = str(tmp_path / "train-x.gz"), str(tmp_path / "train-y")
    test = {"test_file": x.replace("train", "test"), "test_labels": y.replace("train", "test")}
    source = {"file": x, "labels": y, **test}
    for sheet in (read(source), read_test(source)):
        assert sheet.frame["label"].tolist() == LABELS.tolist()
        assert (
            sheet.frame.drop(columns="label").to_numpy().tolist() == IMAGES.reshape(4, 6).tolist()
        )
        assert sheet.declared == {"*": "pixel"}


def test_arrays_in_npz_have_names_and_those_in_npy_have_columns(tmp_path):
    np.savez(tmp_path / "a.npz", X=IMAGES, y=np.array(["a", "b", "b", "a"]))
    sheet = read({"file": str(tmp_path / "a.npz"), "target": "y"})
    assert sheet.frame.shape == (4, 7)
    assert sheet.frame["y"].tolist() == ["a", "b", "b", "a"]
    np.save(tmp_path / "a.npy", np.arange(12.0).reshape(4, 3))
    assert read({"file": str(tmp_path / "a.npy"), "target": "column_2"}).frame.shape == (4, 3)


def test_hdf5_has_its_sets_by_name(tmp_path):
    h5py = pytest.importorskip("h5py")
    for part in ("train", "test"):
        with h5py.File(tmp_path / f"{part}.h5", "w") as file:
            file[f"{part}_set_x"], file[f"{part}_set_y"] = IMAGES, LABELS
            file["list_classes"] = np.array([b"cat", b"dog"])
    file, test = str(tmp_path / "train.h5"), str(tmp_path / "test.h5")
    source = {"file": file, "target": "train_set_y", "test_file": test}
    assert read(source).frame.shape == read_test(source).frame.shape == (4, 7)


def test_pickles_are_never_read(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}, {}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="arrays"):
        read({"file": str(tmp_path / "a.npy"), "target": "x"})
