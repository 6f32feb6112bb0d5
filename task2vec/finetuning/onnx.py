"""An expert as an ONNX file: network, classifier and temperature in one graph."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from task2vec.atomic_file import atomic_file, check_place, writable
from task2vec.data.pixels.decoder_warnings import quiet
from task2vec.errors import InputError, WeightsError
from task2vec.extras import needing_extras
from task2vec.finetuning.predict import Classifier

#: What the graph's only input and output are called.
INPUT, OUTPUT = "images", "probabilities"
_WHAT = "The ONNX file"


class _Graph(nn.Module):
    """From (N, 3, S, S) images, scaled and normalised, to (N, C) probabilities."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.backbone = deepcopy(classifier.probe.backbone).cpu()
        self.layer = deepcopy(classifier.layer).cpu()
        self.temperature = classifier.card.temperature.value

    def forward(self, images: Tensor) -> Tensor:
        return torch.softmax(self.layer(self.backbone(images)) / self.temperature, dim=1)


def export_onnx(classifier: Classifier, target: Path) -> None:
    """Write a classifier to ``target`` as one ONNX file, whole or not at all.

    The input ``images`` is (N, 3, S, S) float32 for any N, the output ``probabilities`` (N, C),
    calibrated. What an image has to go through before, and the names of the classes, are in the
    file's metadata, each as JSON: see `metadata`.

    Raises `MissingExtraError` without the extra ``onnx``, `WeightsError` for an architecture that
    torch cannot write as ONNX, `InputError` where ``target`` cannot be written.
    """
    with needing_extras("Writing ONNX"):
        import onnx
        import onnxscript  # noqa: F401  (torch needs it, and says so in its own words)

    check_onnx_target(target)
    program = _traced(classifier)
    program.model.metadata_props.update(metadata(classifier))
    program.model.producer_name = "task2vec"
    with writable(_WHAT, target), atomic_file(target) as partial:
        program.save(partial, external_data=False)
        onnx.checker.check_model(partial)


def metadata(classifier: Classifier) -> dict[str, str]:
    """Return what the file states, each value as JSON.

    The whole RGB image is resized to ``size`` pixels per side by ``interpolation``, divided by 255,
    and then ``(x - mean) / std`` by channel. ``classes`` are in the order of the output.
    """
    card, steps = classifier.card, classifier.probe.card.preprocessing
    stated = {
        "model": card.name,
        "task": card.task,
        "licence": card.licence,
        "classes": card.classes,
        "size": steps.input_size,
        "mean": steps.mean,
        "std": steps.std,
        "interpolation": steps.interpolation,
        "temperature": card.temperature.value,
        "calibration_images": card.temperature.images,
    }
    return {name: json.dumps(value, ensure_ascii=False) for name, value in stated.items()}


def check_onnx_target(path: Path) -> None:
    """Raise `InputError` for a name without the ending .onnx, or a place that takes no file."""
    if path.suffix != ".onnx":
        raise InputError(
            "This is no name of an ONNX file", expected="one ending in .onnx", got=path.name
        )
    with writable(_WHAT, path):
        check_place(path)


def _traced(classifier: Classifier) -> Any:
    size = classifier.probe.card.preprocessing.input_size
    # One image would be taken for a size that never changes.
    example = torch.zeros(2, 3, size, size)
    try:
        # torch warns of its own future.
        with quiet(), torch.no_grad():
            return torch.onnx.export(
                _Graph(classifier).eval(),
                (example,),
                dynamo=True,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("N")},),
                verbose=False,
            )
    # What fails inside of torch's exporter may raise anything.
    except Exception as error:
        raise WeightsError(
            f"{classifier.probe.card.architecture} cannot be written as ONNX",
            got=f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}",
            remedy="Export the weights as .safetensors instead.",
        ) from error
