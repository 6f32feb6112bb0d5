"""Files of embeddings that somebody sent, read with a look at what they may hold."""

from pathlib import Path

from task2vec.embedding.files import load_details, load_embedding, load_hashes
from task2vec.errors import InputError, TooLargeError
from task2vec.types import TaskEmbedding
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import ImageHashes

_MOST_HASHES = 100_000


def read_embedding(path: Path) -> tuple[str, TaskEmbedding]:
    """Return the name and the embedding of a file that somebody sent.

    Raises `InputError` for what is no embedding, `TooLargeError` for one that unpacks to more than
    any embedding takes.
    """
    try:
        return load_embedding(path)
    except TooLargeError:
        raise
    except (InputError, MemoryError) as error:
        raise InputError(
            "This file is no embedding",
            expected="a .npz file as `task2vec export` writes it",
            got=getattr(error, "got", None),
        ) from error


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
