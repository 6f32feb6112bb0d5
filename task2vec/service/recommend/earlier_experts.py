"""Experts of the same data set as it was before it grew."""

from collections.abc import Iterable
from shlex import quote

from task2vec.data.wording import shown
from task2vec.messages.models import Model
from task2vec.messages.recommendations import EarlierExpert
from task2vec.recommendation.evidence.leaks import count_shared
from task2vec.service.models.availability import Weights, weights_of
from task2vec.service.tasks.shared_images import SharedTasks, same_folder
from task2vec.service.tasks.subjects import Subject, files_of
from task2vec.service.workspace import Workspace

#: The share of the earlier task's images that the target must have, from another folder.
LEAST_KEPT = 0.5


def earlier_experts(
    workspace: Workspace, subject: Subject, shared: SharedTasks, models: Iterable[Model]
) -> tuple[EarlierExpert, ...]:
    """Return the experts among ``models`` of the target as it was with fewer images.

    Their task is excluded from the evidence since it shares the target's images. It is the earlier
    data set where it came from the same folder, with other files, or where it has fewer images and
    the target has most of them. Raises `StoreCorruptError` for hashes that are damaged.
    """
    experts = [model for model in models if model.task in shared.excluded]
    store = workspace.existing_store()
    if store is None or not experts:
        return ()
    hashes = store.tasks.all_image_hashes()
    target = subject.hashes if subject.record is None else hashes.get(subject.record.id)
    files = subject.source_files
    about, earlier = subject.embedding.provenance, []
    for model in experts:
        assert model.task is not None
        record = store.tasks.get(model.task)
        before = record.provenance
        same = bool(files) and files_of(record) == files
        if same or before.content_hash == about.content_hash:
            continue
        own = hashes.get(record.id)
        kept = 0.0
        if own is not None and target is not None and before.images < about.images:
            kept = count_shared(own, [target])[0].share
        grown = kept >= LEAST_KEPT or same_folder(record.source, subject.source)
        if grown and weights_of(workspace, model) is Weights.SOUND:
            earlier.append(
                EarlierExpert(
                    model=model.name, task=record.name, images=before.images, now=about.images
                )
            )
    return tuple(sorted(earlier, key=lambda each: (-each.images, each.model)))


def offer(expert: EarlierExpert, subject: Subject) -> str:
    """Return the sentence that offers an earlier expert, with the command."""
    on = subject.name if subject.record is not None else subject.source or subject.name
    return (
        f"{shown(expert.model)} is your expert of an earlier version of this data set, "
        f"{shown(expert.task)}, with {expert.images:,} images. It is not ranked: it was trained on "
        "images of this task, so its accuracy on them is too high. To train it on all images: "
        "`task2vec finetune "
        f"{shown(quote(on))} --from {shown(quote(expert.model))}`"
    )
