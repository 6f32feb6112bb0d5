"""Which stored tasks share images with a target: they are no evidence for it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import ceil

from task2vec.data.wording import copies, examples, few, plural, shown
from task2vec.errors import UnknownNameError
from task2vec.messages.models import Model
from task2vec.messages.neighbours import Neighbour
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.recommendation_question import MOST_SHARED
from task2vec.messages.recommendations import (
    SharedImages,
)
from task2vec.messages.tasks import StoredTask, TaskListing
from task2vec.recommendation.evidence.leaks import Shared, count_shared
from task2vec.service.tasks.subjects import Subject, files_of, same_folder
from task2vec.service.workspace import Workspace
from task2vec.store.store import Store
from task2vec.types.image_hashes import ImageHashes

#: Tasks that are named in a warning of their own each.
_NAMED = 5


@dataclass(frozen=True)
class SharedTasks:
    """``findings`` are of all tasks that share an image, ``excluded`` the ids of those too alike.

    ``own`` is the id of the target itself, where it is stored. ``warnings`` tell of what is
    excluded, and where nothing could be looked for. ``shares`` are those of the target's images, by
    the ids of the tasks that are discounted and not excluded. ``same`` are the names of the tasks
    that are the target under another name, seed or number of images, equal images first.
    """

    findings: tuple[SharedImages, ...] = ()
    excluded: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    own: str | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    same: tuple[str, ...] = ()

    def seen(self, models: Iterable[Model]) -> dict[str, float]:
        """Return by model id the share of the target's images that it was trained on, if any."""
        found = {}
        for model in models:
            tasks = [task for task in (model.task, *model.lineage) if task is not None]
            share = max((self.shares.get(task, 0.0) for task in tasks), default=0.0)
            if share:
                found[model.id] = share
        return found

    def models(self, models: Iterable[Model]) -> list[Model]:
        """Return the models that may count.

        Those are no experts of an excluded task, nor fine-tuned from one, however far back; nor
        from an expert of the target, which has seen all of its images.
        """
        return [
            model
            for model in models
            if model.task not in self.excluded and not self.descends(model)
        ]

    def descends(self, model: Model) -> bool:
        """Return whether a start of the model, or the start of that, had seen the target."""
        return any(task == self.own or task in self.excluded for task in model.lineage)

    def descended(self, models: Iterable[Model]) -> list[str]:
        """Return the warning that names those that descend from such a start, [] for none."""
        found = [m.name for m in models if m.task not in self.excluded and self.descends(m)]
        if not found:
            return []
        return [
            "not offered, because they were fine-tuned from a model that has seen images of this "
            f"task: {examples(found)}"
        ]

    def outcomes(
        self, outcomes: Iterable[StoredOutcome], models: Iterable[Model]
    ) -> list[StoredOutcome]:
        """Return the outcomes that may count: on no excluded task, of ``models`` that may."""
        allowed = {model.id for model in self.models(models)}
        return [
            outcome
            for outcome in outcomes
            if outcome.task not in self.excluded and outcome.model in allowed
        ]


def find_shared(
    workspace: Workspace, subject: Subject, *, most: float = MOST_SHARED, bundles: bool = True
) -> SharedTasks:
    """Look for the target's images in all stored tasks but itself, whatever their space.

    Without ``bundles`` those that bundles brought are passed over.

    A task with more than the share ``most`` of them is excluded. A task with the same images and
    labels, or embedded from the same files, is the target under another name, seed or number of
    images: it is excluded even where other images were drawn. So is one from the same folder that
    shares an image: the folder as it was before.
    Raises `StoreCorruptError` for hashes that are damaged.
    """
    store = workspace.existing_store()
    if store is None:
        return SharedTasks()
    own = None if subject.record is None else subject.record.id
    listing = TaskListing(bundles=bundles)
    records = [record for record in store.tasks.list(listing) if record.id != own]
    hashes = store.tasks.all_image_hashes()
    target = subject.hashes if own is None else hashes.get(own)
    found = _found(subject, target, [(each, hashes.get(each.id)) for each in records], most=most)
    found.sort(key=lambda each: (-each[1].images, each[1].task))
    excluded = [finding for _, finding in found if finding.excluded]
    ids = frozenset(id_ for id_, finding in found if finding.excluded)
    same = _same(subject, records)
    others = [finding for finding in excluded if finding.task not in same]
    warnings = (
        *_copies(subject, same),
        *map(_told, others[:_NAMED]),
        *_rest(others[_NAMED:]),
        *_unknown(subject, target, records, looked_at={*hashes, *ids}),
    )
    shares = {id_: finding.share for id_, finding in found if not finding.excluded}
    return SharedTasks(tuple(finding for _, finding in found), ids, warnings, own, shares, same)


def mark_shared(store: Store, subject: Subject, found: Sequence[Neighbour]) -> list[Neighbour]:
    """Return the neighbours of a task, each with its number of images and what it shares of them.

    Only their hashes are read. Raises `StoreCorruptError` for hashes that are damaged.
    """
    own, target = subject.record, subject.hashes
    # Whatever was removed since it was found is left unmarked.
    if own is not None:
        with suppress(UnknownNameError):
            target = store.tasks.image_hashes(own.id)
    known = store.tasks.with_image_hashes([neighbour.id for neighbour in found])
    findings = dict(_found(subject, target, known))
    looked_at = {
        record.id for record, own_hashes in known if target is not None and own_hashes is not None
    }
    counts = {record.id: record.provenance.images for record, _ in known}
    marked = []
    for neighbour in found:
        fields: dict[str, object] = {"images": counts.get(neighbour.id)}
        if neighbour.id in looked_at or neighbour.id in findings:
            fields |= _shared(findings.get(neighbour.id))
        marked.append(neighbour.model_copy(update=fields))
    return marked


