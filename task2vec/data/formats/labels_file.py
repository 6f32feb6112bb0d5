"""A tree whose images are labelled by a file that lies with them.

The file is called ``labels``, ``annotations``, ``metadata``, ``train_labels``, or like a split, and
is CSV, JSON Lines or plain text. Of several, the one nearest to the top counts, with its namesakes
in other folders; those called like splits count together. It wins over class folders if at least
half of its lines name images of the tree.
"""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath

from task2vec.data.build import Place, build_from_places
from task2vec.data.containers.tree import DamagedDocumentError, Tree
from task2vec.data.formats.class_folders import lay_out
from task2vec.data.formats.lookup import Lookup, near_folders, split_of
from task2vec.data.formats.rows import (
    Row,
    TooManyLinesError,
    check_lines,
    csv_rows,
    encoding_error,
    jsonl_rows,
    line_error,
    text_rows,
)
from task2vec.data.formats.source_format import SourceFormat
from task2vec.data.task import SPLIT_NAMES, Task
from task2vec.data.wording import examples, remarks, shown
from task2vec.errors import SourceError

STEMS = ("labels", "annotations", "metadata", "train_labels")

_ROWS = {".csv": csv_rows, ".jsonl": jsonl_rows, ".txt": text_rows}


class LabelsFile(SourceFormat):
    """Images with a file of their labels, in a folder or an archive."""

    def open_tree(self, tree: Tree, *, name: str) -> Task | None:
        """Label the images by the tree's labels file; None if there is none that does.

        Raises `SourceError` where the file is unusable and the folders tell no classes either.
        """
        papers = _papers(tree.inventory.documents)
        if not papers or not tree.inventory.images:
            return None
        labels = {label for label, _ in lay_out(tree.inventory.images).places.values()}
        try:
            listing = _Listing.of(tree, papers)
            share = len(listing.places) / (len(listing.places) + len(listing.missing))
        except (DamagedDocumentError, TooManyLinesError):
            # That the folders stood in for such a list would go unnoticed.
            raise
        except SourceError:
            if len(labels) > 1:
                return None
            raise
        if share < 0.5 and len(labels) > 1:
            return None
        return _task(tree, listing, name=name)


@dataclass
class _Listing:
    """What the files say; ``missing`` are paths that they name and the tree does not have."""

    papers: list[str] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    useless: list[str] = field(default_factory=list)
    digest: str = ""

    @classmethod
    def of(cls, tree: Tree, papers: Sequence[str]) -> "_Listing":
        listing = cls()
        lookup = Lookup(tree.inventory.images)
        lines: dict[str, tuple[str, Row]] = {}
        digest = sha256()
        problem: SourceError | None = None
        for paper, contents in sorted(tree.documents(papers)):
            try:
                rows = _read(contents, paper=paper, source=tree.source)
            # The test images of a contest have no labels, while those of train have.
            except TooManyLinesError:
                raise
            except SourceError as error:
                problem = problem or error
                listing.useless.append(paper)
                continue
            digest.update(contents)
            listing.papers.append(paper)
            listing._take(rows, paper=paper, tree=tree, lookup=lookup, lines=lines)
        if not listing.places:
            raise problem or SourceError(
                f"{', '.join(listing.papers)} of {tree.source} names none of the images",
                expected=examples(tree.inventory.images),
                got=examples(listing.missing) or "no lines",
                remedy="Paths are relative to the file; the suffix may be left out.",
            )
        listing.digest = digest.hexdigest()
        return listing

    def _take(
        self,
        rows: Collection[Row],
        *,
        paper: str,
        tree: Tree,
        lookup: Lookup,
        lines: dict[str, tuple[str, Row]],
    ) -> None:
        split = split_of(paper)
        near = near_folders(paper, split=split, images=tree.inventory.images)
        for row in rows:
            key = lookup.find(row.path, near=near)
            if key is None:
                self.missing.append(row.path)
                continue
            place = row.label, row.split or split
            if self.places.setdefault(key, place) != place:
                first, other = lines[key]
                raise line_error(
                    f"{paper} of {tree.source}",
                    line=row.line,
                    got=f"{key}, listed otherwise in line {other.line} of {first}",
                )
            lines.setdefault(key, (paper, row))


def _task(tree: Tree, listing: _Listing, *, name: str) -> Task:
    inventory = tree.inventory
    papers = ", ".join(map(shown, listing.papers))
    used = {*listing.papers, *listing.useless}
    warnings = [f"labels read from {papers}", *inventory.warnings(used=used)]
    if listing.useless:
        warnings.append(f"no labels in {', '.join(map(shown, listing.useless))}")
    unlisted = [key for key in inventory.images if key not in listing.places]
    warnings += remarks(unlisted, "image", f"left out, not listed in {papers}")
    warnings += remarks(listing.missing, "listed file", "not found")
    return build_from_places(
        dict(sorted(listing.places.items())),
        name=name,
        source=tree.source,
        stamps=[tree.clock + inventory.images[key] for key in sorted(listing.places)],
        warnings=warnings,
        reader=tree.images,
    )


def _papers(documents: Collection[str]) -> list[str]:
    """Return the documents that count together as the labels file."""
    lists = [path for path in map(PurePosixPath, documents) if path.suffix.lower() in _ROWS]
    named = [path for path in lists if path.stem.casefold() in STEMS]
    if named:
        best = min(named, key=lambda p: (len(p.parts), STEMS.index(p.stem.casefold()), p))
        same = [p for p in named if (len(p.parts), p.name) == (len(best.parts), best.name)]
        return sorted(map(str, same))
    splits = [path for path in lists if path.stem.casefold() in SPLIT_NAMES]
    if not splits:
        return []
    best = min(splits, key=lambda p: (len(p.parts), p))
    return sorted(
        str(p) for p in splits if (p.parent, p.suffix.lower()) == (best.parent, best.suffix.lower())
    )


def _read(contents: bytes, *, paper: str, source: str) -> list[Row]:
    called = f"{shown(paper)} of {source}"
    # Before any is read: each takes 200 bytes of memory.
    check_lines(contents.count(b"\n"), called)
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise encoding_error(called, error=error) from error
    rows = _ROWS[PurePosixPath(paper).suffix.lower()]
    return list(rows(io.StringIO(text, newline=""), called))
