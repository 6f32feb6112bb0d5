"""Files that clients write, whole or not at all, and those that a server sent."""

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from task2vec.atomic_file import atomic_file, check_place, writable
from task2vec.errors import InputError, UnknownNameError, WeightsError
from task2vec.messages.models import Model

if TYPE_CHECKING:
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
