"""The map of all tasks of a space, however many, as columns."""

from collections.abc import Callable

from task2vec.data.wording import plural
from task2vec.messages.base import finite
from task2vec.messages.catalogue import MapColumns, MapColumnsQuestion
from task2vec.service.tasks.maps import twice
from task2vec.service.workspace import Workspace
from task2vec.store.index.layout import nothing

_DIGITS = 5


def map_columns(
    workspace: Workspace,
    question: MapColumnsQuestion,
    *,
    check: Callable[[], None] = nothing,
) -> MapColumns:
    """Place all tasks of a space in the plane; of none, all columns are empty.

    ``check`` is called several times a second while tasks are placed, and may raise to stop: those
    that were placed stay so, and the next call goes on.
    """
    store = workspace.existing_store()
    sizes = {} if store is None else store.tasks.space_sizes(probe=question.probe)
    if store is None or not sizes:
        return MapColumns()
    # The first of equally common ones, so that the same store gives the same map.
    space = max(sizes, key=sizes.__getitem__)
    layout = store.layout(space, check=check)
    again = [theirs for theirs, _ in store.tasks.brought_again(space)]
    left_out = {record.id for record in again}
    rows = [row for row, record in enumerate(layout.records) if record.id not in left_out]
    by_name = sorted(rows, key=lambda row: layout.records[row].name)
    records, pictured = [layout.records[row] for row in by_name], store.tasks.with_thumbnail()
    # Zero is added, so that none is written as -0.0.
    x, y = (layout.places[by_name].round(_DIGITS) + 0.0).T.tolist()
    others = sum(sizes.values()) - sizes[space]
    return MapColumns(
        space=space,
        ids=tuple(record.id for record in records),
        names=tuple(record.name for record in records),
        x=tuple(x),
        y=tuple(y),
        tags=tuple(record.tags for record in records),
        classes=tuple(record.classes for record in records),
        images=tuple(record.images for record in records),
        complexity=tuple(_known(record.complexity) for record in records),
        standard_error=tuple(_known(record.standard_error) for record in records),
        bundles=tuple(record.bundle for record in records),
        thumbnails=tuple(record.id in pictured for record in records),
        stress=layout.stress,
        landmarks=layout.landmarks,
        warnings=(*_elsewhere(others), *twice(again)),
    )


def _known(value: float | None) -> float | None:
    known = finite(value)
    return known if known is None else round(known, _DIGITS)


def _elsewhere(others: int) -> tuple[str, ...]:
    if not others:
        return ()
    return (
        f"left out, since they live in another space: {plural(others, 'task')}. Give `probe` for "
        "those of another probe.",
    )
