"""Embedding in one call, without a store."""

from dataclasses import replace

from task2vec.data.open import open_source
from task2vec.embedding.embedder import Embedder, Progress
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.registry import DEFAULT_PROBE, load_probe
from task2vec.types import TaskEmbedding


def embed(
    source: object,
    probe: str = DEFAULT_PROBE,
    *,
    images: int = 300,
    seed: int = 0,
    settings: EmbeddingSettings | None = None,
    progress: Progress | None = None,
) -> TaskEmbedding:
    """Embed whatever `open_source` opens, or a `Task`, with a probe; nothing is stored.

    ``images`` and ``seed`` are short for the settings of that name and win over them. Raises
    `SourceError` when the source cannot be embedded, `UnknownNameError` for an unknown probe.
    """
    wanted = replace(settings or EmbeddingSettings(), images=images, seed=seed)
    return Embedder(load_probe(probe), wanted).embed(open_source(source), progress).embedding
