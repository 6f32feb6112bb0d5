import errno
import io
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from factories import PROVENANCE, draw_replicates, make_embedding, replace

from task2vec.embedding.files import load_embedding, save_embedding
from task2vec.errors import InputError

RNG = np.random.default_rng(5)
VALUES = np.exp(3 * RNG.normal(size=50) - 9)
EMBEDDING = make_embedding(VALUES, errors=0.1 * VALUES, replicates=draw_replicates(RNG, 50, 8))
ARRAYS = ("values", "errors", "replicates")


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "birds.npz"
    save_embedding(EMBEDDING, path, name="birds")
    return path


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def contents(path):
    with np.load(path) as archive:
        return dict(archive)


def test_what_is_saved_is_loaded_bit_by_bit(saved):
    name, loaded = load_embedding(saved)
    assert name == "birds"
    assert loaded.provenance == PROVENANCE
    for array in ARRAYS:
        got, expected = getattr(loaded, array), getattr(EMBEDDING, array)
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        assert got.tobytes() == expected.tobytes()
    assert [p.name for p in saved.parent.iterdir()] == ["birds.npz"]


def test_a_standard_error_that_is_unknown_stays_so(tmp_path):
    path = tmp_path / "x.npz"
    unknown = replace(EMBEDDING, provenance=replace(PROVENANCE, standard_error=math.nan))
    save_embedding(unknown, path, name="x")
    assert math.isnan(load_embedding(path)[1].provenance.standard_error)


def test_saving_again_replaces_the_file(saved):
    save_embedding(make_embedding([1.0, 2.0]), saved, name="fish")
    name, loaded = load_embedding(saved)
    assert (name, loaded.values.tolist()) == ("fish", [1.0, 2.0])


@pytest.mark.parametrize("array", ARRAYS)
def test_altered_numbers_are_refused(saved, array):
    altered = contents(saved)
    altered[array] = altered[array].copy()
    altered[array].flat[7] = np.nextafter(altered[array].flat[7], altered[array].dtype.type(9))
    np.savez(saved, **altered)
    with pytest.raises(InputError, match="do not match their checksum"):
        load_embedding(saved)


@pytest.mark.parametrize("array", [*ARRAYS, "header"])
def test_a_missing_part_is_refused(saved, array):
    parts = contents(saved)
    del parts[array]
    np.savez(saved, **parts)
    with pytest.raises(InputError, match=f"is no embedding.*{array}"):
        load_embedding(saved)


@pytest.mark.parametrize("array", ["errors", "replicates"])
def test_parts_that_do_not_fit_are_refused_even_with_their_checksum(saved, array):
    whole = contents(saved)
    # All numbers in their order, which is what the checksum covers, in another shape.
    whole[array] = whole[array].reshape(-1, 2)
    np.savez(saved, **whole)
    with pytest.raises(InputError, match="is no embedding"):
        load_embedding(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"format": "task2vec embedding 99"}, "embedding 99", id="format"),
        pytest.param({"provenance": {}}, "space", id="provenance"),
        pytest.param({"provenance": None}, "is no embedding", id="no provenance"),
    ],
)
def test_another_header_is_refused(saved, change, message):
    parts = contents(saved)
    parts["header"] = json.dumps({**json.loads(str(parts["header"])), **change})
    np.savez(saved, **parts)
    with pytest.raises(InputError, match=message):
        load_embedding(saved)


@pytest.mark.parametrize("header", ["", "[]", "{", "7"], ids=repr)
def test_a_header_that_is_none_is_refused(saved, header):
    np.savez(saved, **{**contents(saved), "header": header})
    with pytest.raises(InputError, match="is no embedding"):
        load_embedding(saved)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_text("values = 7"), id="text"),
        pytest.param(lambda path: path.write_bytes(b"PK\x03\x04" + bytes(60)), id="no archive"),
        pytest.param(lambda path: np.savez(path, images=VALUES), id="other arrays"),
        pytest.param(lambda path: path.write_bytes(npy(VALUES)), id="one array"),
    ],
)
def test_another_file_is_refused(tmp_path, write):
    path = tmp_path / "other.npz"
    write(path)
    with pytest.raises(InputError, match=r"other\.npz is no embedding.*task2vec export"):
        load_embedding(path)


def test_a_file_that_was_cut_short_is_refused(saved):
    whole = saved.read_bytes()
    for length in range(0, len(whole), 97):
        saved.write_bytes(whole[:length])
        with pytest.raises(InputError, match="is no embedding"):
            load_embedding(saved)


@pytest.mark.parametrize("part", [*ARRAYS, "header"])
def test_pickles_are_refused_unopened(saved, part):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (saved.with_name("exploded"),)

    parts = {**contents(saved), part: np.array([Bomb()], dtype=object)}
    np.savez(saved, **parts)
    with pytest.raises(InputError, match="is no embedding"):
        load_embedding(saved)
    assert not saved.with_name("exploded").exists()


@pytest.mark.parametrize("name", ["birds", "birds.npy", "birds.npz.txt", ".npz"])
def test_another_suffix_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"ending in \.npz"):
        save_embedding(EMBEDDING, tmp_path / name, name="birds")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["missing/x.npz", "file/x.npz", "folder.npz", "x" * 300 + ".npz"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InputError, match=r"cannot be written to .* Name a folder"):
        save_embedding(EMBEDDING, tmp_path / place, name="x")
    assert {p.name for p in tmp_path.iterdir()} == {"file", "folder.npz"}


def test_a_full_disk_leaves_the_old_file(saved, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        save_embedding(make_embedding([1.0]), saved, name="fish")
    assert load_embedding(saved)[0] == "birds"
    assert [p.name for p in saved.parent.iterdir()] == ["birds.npz"]


def test_a_path_may_be_a_text(tmp_path):
    path = str(tmp_path / "birds.npz")
    save_embedding(EMBEDDING, path, name="birds")
    assert load_embedding(path)[0] == "birds"


@pytest.mark.parametrize(("name", "told"), [("none.npz", "no such file"), ("", "is a directory")])
def test_a_file_that_cannot_be_read_is_told_as_that(tmp_path, name, told):
    with pytest.raises(InputError, match=f"cannot be read.*{told}.*task2vec export"):
        load_embedding(str(tmp_path / name))


@pytest.mark.parametrize("mistake", [None, 7, ["birds.npz"]])
def test_what_is_no_path_is_a_mistake_in_the_code_and_no_damaged_file(mistake):
    with pytest.raises(TypeError):
        load_embedding(mistake)
