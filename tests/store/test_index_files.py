"""The saved index: what it is believed for, and what not."""

import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from factories import SPACE, replace

from task2vec.store.index.files import IndexFiles, SavedIndex
from task2vec.store.index.geometry import Geometry


def make(seed=0, rows=20, elements=30):
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(size=(rows, elements)) - 9).astype(np.float32)
    geometry = Geometry.fit(values, prior_precision=SPACE.prior_precision)
    codes = geometry.codes(values, rng.random(rows))
    return SavedIndex(geometry, codes, tuple(f"{i:064x}" for i in range(rows)), number=seed)


def same(a, b):
    assert (a.number, a.digests) == (b.number, b.digests)
    assert a.codes.tobytes() == b.codes.tobytes()
    assert a.geometry.elements.tolist() == b.geometry.elements.tolist()
    assert a.geometry.mean.tobytes() == b.geometry.mean.tobytes()
    np.testing.assert_array_equal(a.geometry.components, b.geometry.components)
    assert a.geometry.prior_precision == b.geometry.prior_precision
    assert a.geometry.trained == b.geometry.trained


@pytest.fixture
def files(tmp_path):
    return IndexFiles(tmp_path / "index", SPACE)


def test_what_is_saved_is_loaded(files):
    assert files.load() is None
    files.save(make(1))
    same(files.load(), make(1))


def test_the_last_one_counts_and_leaves_nothing_else(files, tmp_path):
    for seed in (1, 2, 3):
        files.save(make(seed))
    same(files.load(), make(3))
    assert sorted(p.suffix for p in (tmp_path / "index").iterdir()) == [".json", ".npz"]


def test_each_space_has_its_own(files, tmp_path):
    other = IndexFiles(tmp_path / "index", replace(SPACE, head_penalty=0.5))
    files.save(make(1))
    assert other.load() is None
    other.save(make(2))
    same(files.load(), make(1))
    same(other.load(), make(2))


def the(path, suffix):
    (found,) = path.glob(f"*{suffix}")
    return found


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def exchange(directory):
    """Put sound data of another index in the place of these."""
    IndexFiles(directory / "other", SPACE).save(make(9))
    the(directory / "other", ".npz").rename(the(directory, ".npz"))


def rewrite(**changes):
    def change(directory):
        manifest = the(directory, ".json")
        about = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**about, **changes}))

    return change


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda d: flip(the(d, ".npz")), id="a flipped bit"),
        pytest.param(exchange, id="sound data of another index"),
        pytest.param(lambda d: os.truncate(the(d, ".npz"), 1000), id="cut short"),
        pytest.param(lambda d: the(d, ".npz").unlink(), id="no data"),
        pytest.param(lambda d: the(d, ".json").write_text("{"), id="no manifest"),
        pytest.param(lambda d: the(d, ".json").write_text("[]"), id="another manifest"),
        pytest.param(rewrite(task2vec="0.0.1"), id="another version"),
        pytest.param(rewrite(format="task2vec index 0"), id="another format"),
        pytest.param(rewrite(space={}), id="another space"),
        pytest.param(rewrite(prior_precision=1.0), id="another prior precision"),
        pytest.param(rewrite(number=7), id="another number"),
        pytest.param(rewrite(manifest_sha256="0" * 64), id="another hash of its own"),
        pytest.param(rewrite(sha256="../../" + "0" * 58), id="a path as digest"),
    ],
)
def test_any_doubt_is_said_and_nothing_is_loaded(files, tmp_path, caplog, harm):
    files.save(make(1))
    harm(tmp_path / "index")
    with caplog.at_level(logging.WARNING):
        assert files.load() is None
    assert "The saved index is not used and is built again" in caplog.text
    files.save(make(2))
    same(files.load(), make(2))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"codes": np.full((20, 20), np.nan, np.float32)}, id="nan"),
        pytest.param({"digests": ("0" * 64,)}, id="rows without a digest"),
    ],
)
def test_vectors_that_cannot_be_right_are_not_loaded(files, caplog, wrong):
    files.save(replace(make(1), **wrong))
    assert files.load() is None
    assert "built again" in caplog.text


def test_a_place_that_cannot_be_written_is_only_said(tmp_path, caplog):
    (tmp_path / "index").write_text("a file")
    IndexFiles(tmp_path / "index", SPACE).save(make(1))
    assert "The index is not saved" in caplog.text
    assert (tmp_path / "index").read_text() == "a file"


def test_many_that_save_at_once_leave_one_of_theirs_or_a_doubt(tmp_path):
    kinds = [make(seed) for seed in range(4)]

    def save_some(seed):
        files = IndexFiles(tmp_path / "index", SPACE)
        for _ in range(15):
            files.save(kinds[seed])
            found = files.load()
            if found is not None:
                same(found, kinds[found.number])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save_some, range(4)))
    files = IndexFiles(tmp_path / "index", SPACE)
    files.save(kinds[2])
    same(files.load(), kinds[2])
    assert len(list((tmp_path / "index").iterdir())) == 2


SAVER = """
    import sys
    from pathlib import Path
    sys.path[:0] = {path!r}
    from factories import SPACE
    from test_index_files import make
    from task2vec.store.index.files import IndexFiles
    files, kinds = IndexFiles(Path({directory!r}), SPACE), [make(seed, 400, 200) for seed in (0, 1)]
    print("ready", flush=True)
    while True:
        for kind in kinds:
            files.save(kind)
"""


def test_a_kill_during_a_save_leaves_the_one_before_or_the_one_after(tmp_path):
    kinds = [make(seed, 400, 200) for seed in (0, 1)]
    here = Path(__file__).parent
    source = textwrap.dedent(SAVER).format(
        path=[str(here), str(here.parent), *sys.path], directory=str(tmp_path / "index")
    )
    files = IndexFiles(tmp_path / "index", SPACE)
    files.save(kinds[0])
    for attempt in range(4):
        saver = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
        assert saver.stdout is not None
        assert saver.stdout.readline() == b"ready\n"
        time.sleep(0.02 + 0.037 * attempt)
        saver.send_signal(signal.SIGKILL)
        saver.wait()
        saver.stdout.close()
        found = files.load()
        assert found is not None
        same(found, kinds[found.number])
