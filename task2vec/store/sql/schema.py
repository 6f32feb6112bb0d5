"""The tables. A change here needs a migration beside it."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

#: The column of tables whose rows have a checksum: see `task2vec.store.sql.checksums`.
CHECKSUM = "checksum"


def checksum_column() -> Column[int]:
    """Return the column for the checksum of a row; it is set by a trigger."""
    return Column(CHECKSUM, Integer)


tasks = Table(
    "tasks",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("probe_name", String, nullable=False),
    # The space as canonical JSON: embeddings may be compared exactly where this text is equal.
    Column("space", Text, nullable=False, index=True),
    Column("provenance", Text, nullable=False),
    # Null stands for nan: without a prior precision no task has a complexity.
    Column("complexity", Float),
    Column("seconds", Float, nullable=False),
    # JSON too: a path may hold bytes that are no UTF-8, which text columns refuse.
    Column("source", Text, nullable=False),
    Column("source_signature", Text, nullable=False),
    Column("created", String, nullable=False),
    Column("tags", Text, nullable=False),
    Column("warnings", Text, nullable=False),
    # The name of the bundle that brought it, null for a task of one's own.
    Column("bundle", String, index=True),
    checksum_column(),
)

vectors = Table(
    "vectors",
    metadata,
    Column("task", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    # 'values', 'errors' or 'replicates', the fields of an embedding.
    Column("kind", String, primary_key=True),
    # Of the data. A row of another task or kind is one that is missing where it was.
    Column("sha256", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

thumbnails = Table(
    "thumbnails",
    metadata,
    Column("task", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    checksum_column(),
)

class_pictures = Table(
    "class_pictures",
    metadata,
    Column("task", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    # See `task2vec.types.class_pictures`.
    Column("data", LargeBinary, nullable=False),
    checksum_column(),
)

image_hashes = Table(
    "image_hashes",
    metadata,
    Column("task", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    # How they were made: hashes of two schemes are never compared.
    Column("scheme", String, nullable=False),
    # As many as images were used, one after the other: see `task2vec.types.image_hashes`.
    Column("data", LargeBinary, nullable=False),
    checksum_column(),
)

task_details = Table(
    "task_details",
    metadata,
    Column("task", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    # JSON: see `task2vec.types.details`.
    Column("data", Text, nullable=False),
    checksum_column(),
)

class_scatters = Table(
    "class_scatters",
    metadata,
    Column("task", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    # See `task2vec.types.scatter`: apart from the details, since it is read for many tasks at once.
    Column("data", LargeBinary, nullable=False),
    checksum_column(),
)

task_changes = Table(
    "task_changes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    # No foreign key: the log outlives the task.
    Column("task", String, nullable=False),
    # 'added', 'replaced' or 'removed'.
    Column("kind", String, nullable=False),
    checksum_column(),
    # A number that a copy has seen must never come again with another meaning.
    sqlite_autoincrement=True,
)

models = Table(
    "models",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("ref", String, nullable=False, unique=True),
    Column("architecture", String, nullable=False),
    Column("task", ForeignKey("tasks.id"), index=True),
    Column("parameters", Integer),
    Column("input_size", Integer),
    Column("licence", String),
    Column("created", String, nullable=False),
    # Of the file of weights, where there is one: an altered file is noticed.
    Column("sha256", String),
    # No foreign keys: what a model has seen stays true when its start or that task is removed.
    Column("start", String),
    # JSON, the ids of tasks: see `task2vec.messages.models.Model`.
    Column("lineage", Text, nullable=False, server_default="[]"),
    checksum_column(),
)

outcomes = Table(
    "outcomes",
    metadata,
    # Keeps the order in which outcomes came, which no time stamp does.
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("model", ForeignKey("models.id"), nullable=False, index=True),
    Column("task", ForeignKey("tasks.id"), nullable=False, index=True),
    Column("accuracy", Float, nullable=False),
    Column("protocol", String, nullable=False),
    Column("interval_low", Float),
    Column("interval_high", Float),
    Column("images", Integer),
    Column("seed", Integer),
    Column("created", String, nullable=False),
    Column("details", Text, nullable=False),
    # As of tasks.
    Column("bundle", String),
    checksum_column(),
)

bundles = Table(
    "bundles",
    metadata,
    Column("name", String, primary_key=True),
    Column("version", String, nullable=False),
    Column("maker", String),
    Column("created", String, nullable=False),
    Column("imported", String, nullable=False),
    # Of what it says: the same contents are taken in once.
    Column("sha256", String, nullable=False, unique=True),
    Column("tasks", Integer, nullable=False),
    Column("outcomes", Integer, nullable=False),
    # JSON: notes on licences, by the name of the task.
    Column("licences", Text, nullable=False),
    checksum_column(),
)
