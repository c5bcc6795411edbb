"""Pictures of a trial as SVG: they are well-formed, and show what they are given."""

from xml.etree import ElementTree

import numpy as np

from dnnsearch.tracking import pictures

STEPS = np.array([0, 50, 100])


def texts(picture: str) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(picture).iter() if e.tag.endswith("text")]


def test_each_curve_has_its_name_and_its_finite_points():
    costs = {"train_cost": np.array([1.0, 0.5, 0.25]), "dev_cost": np.array([1.0, np.inf, np.nan])}
    picture = pictures.curves("trial 3", STEPS, [costs, {"dev_accuracy": np.array([0.1, 0.8, 1])}])
    assert {"trial 3", "train_cost", "dev_cost", "dev_accuracy", "100"} <= set(texts(picture))
    lines = [e for e in ElementTree.fromstring(picture).iter() if e.tag.endswith("polyline")]
    assert [len(line.attrib["points"].split()) for line in lines] == [3, 1, 3]


def test_curves_without_a_finite_point_or_of_one_value_are_drawn_as_well():
    for values in (np.full(3, np.nan), np.ones(3)):
        ElementTree.fromstring(pictures.curves("flat", STEPS, [{"dev_cost": values}]))
    ElementTree.fromstring(pictures.curves("one point", STEPS[:1], [{"dev_cost": np.ones(1)}]))


def test_a_confusion_matrix_has_every_count_and_harmless_names():
    counts = np.array([[7, 0], [2, 0]])
    found = texts(pictures.confusion_matrix("9 rows", counts, ["<b>&", "a very long class name"]))
    assert [text for text in found if text.isdigit()] == ["7", "0", "2", "0"]
    assert "<b>&" in found and "a very long c…" in found
