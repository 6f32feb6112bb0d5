"""A small network of timm's with random weights, by the file that holds them."""

from pathlib import Path


def reference_of(folder: Path, *, seed: int = 0, architecture: str = "test_resnet") -> str:
    """Write the weights and return the reference of a probe that looks at 32 x 32 pixels."""
    import timm
    import torch
    from safetensors.torch import save_file

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        path = folder / f"small-{seed}.safetensors"
        save_file(timm.create_model(architecture).state_dict(), path)
    return f"file:{path}?arch={architecture}&input_size=32"
