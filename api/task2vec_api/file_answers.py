"""Files as answers, whole or in parts; a part that cannot be given is told as other errors are."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, MalformedRangeHeader, RangeNotSatisfiable

from task2vec_api.errors import MalformedError


class FileAnswer(FileResponse):
    """The bytes of a file.

    Raises `MalformedError` for a Range that is none, `HTTPException` 416 for one beyond the file.
    """

    @classmethod
    def _parse_range_header(cls, http_range: str, file_size: int) -> Any:
        # Starlette itself answers both in plain text.
        try:
            return super()._parse_range_header(http_range, file_size)
        except MalformedRangeHeader as error:
            raise MalformedError(
                "The header Range cannot be understood",
                expected="bytes=FIRST-LAST, FIRST at most LAST",
                got=http_range[:100],
            ) from error
        except RangeNotSatisfiable as error:
            raise HTTPException(
                416,
                f"The file has {file_size:,} bytes, and none where Range says.",
                headers={"Content-Range": f"bytes */{file_size}"},
            ) from error
