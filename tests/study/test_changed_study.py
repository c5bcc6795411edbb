"""How a study differs from its stored definition is said in a line that can be read."""

from dnnsearch.study.changed_study import changed_keys, first_configurations

GUESSES = [{"learning_rate": 0.0028687544058857645, "units": [n, 64]} for n in range(1, 6)]


def stored(digest: str, **more: object) -> dict[str, object]:
    return {"data": {"contents": {"file": digest * 64}}, "data_digest": digest, **more}


def test_digests_and_whole_configurations_are_told_in_short() -> None:
    was, now = stored("a", try_first=GUESSES, seed=0), stored("b", try_first=[], seed=1)
    assert changed_keys(was, now) == [
        f"the content of data.file (was {'a' * 12}..., is {'b' * 12}...)",
        "seed (was 0, is 1)",
        "try_first (was 5 configurations, is none)",
    ]
    assert changed_keys(was, was) == []


def test_other_configurations_of_the_same_number_are_told_apart() -> None:
    texts = first_configurations([GUESSES, GUESSES[::-1], GUESSES, None, GUESSES[:1]])
    other = "5 other configurations"
    assert texts == ["5 configurations", other, "5 configurations", "none", "1 configuration"]
