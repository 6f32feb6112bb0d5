"""Linear probes that are known from before: never a wrong one, and never too many."""

import errno
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from factories import replace
from PIL import Image
from small_network import reference_of
from small_store import cut

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import drawn_digest
from task2vec.finetuning import probe_cache
from task2vec.finetuning.probe_cache import KnownProbe, Pace, ProbeCache
from task2vec.finetuning.prober import Prober, model_digest
from task2vec.finetuning.settings import ShortSettings
from task2vec.probe.registry import load_probe
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.types.tuning import Recipe

IMAGES = 16


@pytest.fixture
def cache(tmp_path):
    return ProbeCache(tmp_path / "probes")


@pytest.fixture
def source(tmp_path):
    return cut("emoji_food", tmp_path / "food")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return reference_of(tmp_path_factory.mktemp("network"))


def prober(source, cache, images=IMAGES):
    return Prober(open_source(source), images, cache)


def known(right=3, total=8):
    return KnownProbe(ProbeAccuracy(np.arange(total) < right, 0.25), 4.5, Pace(1.5, 2.5, total))


def same(one, other):
    assert one is not None
    assert other is not None
    return (
        np.array_equal(one.found.correct, other.found.correct)
        and one.found.error == other.found.error
        and (one.seconds, one.pace) == (other.seconds, other.pace)
    )


def test_what_was_measured_is_known_to_another_run(source, cache, reference):
    first = prober(source, cache)
    assert first.known("m") is None
    measured = first.measure(lambda: load_probe(reference), "m")
    assert same(prober(source, cache).known("m"), measured)
    assert prober(source, cache).known("another model") is None
    assert prober(source, cache, images=IMAGES - 4).known("m") is None


def test_a_copy_elsewhere_is_the_same_images(source, cache, reference, tmp_path):
    measured = prober(source, cache).measure(lambda: load_probe(reference), "m")
    copy = shutil.copytree(source, tmp_path / "elsewhere" / "food")
    assert same(prober(copy, cache).known("m"), measured)


def test_what_was_measured_is_known_without_the_images(source, cache, reference):
    files = open_source(source).signature
    measured = Prober(open_source(source), IMAGES, cache, files=files).measure(
        lambda: load_probe(reference), "m"
    )
    gone = Prober(None, IMAGES, cache, files=files)
    assert same(gone.known("m"), measured)
    assert gone.known("another model") is None
    assert Prober(None, IMAGES - 4, cache, files=files).known("m") is None
    assert Prober(None, IMAGES, cache, files="others").known("m") is None
    assert Prober(None, IMAGES, cache).known("m") is None


def test_what_was_measured_elsewhere_is_kept_by_the_files(cache):
    Prober(None, IMAGES, cache, files="f").keep("m", known())
    assert same(Prober(None, IMAGES, cache, files="f").known("m"), known())
    assert Prober(None, IMAGES, cache, files="g").known("m") is None


def test_a_short_fine_tuning_is_known_by_its_settings_too(source, cache):
    task = open_source(source)
    prober, short = Prober(task, IMAGES, cache, files=task.signature), ShortSettings()
    tuned = KnownProbe(ProbeAccuracy(np.arange(5) < 2, recipe=Recipe.ALL_LAYERS), 9.0)
    prober.keep("m", tuned, short)
    found = prober.known("m", short)
    assert same(found, tuned)
    assert found.found.recipe is Recipe.ALL_LAYERS
    assert prober.known("m", ShortSettings(epochs=1)) is None
    # It is no linear probe.
    assert prober.known("m") is None
    # Of what has no files there is no telling whether all of them are the same.
    assert Prober(task, IMAGES, cache).known("m", short) is None


def test_a_short_fine_tuning_is_known_by_all_files_and_the_number_of_images(source, cache):
    """It trains on images that a probe does not draw, so that these alone do not tell."""
    task, short = open_source(source), ShortSettings()
    everything = sum(1 for _ in task.entries)
    tuned = KnownProbe(ProbeAccuracy(np.arange(5) < 2, recipe=Recipe.ALL_LAYERS), 9.0)
    Prober(task, everything, cache, files="f").keep("m", tuned, short)
    assert same(Prober(task, everything, cache, files="f").known("m", short), tuned)
    # The same images are drawn: other files, or a larger number than there are.
    others = Prober(task, everything, cache, files="g")
    more = Prober(task, everything + 100, cache, files="f")
    assert others._drawn == more._drawn == Prober(task, everything, cache, files="f")._drawn
    assert others.known("m", short) is None
    assert more.known("m", short) is None


