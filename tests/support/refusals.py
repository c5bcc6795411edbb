"""What a content that is no table is refused with."""

import pytest


def refused(write, content, **form):
    with pytest.raises(ValueError) as caught:
        write(content, **form)
    assert "\n" not in str(caught.value)
    return str(caught.value)
