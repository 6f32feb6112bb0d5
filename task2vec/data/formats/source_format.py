"""What every format of labelled image sets offers: a way in from a file, a tree or an object."""

from dataclasses import dataclass
from pathlib import Path

from task2vec.data.containers.tree import Tree
from task2vec.data.pixels.files import read_file
from task2vec.data.pixels.limits import MAX_DOCUMENT_BYTES, MAX_SENT_DOCUMENT_BYTES
from task2vec.data.task import Task
from task2vec.errors import SourceError


def largest_document(*, trusted: bool) -> int:
    """Return the most bytes of a document that lists images, by whether its source is trusted."""
    return MAX_DOCUMENT_BYTES if trusted else MAX_SENT_DOCUMENT_BYTES


@dataclass(frozen=True)
class SourceFile:
    """A regular file to be opened as a task called ``name``; ``source`` is shown for its path.

    Of one that is not ``trusted`` (somebody sent it), nothing is read but what lies in its folder.
    """

    path: Path
    name: str
    source: str
    trusted: bool = True

    @property
    def largest(self) -> int:
        """The most bytes of a document."""
        return largest_document(trusted=self.trusted)

    def contents(self) -> bytes:
        """Return the bytes of the file; raises `SourceError` where they cannot be had."""
        data = read_file(str(self.path), largest=self.largest)
        if isinstance(data, bytes):
            return data
        raise SourceError(f"{self.source} cannot be opened", got=data.problem)


class SourceFormat:
    """One kind of labelled image set; a subclass overrides the ways in that its kind has.

    Each lists the images without reading them, ends in `task2vec.data.build`, reports what it
    leaves out, and refuses what could harm by `SourceError`. `task2vec.data.open.FORMATS` holds one
    of each.
    """

    #: How the names of its files end, in lower case.
    suffixes: tuple[str, ...] = ()

    def open_file(self, file: SourceFile) -> Task:
        """List the images of a file that ends in one of ``suffixes``."""
        raise NotImplementedError

    def open_tree(self, tree: Tree, *, name: str) -> Task | None:  # noqa: ARG002
        """List the images of a folder or an archive; None where it is of another kind."""
        return None

    def open_object(self, given: object, *, name: str | None) -> Task | None:  # noqa: ARG002
        """List the images of an object in memory; None where it is of another kind."""
        return None