def test_a_store_knows_what_its_user_measured_without_it(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(probe_cache, "cache_folder", lambda: tmp_path / "user")
    monkeypatch.setattr(probe_cache, "FOLDER", "probes")
    own, store = ProbeCache(), ProbeCache.of_store(tmp_path / "store")
    key = own.key(images="i", model="m")
    own.put(key, known())
    assert same(store.get(key), known())
    # From then on it belongs to the store.
    shutil.rmtree(tmp_path / "user")
    assert same(store.get(key), known())
    other = own.key(images="j", model="m")
    store.put(other, known())
    assert own.get(other) is None


def test_a_changed_image_of_the_same_size_and_time_is_measured_again(source, cache, reference):
    prober(source, cache).measure(lambda: load_probe(reference), "m")
    before = open_source(source)
    _, keys = drawn_digest(before, images=IMAGES, seed=0)
    changed = source / min(keys)
    stat, data = changed.stat(), bytearray(changed.read_bytes())
    data[-20] ^= 1
    changed.write_bytes(data)
    os.utime(changed, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    # The signature, which knows sizes and times, does not tell.
    assert open_source(source).signature == before.signature
    assert prober(source, cache).known("m") is None


def test_a_class_of_another_name_or_place_is_measured_again(source, cache, reference):
    prober(source, cache).measure(lambda: load_probe(reference), "m")
    one = min(each for each in source.iterdir() if each.is_dir())
    one.rename(one.with_name("zzz"))
    assert prober(source, cache).known("m") is None


def test_names_of_classes_are_a_part_of_what_is_drawn(source):
    """Also where neither keys, bytes nor the order of the classes tell."""
    task = open_source(source)
    first, second, *rest = task.classes
    renamed = replace(task, classes=(f"{first}x", second, *rest))
    swapped = replace(task, classes=(second, first, *rest))
    digests = [drawn_digest(each, images=IMAGES, seed=0)[0] for each in (task, renamed, swapped)]
    assert len(set(digests)) == 3


def test_where_an_image_cannot_be_decoded_nothing_is_kept(source, cache, reference):
    task = open_source(source)
    _, keys = drawn_digest(task, images=IMAGES, seed=0)
    (source / min(keys)).write_bytes(b"no image")
    broken = prober(source, cache)
    assert broken.measure(lambda: load_probe(reference), "m") is not None
    assert broken.known("m") is None


class Pictures:
    """Images with numbers of classes, as torchvision's data sets give them."""

    classes = ("one", "other")

    def __init__(self, pairs):
        self._pairs = pairs
        self.targets = [label for _, label in pairs]

    def __len__(self):
        return len(self._pairs)

    def __getitem__(self, index):
        return self._pairs[index]


def of_palette(palette):
    """Return a task of two classes whose images have equal indices into a palette."""
    pictures = []
    for shift in range(8):
        picture = Image.frombytes("P", (4, 4), bytes((shift + i) % 16 for i in range(16)))
        picture.putpalette(palette)
        pictures.append((picture, shift % 2))
    return open_source(Pictures(pictures), name="drawn")


def test_images_of_equal_indices_and_other_palettes_are_others():
    dark, light = ([(base + i) % 256 for i in range(48)] for base in (0, 100))
    first, second = (drawn_digest(of_palette(each), images=8, seed=0) for each in (dark, light))
    assert first == drawn_digest(of_palette(dark), images=8, seed=0)
    assert first is not None
    assert second is not None
    assert first[0] != second[0]


def test_another_version_of_a_library_measures_again(cache, monkeypatch):
    before = cache.key(images="i", model="m")
    assert ProbeCache().key(images="i", model="m") == before
    known_version = probe_cache.version
    monkeypatch.setattr(
        probe_cache, "version", lambda name: "0" if name == "torch" else known_version(name)
    )
    assert ProbeCache().key(images="i", model="m") != before


def test_a_model_is_known_by_its_weights_not_by_its_place():
    digest = "0" * 64
    assert model_digest("file:/a?arch=x", digest) == model_digest("file:/b?arch=x", digest)
    assert model_digest("file:/a?arch=x", digest) != model_digest("file:/a?arch=y", digest)
    assert model_digest("file:/a?arch=x", digest) != model_digest("file:/a?arch=x", "1" * 64)
    packaged = model_digest("efficientnet_lite0", None)
    assert packaged not in (None, model_digest("efficientnet_lite0?input_size=64", None))
    # A hub may serve other weights under the same name: only loading tells.
    assert model_digest("no such reference", None) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-5],
        lambda text: text.replace('"correct": "1', '"correct": "0'),
        lambda text: json.dumps([]),
        lambda text: "",
        lambda text: "[" * 200_000,
        lambda text: " " * 2_000_000 + text,
        lambda text: "[" * 20_000,
        lambda text: '{"a":' * 10_000,
        lambda text: "\x00" * 500,
    ],
)
def test_a_damaged_file_is_no_answer_and_goes(cache, damage):
    key = cache.key(images="i", model="m")
    cache.put(key, known())
    (path,) = cache._folders[0].iterdir()
    path.write_text(damage(path.read_text()))
    assert cache.get(key) is None
    assert not path.exists()


