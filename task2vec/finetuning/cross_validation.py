"""Linear probe and training by cross-validation, where a validation part would be too small."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from task2vec.finetuning.classify import HeldOut
from task2vec.finetuning.foreseen_work import Fold
from task2vec.finetuning.prepared import Prepared, Run
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.probe.probe import Pixels


def cross_validate_probe(
    run: Run, data: Labelled[Pixels], features: Tensor, divided: Sequence[Fold]
) -> tuple[list[nn.Linear], HeldOut]:
    """Return the linear probes of the folds, and what each says of the images held out from it.

    ``features`` (N, D) are those of the images by the starting model.
    """
    heads = [run.fitted(features[train], part_of(data, train)) for train, _ in divided]
    with torch.inference_mode():
        logits = [
            head(features[out].to(run.start.device)).cpu()
            for head, (_, out) in zip(heads, divided, strict=True)
        ]
    return heads, _joined(data, divided, logits)


def cross_validate_training(
    run: Run,
    prepared: Prepared,
    divided: Sequence[Fold],
    *,
    heads: Sequence[nn.Linear],
    rate: float,
    doing: str,
) -> HeldOut:
    """Train fold by fold, as on all images; return what each network says of those held out.

    ``heads`` are the classifiers to start from, and ``doing`` words for it. Each fold that is done
    is a part of what is ``unfinished``, and so is the training of the one that is not.
    """

    def trained(fold: int) -> Tensor:
        train, out = divided[fold]
        place, name = f"fold {fold + 1} of {len(divided)}", f"fold {fold}"
        if (state := run.unfinished.get(name)) is not None:
            return state["logits"]
        part = f"{name}, training"
        training = prepared.part(train).training(heads[fold], rate)
        if (state := run.unfinished.get(part)) is not None:
            training.restore(state)
        run.begin(f"{place}, {training.next_epoch}")
        passes = (training.epochs - training.epoch) * len(train) + len(out)
        run.say(f"{doing}, {place}", passes)
        while training.epoch < training.epochs:
            training.run_epoch(run.tick)
            run.unfinished.put(part, training.state())
        logits = prepared.part(out).held_out(training).logits
        run.unfinished.drop(part)
        run.unfinished.put(name, {"logits": logits})
        return logits

    return _joined(prepared.data, divided, [trained(fold) for fold in range(len(divided))])


def _joined(data: Labelled[Pixels], divided: Sequence[Fold], logits: Sequence[Tensor]) -> HeldOut:
    return HeldOut(
        torch.cat(list(logits)), data.labels[np.concatenate([out for _, out in divided])]
    )
