"""Files that clients write, whole or not at all, and those that a server sent: experts at work."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from task2vec.atomic_file import atomic_file, check_place, writable
from task2vec.errors import InputError, UnknownNameError, WeightsError
from task2vec.extras import needing_extras
from task2vec.messages.models import Model
from task2vec.messages.predictions import Prediction, no_classes

if TYPE_CHECKING:
    from task2vec.finetuning.card import ClassifierCard
    from task2vec.types import TaskEmbedding
    from task2vec.types.details import EmbeddingDetails
    from task2vec.types.image_hashes import ImageHashes

#: How the name of a file ends that is to hold an expert as ONNX.
ONNX = ".onnx"
#: The pictures that a server draws, by the suffix of their files.
PICTURES = {".png": "image/png", ".svg": "image/svg+xml"}

_MAP, _EXPERT = "The map", "The expert"


def check_picture(path: Path) -> None:
    """Raise `InputError` for a name or a place that no map can be written to."""
    if path.suffix.lower() not in PICTURES:
        raise InputError(
            f"A map cannot be drawn to {path}",
            expected=f"a file name that ends in {' or '.join(PICTURES)}",
            got=path.suffix or "no suffix",
        )
    with writable(_MAP, path):
        check_place(path)


def save_picture(path: Path, content: bytes) -> None:
    """Write a map; raises `InputError` when the place cannot be written."""
    with writable(_MAP, path), atomic_file(path) as partial:
        partial.write_bytes(content)


def load_bytes(
    content: bytes,
) -> "tuple[str, TaskEmbedding, ImageHashes | None, EmbeddingDetails | None]":
    """Return the name, the embedding, image hashes and details that a .npz file holds."""
    from task2vec.embedding.files import load_details, load_embedding, load_hashes

    with TemporaryDirectory() as folder:
        path = Path(folder, "embedding.npz")
        path.write_bytes(content)
        name, embedding = load_embedding(path)
        return name, embedding, load_hashes(path), load_details(path, embedding)


def save_embedding_bytes(path: Path, content: bytes) -> None:
    """Write the .npz file of an embedding, read and checked; raises as `save_embedding` does."""
    from task2vec.embedding.files import save_embedding

    name, embedding, hashes, details = load_bytes(content)
    save_embedding(embedding, path, name=name, hashes=hashes, details=details)


def check_expert_file(path: Path) -> None:
    """Raise `InputError` for a name or a place that no expert can be written to."""
    if path.suffix not in (ONNX, ".safetensors"):
        raise InputError(
            "Experts are exported as safetensors or ONNX",
            expected="a file name ending in .safetensors or .onnx",
            got=path.name,
        )
    with writable(_EXPERT, path):
        check_place(path)


def save_weights(path: Path, content: bytes, *, of: Model) -> None:
    """Write an expert's safetensors file.

    Raises `WeightsError` when the bytes are not those that the model's record names, `InputError`
    when the place cannot be written.
    """
    if of.sha256 is not None and sha256(content).hexdigest() != of.sha256:
        raise WeightsError(
            f"The weights of {of.name} are not those that were stored",
            expected=f"SHA-256 {of.sha256[:12]}…",
            got=f"{sha256(content).hexdigest()[:12]}…",
            remedy="Fine-tune it anew.",
        )
    with writable(_EXPERT, path), atomic_file(path) as partial:
        partial.write_bytes(content)


def no_checkpoint(model: str, *, ref: str) -> UnknownNameError:
    """Return the error for a model whose weights are somebody else's to give."""
    return UnknownNameError(
        f"Model '{model}' has no checkpoint in the store", remedy=f"Its weights come from {ref}."
    )


_STORED = "store:"
_WHAT = "Predicting, whose images stay on this machine,"


def check_expert(model: Model) -> None:
    """Raise `InputError` for a model whose weights no server has, and so no classes."""
    if not model.ref.startswith(_STORED):
        raise no_classes(model.name)


def predictions_of(
    model: Model,
    content: bytes,
    images: Sequence[str | os.PathLike[str]],
    *,
    warn: Callable[[str], None] | None,
    progress: Callable[[int, int], None] | None,
) -> Generator[Prediction, None, None]:
    """Yield what an expert, of whose file ``content`` are the bytes, says of images here."""
    with needing_extras(_WHAT):
        from task2vec.embedding.engine import LocalEngine
        from task2vec.finetuning.expert import predict_by

    with _kept(model, content) as (reference, card):
        yield from predict_by(LocalEngine, reference, card, images, progress=progress, warn=warn)


def save_onnx(path: Path, content: bytes, *, of: Model) -> None:
    """Write the ONNX file of an expert; raises as `task2vec.finetuning.onnx.export_onnx` does."""
    with needing_extras("Writing ONNX"):
        from task2vec.embedding.engine import LocalEngine
        from task2vec.finetuning.expert import classifier_of
        from task2vec.finetuning.onnx import export_onnx

    with _kept(of, content) as (reference, card):
        # An ONNX file is the same from any device.
        export_onnx(classifier_of(LocalEngine("cpu"), reference, card), path)


@contextmanager
def _kept(model: Model, content: bytes) -> "Iterator[tuple[str, ClassifierCard]]":
    """Keep the checked file of an expert while the block runs; give its reference and card."""
    from task2vec.finetuning.card import read_classifier_card

    with TemporaryDirectory(prefix="task2vec-") as folder:
        path = Path(folder, "expert.safetensors")
        save_weights(path, content, of=model)
        yield f"file:{path}", read_classifier_card(path, name=model.name)
