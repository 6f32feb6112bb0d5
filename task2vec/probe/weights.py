"""Reading, writing and hashing weights, as safetensors only."""

import struct
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from task2vec.atomic_file import atomic_file
from task2vec.errors import WeightsError
from task2vec.probe.weight_files import unreadable


def hash_weights(state: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over names, types, shapes and bytes, in the order of the names.

    One network has one hash, whatever file it comes in and in whatever order.
    """
    digest = sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        digest.update(
            tensor.view(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        )
    return digest.hexdigest()


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and the metadata of a safetensors file.

    Raises `WeightsError` for anything else, a pickle above all: unpickling runs code.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError, struct.error) as error:
        raise unreadable(path, error) from error


def write_safetensors(path: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a file, whole or not at all.

    Raises `WeightsError` when the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # safetensors refuses tensors that share memory; as copies they do not.
        tensors = {
            name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
            for name, tensor in state.items()
        }
        with atomic_file(path) as partial:
            save_file(tensors, partial, metadata=dict(metadata))
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"The weights cannot be written to {path}",
            got=str(error),
            remedy="Check that the folder is writable and the disk has room.",
        ) from error


def fill(network: nn.Module, state: Mapping[str, Tensor], *, origin: str) -> None:
    """Load a state dict whose names and shapes must match the network's, all of them.

    Raises `WeightsError` naming what is missing, unexpected or of another shape.
    """
    wanted = network.state_dict()
    faults = [f"{name} is missing" for name in wanted if name not in state]
    faults += [f"{name} is unexpected" for name in state if name not in wanted]
    faults += [
        f"{name} is {tuple(state[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in state and state[name].shape != tensor.shape
    ]
    if faults:
        shown = "; ".join(faults[:3]) + (f"; and {len(faults) - 3} more" if len(faults) > 3 else "")
        raise WeightsError(
            f"The weights from {origin} do not fit the architecture",
            expected=f"{len(wanted)} tensors as in {type(network).__name__}",
            got=shown,
            remedy="Name the architecture that the weights were saved from.",
        )
    network.load_state_dict(dict(state))
