"""Bundles: what is known of tasks, in a file that can be shared without an image."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from task2vec.atomic_file import atomic_file, check_place, writable
from task2vec.client.methods import Call, M, Part
from task2vec.client.questions import ask, texts
from task2vec.client.request import delete, get, post
from task2vec.client.upload.payload import Payload
from task2vec.data.paths import reason
from task2vec.errors import InputError
from task2vec.messages.bundles import (
    SHIPPED,
    Bundle,
    BundleExport,
    ImportedBundle,
    bundle_import,
)
from task2vec.messages.bundles import Bundles as Listed

_WHAT = "The bundle"


class Bundles(Part[M]):
    """The bundles of a store."""

    @Call
    async def list(self) -> tuple[Bundle, ...]:
        """Return all bundles that were imported, by name."""
        return (await self.backend.ask(get(Listed, "/bundles"))).bundles

    @Call
    async def export(
        self,
        path: str | os.PathLike[str],
        *,
        name: str,
        version: str = "1",
        maker: str | None = None,
        licence: str | None = None,
        licences: Mapping[str, str] | None = None,
        tasks: Sequence[str] = (),
        tag: str | None = None,
        class_names: bool = True,
        image_hashes: bool = False,
        small: bool = False,
    ) -> Bundle:
        """Write tasks of your own to a bundle, with what packaged models reach on them.

        ``licence`` is a note on all tasks, ``licences`` are notes by the name of the task.
        ``tasks`` and ``tag`` choose some tasks, ``class_names=False`` writes numbers in place of
        the names of classes, ``image_hashes`` also what shared images are found by, and ``small``
        keeps fewer digits.

        Raises `UnknownNameError`, `StateError` for a task that came with a bundle, and `InputError`
        where there is no task, or the file cannot be written.
        """
        question = ask(
            BundleExport,
            name=name,
            version=version,
            maker=maker,
            licence=licence,
            licences=dict(licences or {}),
            tasks=texts("tasks", tasks),
            tag=tag,
            class_names=class_names,
            image_hashes=image_hashes,
            small=small,
        )
        place = Path(path)
        await self.backend.compute(lambda: _check(place))
        content = await self.backend.ask(post(bytes, "/bundles:export", question=question))
        return await self.backend.compute(lambda: _save(place, content))

    @Call
    async def import_bundle(
        self, path: str | os.PathLike[str], *, name: str | None = None, update: bool = False
    ) -> ImportedBundle:
        """Take in the bundle in a file, all of it or nothing; its tasks are called ``NAME/TASK``.

        ``name`` is what it is called here, by default what its file says; ``update`` replaces the
        bundle of that name. The same contents are taken in once.

        Raises `InputError` for a file that is none, and `NameTakenError`.
        """
        question = bundle_import(name, update=update)
        place = Path(path).expanduser()
        payload = await self.backend.compute(lambda: _payload(place))
        return await self.backend.ask(
            post(ImportedBundle, "/bundles", question=question, bundle=payload)
        )

    @Call
    async def import_shipped(self, name: str = SHIPPED) -> ImportedBundle:
        """Take in the bundle that ships with task2vec, so that its tasks are listed and drawn, too.

        `recommend` uses them anyhow. Raises `UnknownNameError` for another name.
        """
        return await self.backend.ask(post(ImportedBundle, "/bundles/{}:import", name))

    @Call
    async def remove(self, bundle: Bundle | str, *, cascade: bool = False) -> None:
        """Remove a bundle with all that it brought.

        Raises `UnknownNameError`, and `StateError` when experts or outcomes of your own hang on its
        tasks without ``cascade``.
        """
        name = bundle if isinstance(bundle, str) else bundle.name
        await self.backend.ask(delete("/bundles/{}", name, cascade=cascade))


def _check(path: Path) -> None:
    with writable(_WHAT, path):
        check_place(path)


def _save(path: Path, content: bytes) -> Bundle:
    from task2vec.embedding.bundle_file import read_bundle

    with writable(_WHAT, path), atomic_file(path) as partial:
        partial.write_bytes(content)
        return read_bundle(partial).record()


def _payload(path: Path) -> Payload:
    try:
        return Payload.of_file(path, name=path.name, suffix=".bundle")
    except OSError as error:
        raise InputError(f"{path} cannot be read", got=reason(error)) from error
