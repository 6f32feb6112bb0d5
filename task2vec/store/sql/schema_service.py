"""The tables of the service: data sets, jobs, batches, keys. A change needs a migration."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from task2vec.store.sql.schema import checksum_column
from task2vec.store.sql.schema import metadata as metadata

datasets = Table(
    "datasets",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("sha256", String, nullable=False, index=True),
    Column("format", String, nullable=False),
    Column("images", Integer, nullable=False),
    Column("classes", Integer, nullable=False),
    Column("warnings", Text, nullable=False),
    # Relative to the store's directory.
    Column("file", String, nullable=False),
    Column("owner", String),
    Column("created", String, nullable=False),
    # Seconds since 1970, as all times that are compared.
    Column("expires", Float, nullable=False),
    checksum_column(),
)

batches = Table(
    "batches",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("options", Text, nullable=False),
    Column("owner", String),
    Column("created", String, nullable=False),
    checksum_column(),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    # The order in which they came.
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("name", String),
    Column("payload", Text, nullable=False),
    Column("result", Text),
    Column("error", Text),
    Column("progress", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Rises with every lease: the holder of an older one has lost the job.
    Column("fence", Integer, nullable=False),
    Column("worker", String),
    Column("lease_until", Float),
    Column("not_before", Float, nullable=False),
    Column("quarantined", Boolean, nullable=False),
    # Equal work that is still under way is done once.
    Column("same_as", String, index=True),
    Column("dataset", ForeignKey("datasets.id"), index=True),
    Column("owner", String),
    # The batch that it is done for; null once somebody else wants it too.
    Column("batch", ForeignKey("batches.id"), index=True),
    Column("created", String, nullable=False),
    Column("started", String),
    Column("finished", String),
    checksum_column(),
    Index("ix_jobs_next", "state", "priority", "number"),
    sqlite_autoincrement=True,
)

job_events = Table(
    "job_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    # The job as it was then.
    Column("data", Text, nullable=False),
    checksum_column(),
    sqlite_autoincrement=True,
)

batch_items = Table(
    "batch_items",
    metadata,
    Column("batch", ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String, nullable=False),
    # How it ended without a job; null where the job tells.
    Column("status", String),
    Column("job", ForeignKey("jobs.id"), index=True),
    # No foreign key: the item's history outlives its task.
    Column("task", String),
    Column("error", Text),
    checksum_column(),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    # The secret has 256 random bits, so that a plain SHA-256 of it cannot be searched.
    Column("sha256", String, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("requests_per_minute", Integer),
    Column("concurrent_requests", Integer),
    Column("created", String, nullable=False),
    Column("expires", Float),
    Column("revoked", String),
    checksum_column(),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", String, nullable=False, index=True),
    Column("request_id", String),
    Column("key", String),
    Column("address", String),
    Column("action", String, nullable=False),
    Column("subject", String),
    Column("status", Integer),
    checksum_column(),
    sqlite_autoincrement=True,
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("owner", String, primary_key=True),
    Column("key", String, primary_key=True),
    # Of method, path and body: the same key with another request is a mistake.
    Column("fingerprint", String, nullable=False),
    # How far the first request is: see `task2vec.store.sql.requests`.
    Column("progress", String, nullable=False),
    # Null until it is answered.
    Column("status", Integer),
    Column("headers", Text),
    Column("body", LargeBinary),
    Column("created", Float, nullable=False, index=True),
    checksum_column(),
)
