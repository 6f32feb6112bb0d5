import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, make_embedding, replace
from numpy.typing import ArrayLike

from task2vec.types import TaskEmbedding

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "distances.json").read_text())


@pytest.fixture(params=GOLDEN["pairs"])
def golden(request):
    """One pair of vectors with its independently computed distances.

    The vectors are arrays, the distances floats: "nan" and "inf" stand for themselves.
    """
    pair = GOLDEN["pairs"][request.param]
    vectors = ("source", "target", "t0")
    return {
        **{name: np.array(pair[name]) for name in vectors},
        "paper": {name: float(value) for name, value in pair["paper"].items()},
        "alpha": GOLDEN["alpha"],
        "prior": GOLDEN["prior"],
    }


@pytest.fixture(scope="session")
def close() -> Callable[[ArrayLike, ArrayLike], None]:
    """Assert equality as tight as the golden values are: 1e-11 relative or 4e-15 absolute."""

    def check(got: ArrayLike, expected: ArrayLike) -> None:
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=4e-15, equal_nan=True)

    return check


@pytest.fixture(scope="session")
def embedding() -> Callable[..., TaskEmbedding]:
    """Make an embedding from its elements, in a space of choice."""

    def make(
        values: ArrayLike,
        *,
        replicates: ArrayLike | None = None,
        prior_precision: float = 1e-6,
        probe: str = "tiny:0123",
    ) -> TaskEmbedding:
        space = replace(SPACE, prior_precision=prior_precision, probe=probe)
        provenance = replace(PROVENANCE, space=space)
        return make_embedding(values, replicates=replicates, provenance=provenance)

    return make
