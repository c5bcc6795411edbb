"""The error for a content that is not a table."""

import pytest


def refused(write, content, **form):
    with pytest.raises(ValueError) as caught:
        write(content, **form)
    assert "\n" not in str(caught.value)
    return str(caught.value)
