"""Comparing with what is frozen, or accepting what is new."""

from collections.abc import Callable
from functools import partial

import pytest
from frozen_json import check


@pytest.fixture
def frozen(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compare a JSON value with the document of a name; ``--accept`` writes the document."""
    return partial(check, accept=request.config.getoption("--accept"))
