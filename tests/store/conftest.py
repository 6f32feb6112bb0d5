import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, draw_replicates, make_embedding, make_record, replace
from small_store import build

from task2vec.messages.bundles import Bundle
from task2vec.messages.datasets import StoredDataset
from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.tasks import StoredTask
from task2vec.store import Store
from task2vec.store.jobs.record import JobRecord
from task2vec.store.opening import DATABASE
from task2vec.store.sql.idempotency import StoredAnswer
from task2vec.store.sql.schema_service import metadata
from task2vec.store.tables.audit import AuditEntry
from task2vec.store.tables.batches import BatchItem
from task2vec.types import JobKind, KeyRecord, Scope, Space, TaskEmbedding

BUNDLE = Bundle(
    name="b",
    version="1",
    maker=None,
    created="2026-12-02T07:00:00.000+00:00",
    sha256="2" * 64,
    tasks=0,
    outcomes=0,
    licences={},
    imported=None,
)


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


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A store of four real tasks, with rows in every table."""
    path = Path(shutil.copytree(build().store, tmp_path_factory.mktemp("filled") / "store"))
    with Store.open(path) as store:
        tasks, models = store.tasks.list(), store.models.list()
        for number, task in enumerate(tasks):
            store.outcomes.add(
                StoredOutcome(
                    model=models[0].id,
                    task=task.id,
                    accuracy=0.1 * number,
                    protocol="p",
                    interval=(0.0, 0.5),
                )
            )
        store.datasets.add(
            StoredDataset(
                id="",
                name="pets",
                bytes=3,
                sha256="0" * 64,
                format=".zip",
                images=9,
                classes=3,
                file="datasets/pets.zip",
                expires=9e9,
            )
        )
        job = store.jobs.submit(JobRecord(id="", kind=JobKind.BACKTEST, payload={"a": 1}), now=1.0)
        store.jobs.lease(worker="w", kinds=[JobKind.BACKTEST], now=2.0, seconds=60.0)
        store.jobs.complete(job.id, fence=1, result={"found": 3}, now=3.0)
        with store.transaction() as connection:
            store.bundles.add_within(connection, BUNDLE)
            batch = store.batches.create_within(connection, options={}, owner=None, now=1.0)
            item = BatchItem(position=0, name="one", task=tasks[0])
            store.batches.append_within(connection, batch, [item])
        store.keys.add(
            KeyRecord(id="key_1", name="me", sha256="1" * 64, scopes=frozenset({Scope.READ}))
        )
        store.audit.append([AuditEntry(action="GET /v1/tasks", status=200)])
        store.idempotency.begin(owner="", key="k", fingerprint="f", now=1.0, keep=9e9)
        store.idempotency.finish(owner="", key="k", answer=StoredAnswer(200, (), b"kept"))
    with closing(sqlite3.connect(path / DATABASE)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        counts = {
            t: raw.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in metadata.tables
        }
    assert min(counts.values()) > 0, counts
    return path
