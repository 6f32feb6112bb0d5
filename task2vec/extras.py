"""Which extra brings a package that is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from task2vec.errors import MissingExtraError

_SERVER = (
    *("fastapi", "httpcore2", "limits", "prometheus_client", "psutil"),
    *("python_multipart", "pythonjsonlogger", "starlette", "uvicorn"),
)
# What is missing may be brought by another extra than `local`.
_ONNX = dict.fromkeys(("onnx", "onnxscript", "onnx_ir", "ml_dtypes"), "onnx")
_EXTRAS = {"umap": "umap", "pyarrow": "parquet", **_ONNX, **dict.fromkeys(_SERVER, "server")}
_ELSEWHERE = ", or let a server do the work: `task2vec.Client(url)`, `--url` on the command line"


def missing_extra(error: ModuleNotFoundError, *, what: str) -> MissingExtraError:
    """Return what it means that an import failed; ``what`` is what needed the package."""
    package = (error.name or str(error)).partition(".")[0]
    extra = _EXTRAS.get(package, "local")
    return MissingExtraError(
        f"{what} needs {package}, which is not installed",
        remedy=f"pip install 'task2vec[{extra}]'{_ELSEWHERE if extra == 'local' else ''}.",
    )


def lacking_at(place: str, error: MissingExtraError) -> MissingExtraError:
    """Return the error for somebody elsewhere: what is missing is so at ``place``, not there."""
    return MissingExtraError(
        f"{error.problem.removesuffix('.')} (on the {place}, not here)",
        expected=error.expected,
        got=error.got,
        remedy=error.remedy and f"On the machine of the {place}: {error.remedy}",
    )


@contextmanager
def needing_extras(what: str) -> Iterator[None]:
    """Raise `MissingExtraError` where an import in the block finds a package not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing_extra(error, what=what) from error