def test_a_file_under_another_key_is_no_answer(cache):
    one, other = (cache.key(images="i", model=name) for name in "ab")
    cache.put(one, known())
    (path,) = cache._folders[0].iterdir()
    path.rename(path.with_name(f"{other}.json"))
    assert cache.get(other) is None


def test_the_least_recently_used_go_first(cache, monkeypatch):
    monkeypatch.setattr(probe_cache, "MOST", 2)
    keys = [cache.key(images="i", model=str(number)) for number in range(3)]
    for number, key in enumerate(keys[:2]):
        cache.put(key, known(number))
        os.utime(cache._folders[0] / f"{key}.json", (number, number))
    assert cache.get(keys[0]) is not None
    cache.put(keys[2], known())
    assert [cache.get(key) is not None for key in keys] == [True, False, True]


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    cache = ProbeCache(tmp_path / "file" / "probes")
    key = cache.key(images="i", model="m")
    cache.put(key, known())
    assert cache.get(key) is None


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ESTALE])
def test_a_file_that_cannot_be_read_now_stays(cache, monkeypatch, number):
    key = cache.key(images="i", model="m")
    cache.put(key, known())
    real = Path.open

    def open_(path, *args, **kwargs):
        if path.name == f"{key}.json":
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", open_)
        assert cache.get(key) is None
    assert same(cache.get(key), known())


def test_no_file_of_another_name_is_forgotten(cache, monkeypatch):
    monkeypatch.setattr(probe_cache, "MOST", 1)
    folder = cache._folders[0]
    folder.mkdir()
    (folder / "folder.json").mkdir()
    (folder / f"{'a' * 64}.json").mkdir()
    (folder / "notes.json").write_text("mine")
    os.utime(folder / "notes.json", (1, 1))
    keys = [cache.key(images="i", model=str(number)) for number in range(3)]
    for number, key in enumerate(keys):
        cache.put(key, known(number))
        os.utime(folder / f"{key}.json", (number + 2, number + 2))
    assert [cache.get(key) is not None for key in keys] == [False, False, True]
    assert (folder / "notes.json").read_text() == "mine"
    assert (folder / "folder.json").is_dir()


def test_what_cannot_be_forgotten_writes_nothing_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(probe_cache, "MOST", 0)
    cache = ProbeCache(tmp_path / "store", tmp_path / "user")
    (tmp_path / "store" / "folder.json").mkdir(parents=True)
    cache.put(cache.key(images="i", model="m"), known())
    assert not (tmp_path / "user").exists()


def test_two_writers_forget_at_once(cache, monkeypatch):
    monkeypatch.setattr(probe_cache, "MOST", 3)
    keys = [cache.key(images="i", model=str(number)) for number in range(60)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: cache.put(key, known()), keys))
    cache.put(keys[0], known())
    assert len(list(cache._folders[0].iterdir())) == 3


def test_files_of_no_use_are_told_apart(cache):
    assert not any(vars(probe_cache.unusable(cache._folders[0])).values())
    keys = [cache.key(images="i", model=str(number)) for number in range(2)]
    for key in keys:
        cache.put(key, known())
    folder = cache._folders[0]
    damaged = folder / f"{keys[1]}.json"
    damaged.write_text(damaged.read_text()[:-3])
    partial = folder / f".{'0' * 16}.1.partial"
    foreign = folder / "notes.txt"
    for path in (partial, foreign):
        path.write_text("")
    found = probe_cache.unusable(folder)
    assert (found.damaged, found.partial, found.foreign) == ((damaged,), (partial,), (foreign,))


def test_a_measurement_on_very_many_images_is_known(cache):
    key = cache.key(images="i", model="m")
    cache.put(key, known(right=7, total=200_000))
    assert same(cache.get(key), known(right=7, total=200_000))
