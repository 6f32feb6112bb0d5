"""An expert that a server gave, at work on this machine: its images need not leave it."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from task2vec.client.files import save_weights
from task2vec.extras import needing_extras
from task2vec.finetuning.classless import no_classes
from task2vec.messages.models import Model
from task2vec.messages.predictions import Prediction

if TYPE_CHECKING:
    from task2vec.finetuning.card import ClassifierCard

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
