"""What a file of weights says without its tensors, and so without torch."""

from contextlib import suppress
from hashlib import file_digest
from math import prod
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from task2vec.errors import WeightsError

# A tensor takes some 100 bytes of it. The library would parse 100 MB, into many times as much.
_MOST_HEADER = 16 * 2**20


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file without its tensors.

    Raises `WeightsError` for anything else.
    """
    try:
        _check_header(path)
        with safe_open(path, framework="numpy") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error) from error


def count_parameters(path: Path) -> int:
    """Return how many numbers a safetensors file holds; raises `WeightsError` for anything else."""
    try:
        _check_header(path)
        with safe_open(path, framework="numpy") as file:
            return sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        # It may be a file that a worker sent: who sent it does not know its place here.
        raise unreadable(path, error, name=path.name) from error


def check_finite(path: Path) -> None:
    """Raise `WeightsError` unless all numbers of a safetensors file are finite.

    A network that holds others answers every image alike, and looks as if it worked.
    """
    try:
        _check_header(path)
        with safe_open(path, framework="numpy") as file:
            # numpy has no bfloat16: those tensors are left unread.
            wanted = (n for n in file.keys() if file.get_slice(n).get_dtype() != "BF16")  # noqa: SIM118
            broken = [name for name in wanted if not _is_finite(file.get_tensor(name))]
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error, name=path.name) from error
    if broken:
        raise WeightsError(
            f"The weights in {path.name} are not all numbers",
            expected="finite weights",
            got=f"nan or infinity in {len(broken)} tensors, such as {broken[0]:.100}",
            remedy="Fine-tune it anew, with a smaller learning rate if it was given one.",
        )


def _is_finite(values: NDArray[Any]) -> bool:
    return values.dtype.kind != "f" or bool(np.isfinite(values).all())


def unreadable(path: Path, error: Exception, *, name: str | None = None) -> WeightsError:
    """Return the error for a file that is not safetensors; says what it is where that is plain."""
    got, remedy = str(error), "Copy or download the file again."
    with suppress(OSError), path.open("rb") as file:
        # PyTorch's own format is a zip archive with a pickle, or in old versions a bare pickle.
        if file.read(8).startswith((b"PK\x03\x04", b"\x80")):
            got = "a file in PyTorch's own format, which can run code when it is loaded"
            remedy = "Save it anew: `safetensors.torch.save_file(network.state_dict(), PATH)`."
    return WeightsError(
        f"The weights in {name or path} cannot be read",
        expected="a safetensors file",
        got=got,
        remedy=remedy,
    )


def _check_header(path: Path) -> None:
    """Raise `SafetensorError` for a header that is longer than that of any network."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > _MOST_HEADER:
        raise SafetensorError(f"a header of {length:,} bytes, above {_MOST_HEADER:,}")


def referenced_file(reference: str) -> Path:
    """Return the file that ``file:PATH[?OPTIONS]`` names; raises `WeightsError` without one."""
    location = reference.removeprefix("file:").partition("?")[0]
    try:
        # As it stands first: a name may hold a % that escapes nothing.
        for written in (location, unquote(location)):
            path = Path(written).expanduser().resolve()
            if path.is_file():
                return path
        got = str(path)
    except (OSError, RuntimeError, ValueError) as error:
        # Forbidden folders, the home of nobody, a null byte.
        got = f"{location!r}: {error}"
    raise WeightsError("The weights are not there", expected="a safetensors file", got=got)


def check_hash(path: Path, expected: str) -> None:
    """Raise `WeightsError` unless the bytes of a file have this SHA-256."""
    actual = file_hash(path)
    if actual != expected:
        raise WeightsError(
            f"The weights in {path.name} have been altered",
            expected=f"SHA-256 {expected}",
            got=actual,
            remedy="Restore the file from a copy, or remove the model and add it anew.",
        )
