"""What a piece of work found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from task2vec.finetune.predict import Prediction
from task2vec.finetune.result import Tuned
from task2vec.recommend.measure.probe_accuracy import ProbeAccuracy
from task2vec.types import TaskEmbedding
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import ImageHashes


@dataclass(frozen=True, eq=False)
class EmbeddedRole:
    """One embedded data set.

    Its embedding, its picture (PNG), the hashes (n,) of its images, and what is stored with it or
    explains a recommendation: None where neither is done.
    """

    name: str
    embedding: TaskEmbedding
    thumbnail: bytes
    hashes: ImageHashes
    details: EmbeddingDetails | None


@dataclass(frozen=True, eq=False)
class Findings:
    """What there is to store or to answer with, by the role of the data set or the model's id.

    Roles are "task", or "source" and "target" of a distance. ``checkpoint`` is the file of what
    was ``tuned``, ``predicted`` what an expert says of images.
    """

    seconds: float
    embedded: Mapping[str, EmbeddedRole] = field(default_factory=dict)
    measured: Mapping[str, ProbeAccuracy] | None = None
    tuned: Tuned | None = None
    checkpoint: Path | None = None
    predicted: tuple[Prediction, ...] | None = None
    warnings: tuple[str, ...] = ()
    source_signature: str = ""
