"""Reading an embedding that somebody sent, with a look at what it may hold.

This module imports neither torch nor the database.
"""

import re
from math import isfinite
from pathlib import Path

from task2vec.embedding.files import load_details, load_embedding, load_hashes
from task2vec.errors import InputError, SpaceMismatchError, TooLargeError
from task2vec.messages.base import MOST_WHOLE
from task2vec.probe.registry import elements_by
from task2vec.types import Estimator, HeadFit, Provenance, TaskEmbedding
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import ImageHashes
from task2vec.types.names import MODEL_REFERENCE, is_name
from task2vec.types.provenance import impossible_provenance as impossible

_MOST_HASHES = 100_000
# As long as the name of a folder, which is that of a class.
_LONGEST_TEXT = 255
_MOST_CLASSES = 100_000
_MOST_VERSIONS = 100
_MOST_IMAGES = 10**9
#: Of an embedding; reading a data set gives a handful, with a few examples each.
MOST_WARNINGS = 100
LONGEST_WARNING = 10_000
_MOST_DRAWS = 10**6
_LARGEST_SEED = 2**63 - 1
_FURTHEST = 2.0
# Embedders make 8.
_MOST_GROUPS = 64
_REFERENCE = re.compile(MODEL_REFERENCE)


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
    check_hashes(hashes, embedding)
    return hashes


def check_hashes(hashes: ImageHashes | None, embedding: TaskEmbedding) -> None:
    """Raise `InputError` for image hashes that cannot be the embedding's."""
    images = embedding.provenance.images
    if hashes is not None and not images <= len(hashes) <= _MOST_HASHES:
        raise InputError(
            "The image hashes are not those of the embedding",
            expected=f"one for each image: {images:,}, and at most {_MOST_HASHES:,} where it took "
            "fewer images than were drawn",
            got=f"{len(hashes):,}",
        )


def read_details(path: Path, embedding: TaskEmbedding) -> EmbeddingDetails | None:
    """Return the details in a file that `read_embedding` has read; None where it has none.

    Raises `InputError` for those that cannot be the embedding's.
    """
    details = load_details(path, embedding)
    check_details(details)
    return details


def check_details(details: EmbeddingDetails | None) -> None:
    """Raise `InputError` for details of more images than an embedding is made of."""
    classes = None if details is None else details.classes
    counted = sum(each.images for each in classes or ())
    if counted > _MOST_HASHES:
        raise InputError(
            "The details are not those of the embedding",
            expected=f"classes of at most {_MOST_HASHES:,} images together",
            got=f"{counted:,}",
        )


def check_provenance(provenance: Provenance) -> None:
    """Raise `InputError`, saying what is expected, for a provenance that no embedder writes."""
    space = provenance.space
    if not 2 <= provenance.classes <= provenance.images <= _MOST_IMAGES:
        raise impossible(f"2 classes, with an image of each, to {_MOST_IMAGES:,} images")
    if not (0 <= provenance.draws <= _MOST_DRAWS and 0 <= provenance.seed <= _LARGEST_SEED):
        raise impossible(f"draws from 0 to {_MOST_DRAWS:,}, and a seed from 0 to {_LARGEST_SEED}")
    families = {estimator.value: estimator.family for estimator in Estimator}
    if families.get(provenance.estimator) != space.estimator:
        raise impossible(
            f"an estimator of {', '.join(Estimator)}, and the family it belongs to",
            got=f"{provenance.estimator!r:.100}, {space.estimator!r:.100}",
        )
    # No two embeddings are further apart than that.
    if not 0 <= provenance.standard_error <= _FURTHEST:
        raise impossible(
            f"a standard error from 0 to {_FURTHEST}", got=str(provenance.standard_error)
        )
    if not 0 <= (provenance.head_error or 0.0) <= _FURTHEST:
        raise impossible(f"a head error from 0 to {_FURTHEST}", got=str(provenance.head_error))
    _check_head(provenance.head)
    if not all(isfinite(n) and n >= 0 for n in (space.head_penalty, space.prior_precision)):
        raise impossible("a head penalty and a prior precision of at least 0")
    if len(provenance.class_names) != provenance.classes or provenance.classes > _MOST_CLASSES:
        raise impossible(f"a name for each class, and at most {_MOST_CLASSES:,} classes")
    names = provenance.class_names
    if len(set(names)) < len(names) or not all(name.strip() for name in names):
        raise impossible("classes of different names, none of them empty")
    if not _is_probe(provenance.probe_name):
        raise impossible(
            "a probe's name or its reference, and no path", got=f"{provenance.probe_name!r:.100}"
        )
    texts = (
        provenance.probe_name,
        provenance.estimator,
        provenance.content_hash,
        space.probe,
        space.estimator,
        *provenance.class_names,
        *provenance.versions,
        *provenance.versions.values(),
    )
    if not all(map(_is_text, texts)) or len(provenance.versions) > _MOST_VERSIONS:
        raise impossible(f"texts of at most {_LONGEST_TEXT} printable characters")
    warnings = provenance.warnings
    if len(warnings) > MOST_WARNINGS or not all(
        text.isprintable() and len(text) <= LONGEST_WARNING for text in warnings
    ):
        raise impossible(
            f"at most {MOST_WARNINGS} warnings, of up to {LONGEST_WARNING:,} printable characters"
        )


def check_embedding(embedding: TaskEmbedding) -> None:
    """Raise `InputError` for an embedding that no embedder writes: see `check_provenance`.

    It is a `SpaceMismatchError` where the number of elements is another than its probe gives.

    A store learns from the first task of a space how many elements its embeddings have. Were that
    one cut, it would refuse all sound ones: of packaged probes the number is known.
    """
    check_provenance(embedding.provenance)
    groups = len(embedding.replicates)
    if groups > _MOST_GROUPS:
        raise impossible(f"replicates from at most {_MOST_GROUPS} groups", got=str(groups))
    elements, found = elements_by(embedding.space.probe), len(embedding.values)
    if elements not in (None, found):
        raise SpaceMismatchError(
            "This embedding does not fit its space",
            expected=f"{elements:,} elements, as its probe gives",
            got=f"{found:,}",
            remedy="Export it anew with `task2vec export`, or embed the images here.",
        )


def _check_head(head: HeadFit) -> None:
    if not all(isfinite(n) and n >= 0 for n in (head.gradient_norm, head.loss)):
        raise impossible("a finite loss and gradient of the head")
    if not (0 <= head.training_accuracy <= 1 and 0 <= head.iterations <= MOST_WHOLE):
        raise impossible("an accuracy of the head from 0 to 1, after at least 0 iterations")


def _is_probe(name: str) -> bool:
    # Files of weights give probes any name; only references to other places have slashes.
    plain = is_name(name) and "/" not in name and "\\" not in name
    return ".." not in name and (plain or _REFERENCE.fullmatch(name) is not None)


def _is_text(text: str) -> bool:
    return text.isprintable() and len(text) <= _LONGEST_TEXT
