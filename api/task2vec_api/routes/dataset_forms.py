"""The form that a data set is uploaded by."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from task2vec.errors import InputError
from task2vec.service.datasets.datasets import format_of
from task2vec.service.datasets.packing import PACKED, Packer
from task2vec.service.uploads import Upload, begin_upload
from task2vec.service.workspace import Workspace
from task2vec.types.names import LONGEST_NAME, NEW_NAME_PATTERN
from task2vec_api.forms import Part, TextPart, UploadPart

_MOST_IMAGES = 100_000

_NAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_NAME,
    "pattern": NEW_NAME_PATTERN,
}
_LABELLED = {
    "type": "string",
    "enum": ["true", "false"],
    "default": "true",
    "description": "`false`: the images have no labels, and can only be classified. Give it "
    "before `images`, whose file names then need no class.",
}
FORM: dict[str, Any] = {
    "multipart/form-data": {
        "schema": {
            "oneOf": [
                {
                    "title": "An archive",
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "An archive of one folder of images per class.",
                        },
                        "name": {
                            **_NAME,
                            "description": "Default: the file's name without its ending.",
                        },
                        "labelled": _LABELLED,
                    },
                },
                {
                    "title": "Images",
                    "type": "object",
                    "required": ["name", "images"],
                    "additionalProperties": False,
                    "properties": {
                        "images": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Their file names are `label/name.jpg` or "
                            "`split/label/name.jpg`.",
                        },
                        "name": _NAME,
                        "labelled": _LABELLED,
                    },
                },
            ],
        },
        "example": {"name": "greek_capitals"},
    }
}


@dataclass(frozen=True)
class Sent:
    """A data set as it was received; ``sha256`` is None where it has yet to be taken."""

    path: Path
    name: str
    suffix: str
    sha256: str | None
    labelled: bool


class DatasetForm:
    """Takes in the fields as they come; leaving it removes what was not taken over."""

    def __init__(self, workspace: Workspace, *, largest: int) -> None:
        self._workspace = workspace
        self._largest = largest
        self._stack = ExitStack()
        self._name: TextPart | None = None
        self._labelled: TextPart | None = None
        self._file: UploadPart | None = None
        self._filename = ""
        self._packing: tuple[Upload, Packer] | None = None

    def open(self, field: str, filename: str | None) -> Part:
        """Give a part its place; raises `InputError` for one that does not belong there."""
        if field == "name" and filename is None and self._name is None:
            self._name = TextPart()
            return self._name
        if field == "labelled" and filename is None and self._labelled is None:
            self._labelled = TextPart()
            return self._labelled
        if field == "file" and filename is not None and self._packing is None:
            return self._open_file(filename)
        if field == "images" and filename is not None and self._file is None:
            return self._open_image(filename)
        raise InputError(
            "The form has a field that does not belong there",
            expected="one name, one labelled, and either one file or many images, each with a file "
            "name",
            got=repr(field[:100]),
        )

    def complete(self) -> Sent:
        """Return what came. Raises `InputError` when it was nothing, or has no name."""
        name = None if self._name is None else self._name.value
        if self._file is not None:
            suffix = format_of(self._filename)
            stem = self._filename.replace("\\", "/").rpartition("/")[2][: -len(suffix)]
            path = self._file.complete("file")
            return Sent(path, name or stem, suffix, self._file.upload.sha256, self._has_labels())
        if self._packing is None:
            raise InputError("The form holds no images", expected="a file, or images")
        if not name:
            raise InputError("The data set has no name", expected="the field name")
        upload, packer = self._packing
        packer.close()
        return Sent(upload.path, name, PACKED, None, self._has_labels())

    def _has_labels(self) -> bool:
        text = "true" if self._labelled is None else self._labelled.value
        if text not in ("true", "false"):
            raise InputError(
                "Whether the images have labels is not clear",
                expected="true or false in the field labelled",
                got=repr((text or "")[:100]),
            )
        return text == "true"

    def _open_file(self, filename: str) -> Part:
        # Told before the first byte is written.
        format_of(filename)
        if self._file is None:
            self._filename = filename
            self._file = UploadPart(self._begin())
        return self._file.begin()

    def _open_image(self, filename: str) -> Part:
        if self._packing is None:
            upload = self._begin()
            self._packing = upload, Packer(upload, most=_MOST_IMAGES, labelled=self._has_labels())
        packer = self._packing[1]
        packer.begin(filename)
        return packer

    def _begin(self) -> Upload:
        upload = begin_upload(self._workspace, largest=self._largest)
        return self._stack.enter_context(upload)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
