from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, draw_replicates, make_embedding, make_record, replace

from task2vec.messages.models import Model
from task2vec.messages.tasks import StoredTask
from task2vec.store import Store
from task2vec.types import Space, TaskEmbedding


@pytest.fixture(scope="session")
def task() -> Callable[..., tuple[StoredTask, TaskEmbedding]]:
    """Make a task: its record, ready to be added, and its embedding."""

    def make(
        name: str,
        *,
        seed: int = 0,
        elements: int = 16,
        space: Space = SPACE,
        probe_name: str = "tiny",
        tags: tuple[str, ...] = (),
    ) -> tuple[StoredTask, TaskEmbedding]:
        rng = np.random.default_rng(seed)
        provenance = replace(PROVENANCE, space=space, probe_name=probe_name, seed=seed)
        values = np.exp(3 * rng.normal(size=elements) - 9)
        values[0] = 0.0
        embedding = make_embedding(
            values,
            errors=0.1 * values,
            replicates=draw_replicates(rng, elements),
            provenance=provenance,
        )
        record = make_record(
            name,
            provenance=provenance,
            seconds=1.25,
            source=f"/data/{name}",
            source_signature=f"signature of {name}",
            tags=tags,
            warnings=("one image could not be read",),
        )
        return record, embedding

    return make


@pytest.fixture(scope="session")
def model() -> Callable[..., Model]:
    def make(name: str, *, task: str | None = None, ref: str | None = None) -> Model:
        return Model(
            id="",
            name=name,
            ref=ref or f"timm:{name}",
            architecture="resnet18",
            task=task,
            parameters=11_689_512,
            input_size=224,
            licence="apache-2.0",
            created="",
        )

    return make


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "store") as opened:
        yield opened