def shared_between(workspace: Workspace, source: Subject, target: Subject) -> SharedImages | None:
    """Return what the source has of the target's images, where any; each is stored or embedded now.

    None too where the hashes of either are not known. Raises `StoreCorruptError` for hashes that
    are damaged.
    """
    of, has = (_hashes(workspace, side) for side in (target, source))
    counted = None if of is None or has is None else count_shared(of, [has])[0]
    return _finding(
        replace(target, files=target.source_files),
        source.name,
        counted,
        content=source.embedding.provenance.content_hash,
        files=source.source_files,
    )


def _hashes(workspace: Workspace, subject: Subject) -> ImageHashes | None:
    if subject.record is None:
        return subject.hashes
    # Whatever was removed since tells nothing.
    with suppress(UnknownNameError):
        return workspace.store().tasks.image_hashes(subject.record.id)
    return None


def _shared(finding: SharedImages | None) -> dict[str, object]:
    """Return the fields of a `Neighbour` that tell what it shares."""
    return {
        "shares_images": finding is not None,
        "shared_images": 0 if finding is None else finding.images,
        "shared_share": 0.0 if finding is None else finding.share,
    }


def _found(
    subject: Subject,
    target: ImageHashes | None,
    known: Sequence[tuple[StoredTask, ImageHashes | None]],
    *,
    most: float = MOST_SHARED,
) -> list[tuple[str, SharedImages]]:
    """Return the findings among tasks with their hashes, each with the id of its task."""
    counts: dict[str, Shared] = {}
    if target is not None:
        hashed = {record.id: hashes for record, hashes in known if hashes is not None}
        counts = dict(zip(hashed, count_shared(target, list(hashed.values())), strict=True))
    found = []
    for record, _ in known:
        finding = _finding(
            subject,
            record.name,
            counts.get(record.id),
            content=record.provenance.content_hash,
            files=files_of(record),
            folder=record.source,
            most=most,
        )
        if finding is not None:
            found.append((record.id, finding))
    return found


def _finding(
    subject: Subject,
    name: str,
    counted: Shared | None,
    *,
    content: str,
    files: str,
    folder: str = "",
    most: float = MOST_SHARED,
) -> SharedImages | None:
    """Return what a task of such images shares with the subject, None for nothing."""
    about = subject.embedding.provenance
    same = content == about.content_hash
    same_files = bool(subject.files) and files == subject.files
    count = counted or Shared(0, 0, about.images)
    if same and counted is None:
        count = Shared(about.images, about.images, about.images)
    if not (count.images or same or same_files):
        return None
    earlier = bool(count.images) and same_folder(folder, subject.source)
    return SharedImages(
        task=name,
        images=count.images,
        of=count.of,
        share=count.share,
        exact=count.exact,
        same_source=same or same_files or earlier,
        excluded=count.leaks(most) or same or same_files or earlier,
    )


def _same(subject: Subject, records: Sequence[StoredTask]) -> tuple[str, ...]:
    """Return the names of the tasks of equal images and labels, then those of the same files."""
    content = subject.embedding.provenance.content_hash
    equal = sorted(r.name for r in records if r.provenance.content_hash == content)
    files = sorted(r.name for r in records if subject.files and files_of(r) == subject.files)
    return tuple(dict.fromkeys((*equal, *files)))


def _copies(subject: Subject, same: Sequence[str]) -> list[str]:
    if not same:
        return []
    task, have, its = ("tasks", "have", "their") if len(same) > 1 else ("task", "has", "its")
    names = few(same, lambda name: f"'{shown(name)}'")
    named = f"the stored {task} {names}"
    unused = f"so {its} experts and outcomes are not used"
    if subject.record is None:
        return [f"these are the images of {named}, {unused}"]
    return [f"{named} {have} the same images, {unused}"]


def _told(found: SharedImages) -> str:
    whose = f"of your {plural(found.of, 'image')}"
    remedy = ""
    if found.exact < found.images and not found.same_source:
        # They may be other images.
        kept = min(1.0, ceil(100 * found.share) / 100)
        remedy = f". If they are other images, `--max-shared {kept:g}` keeps the task as evidence"
    what = copies(found.images, whose, found.task, share=found.share, exact=found.exact)
    return f"{what}, so its experts and its outcomes are not used{remedy}"


def _rest(found: Sequence[SharedImages]) -> list[str]:
    if not found:
        return []
    return [f"{plural(len(found), 'more task')} with images of this one are not used either"]


def _unknown(
    subject: Subject,
    target: ImageHashes | None,
    records: Sequence[StoredTask],
    *,
    looked_at: set[str],
) -> list[str]:
    """Say of which tasks that could be evidence nothing is known."""
    space = subject.embedding.space
    # Bundles have no hashes, to reveal nothing of their images: docs/bundles.md says so.
    own = [record for record in records if record.bundle is None]
    others = [record for record in own if record.provenance.space == space]
    if target is None and others:
        return [
            "shared images were not looked for: the hashes of this task's images are not stored, "
            "embed it again with `update`"
        ]
    unseen = [record.name for record in others if record.id not in looked_at]
    if not unseen:
        return []
    return [
        f"shared images were not looked for in {plural(len(unseen), 'known task')}, whose images "
        f"have no hashes in the store: {examples(unseen)}"
    ]
