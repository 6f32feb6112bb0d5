"""A data set from the addresses of its images, fetched by the server itself."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from time import monotonic

from task2vec.errors import (
    DeadlineError,
    JobCancelledError,
    SourceError,
    Task2VecError,
    TooLargeError,
)
from task2vec.jobs.kind import Checked, Kind, resolved
from task2vec.messages.datasets import NewRemoteDataset, RemoteImage, StoredDataset
from task2vec.messages.work import FetchWork
from task2vec.service.datasets.datasets import accept
from task2vec.service.datasets.fetch_policy import FetchPolicy
from task2vec.service.datasets.fetching import Fetcher
from task2vec.service.datasets.packing import PACKED, Packer, image_name
from task2vec.service.uploads import begin_upload
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name

#: Told of (images done, images in all); returns whether to stop.
Progress = Callable[[int, int], bool]

_AT_ONCE = 8
# One image in ten: fewer are an accident, more are another data set than was asked for.
_TOLERATED = 10
_EXAMPLES = 3

_KINDS = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"RIFF", "webp"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tif"),
    (b"MM\0*", "tif"),
    *((f"P{digit}".encode(), "pnm") for digit in range(1, 7)),
)


def check(_: Workspace, question: NewRemoteDataset) -> Checked[FetchWork]:
    """Return what a job for the question is about; raises `SettingError` for an unusable name."""
    check_name(question.name)
    return Checked(resolved(FetchWork, question), question.name)


def check_manifest(policy: FetchPolicy, images: Sequence[RemoteImage]) -> None:
    """Raise what can be told without asking anybody, before any work.

    Raises:
        RefusedAddressError: for the first address that is not allowed.
        TooLargeError: for more images than the policy takes.
        SourceError: for a label that cannot name a class, or splits of some images only.
    """
    if len(images) > policy.images:
        raise TooLargeError(
            "These are more images than the server fetches",
            expected=f"at most {policy.images:,}",
            got=f"{len(images):,}",
        )
    if len({image.split is None for image in images}) > 1:
        raise SourceError(
            "Some images have a split and others have none",
            expected="a split for each image, or for none",
        )
    for image in images:
        policy.check(str(image.url))
    # Few labels, many images.
    for label in dict.fromkeys(image.label for image in images):
        image_name(f"{label}/0.jpg")


def run(
    workspace: Workspace,
    question: NewRemoteDataset,
    fetcher: Fetcher,
    *,
    retention: float,
    owner: str | None = None,
    progress: Progress | None = None,
) -> StoredDataset:
    """Fetch the images and take them in as one data set, kept for ``retention`` seconds.

    An image that cannot be had is left out, up to one in ten of them: else the first reasons are
    told and nothing is kept.

    Raises:
        RefusedAddressError: for an address, or where one leads, that is not allowed.
        DeadlineError: when all together takes longer than the policy allows.
        TooLargeError: beyond the policy's bytes.
        JobCancelledError: when ``progress`` says so.
        SourceError: when too many images cannot be had, or they are no data set.
        StoreFullError: when the disk is full.
    """
    policy, images = fetcher.policy, question.images
    check_manifest(policy, images)
    until = monotonic() + policy.seconds
    failures: list[str] = []
    with begin_upload(workspace, largest=policy.total_bytes) as upload:
        packer = Packer(upload, most=policy.images)
        for number, (image, found) in enumerate(_fetched(fetcher, images, until=until)):
            if isinstance(found, bytes):
                _pack(packer, image, found, number=number)
            else:
                failures.append(f"{image.url} ({found.problem})")
            if len(failures) * _TOLERATED > len(images):
                raise SourceError(
                    f"Too many of the {len(images):,} images cannot be had",
                    expected=f"fewer than one in {_TOLERATED} missing",
                    got="; ".join(failures[:_EXAMPLES]),
                )
            if progress is not None and progress(number + 1, len(images)):
                raise JobCancelledError("Fetching was cancelled")
        packer.close()
        warnings: tuple[str, ...] = ()
        if failures:
            examples = "; ".join(failures[:_EXAMPLES])
            warnings = (f"{len(failures)} of {len(images):,} images left out: {examples}",)
        return accept(
            workspace,
            upload.path,
            name=question.name,
            suffix=PACKED,
            retention=retention,
            owner=owner,
            warnings=warnings,
        )


def _fetched(
    fetcher: Fetcher, images: Sequence[RemoteImage], *, until: float
) -> Iterator[tuple[RemoteImage, bytes | Task2VecError]]:
    """Yield each image in order, or why it cannot be had; few are held in memory at once."""
    rest = iter(images)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as threads:
        waiting = [_begin(threads, fetcher, i, until) for i in islice(rest, 2 * _AT_ONCE)]
        try:
            while waiting:
                image, future = waiting.pop(0)
                yield image, future.result()
                waiting += [_begin(threads, fetcher, i, until) for i in islice(rest, 1)]
        finally:
            for _, future in waiting:
                future.cancel()


def _begin(
    threads: ThreadPoolExecutor, fetcher: Fetcher, image: RemoteImage, until: float
) -> tuple[RemoteImage, "Future[bytes | Task2VecError]"]:
    return image, threads.submit(_fetch, fetcher, image, until)


def _fetch(fetcher: Fetcher, image: RemoteImage, until: float) -> bytes | Task2VecError:
    """Return the image, or why it alone cannot be had; what concerns all is raised."""
    if monotonic() > until:
        raise DeadlineError(
            "Fetching takes too long",
            expected=f"all images within {fetcher.policy.seconds:g} seconds",
        )
    try:
        found = fetcher.fetch(str(image.url), until=until)
    except (SourceError, TooLargeError, DeadlineError) as error:
        return error
    return found if _kind(found) else SourceError("no image of a kind that is read")


def _pack(packer: Packer, image: RemoteImage, data: bytes, *, number: int) -> None:
    split = f"{image.split}/" if image.split else ""
    packer.begin(f"{split}{image.label}/{number:06}.{_kind(data)}")
    packer.write(data)
    packer.end()


def _kind(data: bytes) -> str | None:
    """Return the ending of the kind of image that the first bytes tell."""
    return next((kind for magic, kind in _KINDS if data.startswith(magic)), None)


FETCH = Kind(NewRemoteDataset, FetchWork, check)
