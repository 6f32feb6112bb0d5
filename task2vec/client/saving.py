"""Files that clients write: whole or not at all."""

from hashlib import sha256
from pathlib import Path

from task2vec.atomic_file import atomic_file, check_place, writable
from task2vec.errors import InputError, UnknownNameError, WeightsError
from task2vec.messages.models import Model

#: How the name of a file ends that is to hold an expert as ONNX.
ONNX = ".onnx"
_WHAT = "The expert"


def check_target(path: Path) -> None:
    """Raise `InputError` for a name or a place that no expert can be written to."""
    if path.suffix not in (ONNX, ".safetensors"):
        raise InputError(
            "Experts are exported as safetensors or ONNX",
            expected="a file name ending in .safetensors or .onnx",
            got=path.name,
        )
    with writable(_WHAT, path):
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
    with writable(_WHAT, path), atomic_file(path) as partial:
        partial.write_bytes(content)


def no_checkpoint(model: Model) -> UnknownNameError:
    """Return the error for a model whose weights are somebody else's to give."""
    return UnknownNameError(
        f"Model '{model.name}' has no checkpoint in the store",
        remedy=f"Its weights come from {model.ref}.",
    )
