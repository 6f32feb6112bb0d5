"""What a bundle says: tasks without images or paths, and what packaged models reach on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from task2vec.messages.bundles import Bundle
from task2vec.messages.outcomes import NewOutcome
from task2vec.types import TaskEmbedding
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import ImageHashes
from task2vec.types.names import LONGEST_NAME

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class Part(BaseModel):
    """A part of the JSON document. A field that is not known is an error: it would be lost."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)


class BundledOutcome(Part):
    """The accuracy of a packaged model on a task of the bundle, both by name."""

    model: Text
    task: Text
    accuracy: float
    interval: Annotated[list[float], Field(min_length=2, max_length=2)] | None
    protocol: str
    images: int | None
    seed: int | None

    def question(self) -> NewOutcome:
        """Return it as somebody would record it; raises `ValidationError` for what is no outcome.

        The interval is not a part of that.
        """
        return NewOutcome.model_validate(self.model_dump(exclude={"interval"}))


@dataclass(frozen=True, eq=False)
class BundledTask:
    """A task of a bundle: no path, no image, no source."""

    name: str
    embedding: TaskEmbedding
    tags: tuple[str, ...] = ()
    licence: str | None = None
    hashes: ImageHashes | None = None
    details: EmbeddingDetails | None = None


@dataclass(frozen=True, eq=False)
class BundleContent:
    """All that a bundle says.

    ``models`` are the SHA-256 of the weights of the packaged models that there are outcomes of, by
    name. ``sha256`` is that of the content, filled in when it is written or read.
    """

    name: str
    version: str
    maker: str | None
    created: str
    models: Mapping[str, str]
    tasks: Sequence[BundledTask]
    outcomes: Sequence[BundledOutcome]
    sha256: str = ""

    def record(self) -> Bundle:
        """Return what is listed of it."""
        return Bundle(
            name=self.name,
            version=self.version,
            maker=self.maker,
            created=self.created,
            sha256=self.sha256,
            tasks=len(self.tasks),
            outcomes=len(self.outcomes),
            licences={task.name: task.licence for task in self.tasks if task.licence is not None},
            imported=None,
        )
