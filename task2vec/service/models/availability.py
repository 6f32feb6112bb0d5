"""Which starting models can be offered, by what their weights are now; and what is said of others.

The recommendation and the doctor both look here, so that what one leaves out the other finds.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote

from task2vec.data.wording import examples, shown
from task2vec.errors import StoreError, WeightsError
from task2vec.messages.models import Model
from task2vec.probe.weight_files import check_hash, referenced_file
from task2vec.service.models.experts import checkpoint, stated_by
from task2vec.service.models.zoo import loadable_ref
from task2vec.service.workspace import Workspace


class Weights(StrEnum):
    """What became of a model's weights; those of a package or a hub are taken to be sound."""

    SOUND = "sound"
    GONE = "gone"
    DAMAGED = "damaged"
    #: Fine-tuning kept epoch 0: the backbone is that of its start, which is offered already.
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Loss:
    """Models whose weights are ``gone`` or ``damaged``, in words, and how to mend that."""

    found: str
    remedy: str


def weights_of(workspace: Workspace, model: Model, *, every_byte: bool = False) -> Weights:
    """Return what is found of a model's weights.

    Of a file the header is read, which tells of one that was cut short or overwritten; with
    ``every_byte`` all of it, to compare its SHA-256, which tells of any change.
    """
    try:
        reference = loadable_ref(workspace, model)
        path = referenced_file(reference) if reference.startswith("file:") else None
    except (StoreError, WeightsError):
        return Weights.GONE
    if path is None:
        return Weights.SOUND
    try:
        if every_byte and model.sha256 is not None:
            check_hash(path, model.sha256)
        stated = stated_by(path)
    except (WeightsError, OSError):
        return Weights.DAMAGED
    # Only experts of the store are known to have a start.
    kept = checkpoint(workspace, model) is not None and stated.get("best_epoch") == 0
    return Weights.UNCHANGED if kept else Weights.SOUND


def offered(
    workspace: Workspace, models: Iterable[Model]
) -> tuple[list[Model], list[str], list[str]]:
    """Return the models that can be offered, the names of unchanged ones, and warnings.

    Of files the headers are read: all bytes of hundreds of experts take minutes.
    """
    found = [(model, weights_of(workspace, model)) for model in models]
    sound = [model for model, weights in found if weights is Weights.SOUND]
    unchanged = [model.name for model, weights in found if weights is Weights.UNCHANGED]
    return sound, unchanged, not_offered(found)


def unchanged_note(names: Sequence[str]) -> list[str]:
    """Return why experts with the backbone of their start are no candidates, [] without any."""
    if not names:
        return []
    one = len(names) == 1
    return [
        f"Not {'a candidate' if one else 'candidates'}: {examples(names)}. "
        f"{'Its backbone is' if one else 'Their backbones are'} unchanged: fine-tuning kept the "
        "linear probe."
    ]


def not_offered(found: Collection[tuple[Model, Weights]]) -> list[str]:
    """Return warnings about the `losses`."""
    return [f"left out, because {loss.found}. {loss.remedy}" for loss in losses(found)]


def losses(found: Collection[tuple[Model, Weights]]) -> list[Loss]:
    """Return what is lost: one for all that are gone, one for all that are damaged."""
    told = []
    for weights in (Weights.GONE, Weights.DAMAGED):
        names = sorted(model.name for model, state in found if state is weights)
        if not names:
            continue
        one = len(names) == 1
        what = "its checkpoint is" if one else "their checkpoints are"
        told.append(
            Loss(
                f"{what} {weights.value}: {examples(names)}",
                f"Restore {'the file from a copy' if one else 'the files from copies'}, or remove "
                f"{'the model' if one else 'the models'}: "
                f"`task2vec models remove {shown(quote(names[0]))}`.",
            )
        )
    return told
