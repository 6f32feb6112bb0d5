"""The table of hostile files: what is sent to which route of a server."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from hostile import sent

GIB = 2**30
IMPORT = "/v1/tasks:import"


@dataclass(frozen=True)
class Row:
    """One line of the table: what is sent where, and how often at once."""

    name: str
    filename: str
    make: Callable[[], bytes]
    at_once: int = 1
    path: str = "/v1/datasets"


TABLE = (
    Row(
        "embedding .npz, declared 1,000 bytes, bzip2 of 1.5 GiB",
        "e.npz",
        lambda: sent.lying_array(3 * GIB // 2, zipfile.ZIP_BZIP2),
        path=IMPORT,
    ),
    Row(
        "zip, labels.csv declared 1,000 bytes, bzip2 of 3 GiB",
        "a.zip",
        lambda: sent.lying_document(3 * GIB, zipfile.ZIP_BZIP2),
    ),
    Row(
        "zip, labels.csv declared 1,000 bytes, deflate of 2 GiB",
        "b.zip",
        lambda: sent.lying_document(2 * GIB, zipfile.ZIP_DEFLATED),
    ),
    Row(
        "zip, labels.csv declared 1,000 bytes, LZMA of 2 GiB",
        "c.zip",
        lambda: sent.lying_document(2 * GIB, zipfile.ZIP_LZMA),
    ),
    Row("tar.gz, 1,000,000 digits in a pax header", "d.tgz", lambda: sent.digits_in_pax(10**6)),
    Row(
        "tar.gz, 2,000 pax headers of 60,000 digits",
        "e.tgz",
        lambda: sent.many_extended_headers(2_000, 60_000),
    ),
    Row("Parquet, one list of 200,000,000", "f.parquet", lambda: sent.long_list(200_000_000)),
    Row("zip, small lines of CSV, 31 MiB", "g.zip", lambda: sent.short_lines(31 * 2**20)),
    Row("zip, small objects of JSON, 31 MiB", "h.zip", lambda: sent.small_objects(31 * 2**20)),
    Row(
        "the same JSON, four at once",
        "h.zip",
        lambda: sent.small_objects(31 * 2**20),
        at_once=4,
    ),
    Row(
        "JSON body, 4 MiB of small objects, four at once",
        "body.json",
        lambda: b'{"outcomes":[' + b"{}," * 1_390_000 + b"{}]}",
        at_once=4,
        path="/v1/outcomes",
    ),
    Row(
        "JSON body, 4 MiB of nested lists, four at once",
        "body.json",
        lambda: b'{"outcomes":' + b"[" * 4_000_000,
        at_once=4,
        path="/v1/outcomes",
    ),
)
