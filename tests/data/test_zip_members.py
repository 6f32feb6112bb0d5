"""Members of zip archives: unpacked in small pieces, and no further than they declare."""

import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hostile.sent import Member, images_with, zeros, zip_of
from hypothesis import given
from hypothesis import strategies as st

from task2vec.data.containers.zip_members import open_member
from task2vec.data.open import open_source
from task2vec.embedding.files import load_embedding
from task2vec.errors import InputError, SourceError

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
PACKING = METHODS[1:]
MUCH = 24 * 2**20
ARRAYS = ("images", "labels", "header")


def read(data: bytes, name: str = "a", size: int = -1) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo(name)
        with open_member(archive, info) as member:
            parts = [member.read(size)]
            while size >= 0 and parts[-1]:
                parts.append(member.read(size))
            return b"".join(parts)


def peak_of(work) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", METHODS)
@given(data=st.binary(max_size=300_000), size=st.sampled_from([-1, 1_000, 65_536, 100_001]))
def test_what_zipfile_packed_comes_out_again(method: int, data: bytes, size: int) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("a", data * 3)
    assert read(target.getvalue(), size=size) == data * 3


@pytest.mark.parametrize("method", PACKING)
def test_a_member_ends_where_it_declares(method: int) -> None:
    data = zip_of([Member("a", zeros(MUCH, method), method, 1_000)])

    def refused() -> None:
        with pytest.raises(zipfile.BadZipFile, match="more than its declared size"):
            read(data)

    assert peak_of(refused) < MUCH // 16


def test_a_member_that_is_shorter_than_declared_is_damaged() -> None:
    with pytest.raises(zipfile.BadZipFile, match="ends before"):
        read(zip_of([Member("a", b"abc", zipfile.ZIP_STORED, 5, zlib.crc32(b"abc"))]))


def test_a_wrong_checksum_is_damage() -> None:
    with pytest.raises(zipfile.BadZipFile, match="Bad CRC-32"):
        read(zip_of([Member("a", b"abc", zipfile.ZIP_STORED, 3, 1)]))


ZSTD = "packed by zstd: pack it again by store or deflate"


def test_other_methods_are_refused_with_those_that_are_read(tmp_path: Path) -> None:
    with pytest.raises(zipfile.BadZipFile, match=ZSTD):
        read(zip_of([Member("a", b"abc", 93, 3, 1)]))
    path = tmp_path / "set.npz"
    path.write_bytes(zip_of([Member(f"{name}.npy", b"abc", 93, 3) for name in ARRAYS]))
    with pytest.raises(SourceError, match=ZSTD):
        open_source(path)
    with pytest.raises(InputError, match=ZSTD):
        load_embedding(path)


def test_a_dictionary_of_gigabytes_is_refused() -> None:
    packed = bytearray(zeros(1_000, zipfile.ZIP_LZMA))
    # The properties of LZMA: a byte, then the size of the dictionary.
    packed[5:9] = (2**31).to_bytes(4, "little")
    with pytest.raises(Exception, match=r"[Mm]emory usage limit"):
        read(zip_of([Member("a", bytes(packed), zipfile.ZIP_LZMA, 1_000, 0)]))


def labels() -> Member:
    target = io.BytesIO()
    np.save(target, np.array([0, 1]))
    return Member.honest("labels.npy", target.getvalue())


LIES = {
    "set.zip": lambda lie: images_with(lie("labels.csv")),
    "set.npz": lambda lie: zip_of([lie("images.npy"), labels()]),
    "task.npz": lambda lie: zip_of([lie(f"{name}.npy") for name in ARRAYS]),
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("method", PACKING)
def test_what_lies_about_its_size_takes_no_memory(tmp_path: Path, name: str, method: int) -> None:
    path = tmp_path / name
    packed = zeros(MUCH, method)
    path.write_bytes(LIES[name](lambda member: Member(member, packed, method, 1_000)))

    def opened() -> None:
        opens, error = (
            (load_embedding, InputError) if "task" in name else (open_source, SourceError)
        )
        with pytest.raises(error):
            opens(path)

    assert peak_of(opened) < MUCH // 16
