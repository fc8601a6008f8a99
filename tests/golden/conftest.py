"""What the golden tests share: the comparison, and whether the files are to be written."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.golden import compare


@pytest.fixture(scope="session")
def writing(request: pytest.FixtureRequest) -> bool:
    """Whether the files are rewritten (`make golden`)."""
    return bool(request.config.getoption("write_golden"))


@pytest.fixture(scope="session")
def golden(writing: bool) -> Callable[[str, str], None]:
    """`golden(name, text)` compares a text with the file of that name."""
    return partial(compare, write=writing)
