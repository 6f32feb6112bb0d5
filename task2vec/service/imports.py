"""Taking in embeddings that were computed elsewhere, after a look at where they come from."""

import zipfile
from pathlib import Path

from task2vec.distance import task_complexity
from task2vec.embedding.files import load_details, load_embedding, load_hashes
from task2vec.errors import InputError, SpaceMismatchError, TooLargeError
from task2vec.service.provenance import check_embedding
from task2vec.service.subjects import IMPORTED
from task2vec.service.workspace import Workspace
from task2vec.store.identity import check_name
from task2vec.types import TaskEmbedding, TaskRecord
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import ImageHashes

# The largest of known probes has 10^5 filters; values, errors and replicates take 20 bytes each.
_LARGEST = 64 * 2**20
_MEMBERS = 8
_MOST_HASHES = 100_000


def read_embedding(path: Path) -> tuple[str, TaskEmbedding]:
    """Return the name and the embedding of a file that somebody sent.

    Raises `InputError` for what is no embedding, `TooLargeError` for one that unpacks to more than
    any embedding takes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    # zipfile tells of damage by BadZipFile, struct.error, UnicodeDecodeError, ...
    except Exception as error:
        raise _no_embedding(type(error).__name__) from error
    if len(members) > _MEMBERS or sum(member.file_size for member in members) > _LARGEST:
        raise TooLargeError(
            "This is no embedding: it unpacks to more than one would",
            expected=f"at most {_LARGEST:,} bytes",
        )
    try:
        return load_embedding(path)
    except (InputError, MemoryError) as error:
        raise _no_embedding(getattr(error, "got", None)) from error


def read_hashes(path: Path, embedding: TaskEmbedding) -> ImageHashes | None:
    """Return the image hashes in a file that `read_embedding` has read; None where it has none.

    Raises `InputError` for those that cannot be the embedding's.
    """
    hashes = load_hashes(path)
    images = embedding.provenance.images
    if hashes is not None and not images <= len(hashes) <= _MOST_HASHES:
        raise InputError(
            "The image hashes are not those of the embedding",
            expected=f"one for each image: {images:,}, and at most {_MOST_HASHES:,} where it took "
            "fewer images than were drawn",
            got=f"{len(hashes):,}",
        )
    return hashes


def read_details(path: Path, embedding: TaskEmbedding) -> EmbeddingDetails | None:
    """Return the details in a file that `read_embedding` has read; None where it has none.

    Raises `InputError` for those that cannot be the embedding's.
    """
    details = load_details(path, embedding)
    classes = None if details is None else details.classes
    counted = sum(each.images for each in classes or ())
    if counted > _MOST_HASHES:
        raise InputError(
            "The details are not those of the embedding",
            expected=f"classes of at most {_MOST_HASHES:,} images together",
            got=f"{counted:,}",
        )
    return details


def add_embedding(
    workspace: Workspace,
    path: Path,
    *,
    name: str | None = None,
    tags: tuple[str, ...] = (),
    update: bool = False,
    any_space: bool = False,
) -> TaskRecord:
    """Add the embedding in the file ``path`` as a task; the record is on disk when this returns.

    Its numbers are checked against their checksum and its space against those of the stored tasks:
    an embedding that nothing can be compared with is most likely a mistake. ``any_space`` takes it
    all the same, as does a store without tasks.

    Raises:
        InputError: for what is no embedding, or one whose provenance or image hashes cannot be.
        SpaceMismatchError: when no stored task is in its space, or those that are have another
            number of elements, which ``any_space`` does not excuse.
        NameTakenError: when the name is taken and ``update`` is not set.
        SettingError: for an unusable name.
    """
    stated, embedding = read_embedding(path)
    wanted = stated if name is None else name
    # Whether a task to be replaced has such a name, the store knows.
    check_name(wanted, new=not update)
    check_embedding(embedding)
    hashes = read_hashes(path, embedding)
    details = read_details(path, embedding)
    if not any_space:
        _check_space(workspace, embedding)
    record = TaskRecord(
        id="",
        name=wanted,
        provenance=embedding.provenance,
        complexity=task_complexity(embedding),
        seconds=0.0,
        source=IMPORTED,
        source_signature=f"{IMPORTED}:{embedding.provenance.content_hash}",
        created="",
        tags=tuple(dict.fromkeys(tags)),
        warnings=("embedded elsewhere: its images are not known here",),
    )
    return workspace.store(create=True).tasks.add(
        record, embedding, hashes=hashes, details=details, replace=update
    )


def _check_space(workspace: Workspace, embedding: TaskEmbedding) -> None:
    store = workspace.store(create=True)
    if len(store.index(embedding.space)):
        return
    others = store.tasks.page(limit=1)
    if not others:
        return
    try:
        embedding.space.check_same(others[0].provenance.space)
    except SpaceMismatchError as error:
        # The sides are told the other way round: what is expected is what is stored.
        raise SpaceMismatchError(
            "No stored task is in the space of this embedding: it could be compared with none",
            expected=error.got,
            got=error.expected,
            remedy="Embed the task with the probe and settings of the others, "
            "or ask an admin to import it.",
        ) from error


def _no_embedding(got: str | None) -> InputError:
    return InputError(
        "This file is no embedding",
        expected="a .npz file as `task2vec export` writes it",
        got=got,
    )
