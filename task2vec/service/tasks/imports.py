"""Taking in embeddings that were computed elsewhere, after a look at where they come from."""

from pathlib import Path

from task2vec.errors import SpaceMismatchError
from task2vec.messages.tasks import StoredTask
from task2vec.service.parsing.embeddings import (
    check_embedding,
    read_details,
    read_embedding,
    read_hashes,
)
from task2vec.service.parsing.parsers import Parser
from task2vec.service.tasks.subjects import IMPORTED
from task2vec.service.tasks.tasks import task_record
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name
from task2vec.types import TaskEmbedding


def add_embedding(
    workspace: Workspace,
    path: Path,
    *,
    name: str | None = None,
    tags: tuple[str, ...] = (),
    update: bool = False,
    any_space: bool = False,
) -> StoredTask:
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
    workspace.parse(Parser.EMBEDDING, path)
    stated, embedding = read_embedding(path)
    wanted = stated if name is None else name
    # Whether a task to be replaced has such a name, the store knows.
    check_name(wanted, new=not update)
    check_embedding(embedding)
    hashes = read_hashes(path, embedding)
    details = read_details(path, embedding)
    if not any_space:
        _check_space(workspace, embedding)
    record = task_record(
        embedding,
        name=wanted,
        seconds=0.0,
        source=IMPORTED,
        source_signature=f"{IMPORTED}:{embedding.provenance.content_hash}",
        tags=tuple(dict.fromkeys(tags)),
        warnings=(
            "embedded elsewhere: its images are not known here",
            *embedding.provenance.warnings,
        ),
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
