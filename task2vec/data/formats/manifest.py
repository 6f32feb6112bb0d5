"""A CSV or JSON Lines file that lists images with their labels.

The columns are ``path``, ``label`` and, if wanted, ``split``, or are called as
`task2vec.data.formats.columns` knows them; a CSV file names them in its first line. Paths are
relative to the folder of the manifest, or absolute. The listed files are opened whatever their
names end in, and links are followed, since somebody wrote each of them down. In a list that is not
trusted, somebody may have written down what is not theirs: there, absolute paths and ``..`` are
refused and links that lead out of the manifest's folder are not followed.
"""

import os
import posixpath

from task2vec.data.build import build_from_places
from task2vec.data.formats.rows import Row, csv_rows, encoding_error, jsonl_rows, line_error
from task2vec.data.formats.source_format import SourceFile, SourceFormat
from task2vec.data.paths import not_opened
from task2vec.data.pixels.files import LEADS_OUT, FileReader, inside, leads_out, stamp
from task2vec.data.task import Task
from task2vec.data.wording import remarks
from task2vec.errors import SourceError


class Manifest(SourceFormat):
    """A CSV or JSON Lines file, opened by itself."""

    suffixes = (".csv", ".jsonl")

    def open_file(self, file: SourceFile) -> Task:
        """List the images; raises `SourceError`, naming the line, for what cannot be used."""
        listed, repeated = _listed(file)
        if not listed:
            raise SourceError(f"{file.source} lists no images", expected="a line for each image")
        root = str(file.path.resolve().parent)
        paths = {key: os.path.join(root, key) for key in listed}  # noqa: PTH118
        bound = None if file.trusted else root
        stamps = {key: _stamp(path, root=bound) for key, path in paths.items()}
        missing = [key for key, found in stamps.items() if found is None]
        warnings = remarks(repeated, "line", "listed again")
        warnings += remarks(missing, "listed file", "not found")
        return build_from_places(
            {key: (row.label, row.split) for key, row in listed.items()},
            name=file.name,
            source=file.source,
            stamps=[found or "missing" for found in stamps.values()],
            warnings=warnings,
            reader=FileReader(paths, root=bound),
        )


def _listed(file: SourceFile) -> tuple[dict[str, Row], list[str]]:
    """Return the first row of each image by its path, and the paths that were listed again."""
    source = file.source
    rows = csv_rows if file.path.name.lower().endswith(".csv") else jsonl_rows
    listed: dict[str, Row] = {}
    repeated: list[str] = []
    try:
        # Excel writes a byte order mark.
        with file.path.open(encoding="utf-8-sig", newline="") as text:
            for row in rows(text, source):
                key = posixpath.normpath(row.path)
                if not file.trusted and leads_out(row.path):
                    raise line_error(
                        source, line=row.line, expected="a path below the list", got=row.path
                    )
                first = listed.setdefault(key, row)
                if (first.label, first.split) != (row.label, row.split):
                    raise line_error(
                        source, line=row.line, got=f"{key}, listed otherwise in line {first.line}"
                    )
                if first is not row:
                    repeated.append(key)
    except OSError as error:
        raise not_opened(source, error) from error
    except UnicodeDecodeError as error:
        raise encoding_error(source, error=error) from error
    return listed, repeated


def _stamp(path: str, *, root: str | None) -> str | None:
    if root is not None and not inside(path, root=root):
        # Whether there is something outside is nobody's business either.
        return LEADS_OUT
    try:
        return stamp(os.stat(path))  # noqa: PTH116
    except OSError:
        return None
