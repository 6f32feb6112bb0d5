"""Embedding in one call, without a store."""

import warnings
from dataclasses import replace

from task2vec.data.open import open_source
from task2vec.embedding.embedder import Embedder, Progress
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import EmbeddingWarning, WrongTypeError
from task2vec.probe.registry import DEFAULT_PROBE, load_probe
from task2vec.progress_bars import Bars
from task2vec.types import TaskEmbedding


def embed(
    source: object,
    probe: str = DEFAULT_PROBE,
    *,
    images: int = 300,
    seed: int = 0,
    settings: EmbeddingSettings | None = None,
    progress: Progress | bool | None = True,
) -> TaskEmbedding:
    """Embed a labelled image set with a probe; nothing is stored.

    Args:
        source: what `open_source` opens, such as the path of a folder with one folder of images
            per class, or a `Task`.
        probe: a name that `task2vec probes` shows, or a reference such as ``timm:resnet18``.
        images: how many images are used at most; it wins over ``settings``.
        seed: of the draw of images and signs; it wins over ``settings``.
        settings: all other settings.
        progress: True shows a bar in a terminal or a notebook, False shows none; a function is
            called with the stage, how many images are done, and how many there are.

    Warns:
        EmbeddingWarning: for each thing to know about the embedding, such as images that could not
            be read. ``provenance.warnings`` holds the same texts.

    Raises:
        SourceError: when the source cannot be embedded.
        UnknownNameError: for an unknown probe.
        SettingError: for a setting out of range.
        WrongTypeError: for an argument of the wrong type; it is a `TypeError`.
    """
    if not isinstance(probe, str):
        expected = "the name of a probe, such as 'resnet34'"
        raise WrongTypeError.of("probe", expected=expected, got=probe)
    if not isinstance(settings, EmbeddingSettings | None):
        raise WrongTypeError.of("settings", expected="EmbeddingSettings or None", got=settings)
    wanted = replace(settings or EmbeddingSettings(), images=images, seed=seed)
    task = open_source(source)
    embedder = Embedder(load_probe(probe), wanted)
    with Bars(shown=progress is True) as bars:
        report = progress if callable(progress) else bars.stages(task.name)
        embedding = embedder.embed(task, report).embedding
    for warning in embedding.provenance.warnings:
        warnings.warn(f"{task.name}: {warning}", EmbeddingWarning, stacklevel=2)
    return embedding
