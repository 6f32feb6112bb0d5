import hashlib
import random
import weakref
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from task2vec.data.build import build_task
from task2vec.data.open import open_source
from task2vec.data.pixels import prefetch
from task2vec.data.pixels.decode import decode
from task2vec.data.pixels.image_hash import image_hash
from task2vec.data.pixels.prefetch import usable_processors
from task2vec.data.pixels.reader import Raw
from task2vec.data.sampling.class_draw import ClassDraw, draws_by_class, fill_draws, spread
from task2vec.data.sampling.sample import Sample, all_images, draw_sample
from task2vec.data.task import ImageEntry, Task
from task2vec.errors import SettingError, SourceError

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]


def draw(task: Task, images: int, seed: int = 0) -> Sample[bytes]:
    return draw_sample(task, images=images, seed=seed, transform=Image.Image.tobytes)


@dataclass
class Memory:
    """A source in memory, which also counts how often it is read through."""

    files: dict[str, bytes]
    passes: int = 0

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        self.passes += 1
        yield from ((key, data) for key, data in self.files.items() if key in set(keys))


@dataclass
class Builder:
    """Makes tasks of classes of given sizes, some images of which are no images."""

    png: Png
    memory: Memory = field(default_factory=lambda: Memory({}))

    def task(self, classes: Mapping[str, Sequence[bool]], order: int = 0) -> Task:
        good = {f"{name}/{i}": ok for name, oks in classes.items() for i, ok in enumerate(oks)}
        files = [(key, self.png(i) if ok else b"words") for i, (key, ok) in enumerate(good.items())]
        random.Random(order).shuffle(files)
        self.memory = Memory(dict(files))
        names = tuple(sorted(classes))
        entries = tuple(ImageEntry(key, names.index(key.split("/")[0])) for key in good)
        return build_task(
            entries,
            classes=names,
            name="memory",
            source="memory",
            stamps=["" for _ in entries],
            warnings=(),
            reader=self.memory,
        )


@pytest.fixture(scope="module")
def builder(png: Png) -> Builder:
    return Builder(png)


def drawn_at(key: str) -> bytes:
    """Return by what a class draws its images with seed 0."""
    return hashlib.sha256(f"0\0{key}".encode()).digest()


def counts(sample: Sample[bytes]) -> dict[str, int]:
    numbers = np.bincount(sample.labels, minlength=len(sample.classes))
    return dict(zip(sample.classes, numbers.tolist(), strict=True))


def test_pixels_keys_labels_and_digests_belong_together(
    tmp_path: Path, png: Png, write: Write
) -> None:
    files = {f"{name}/{i}.png": png(ord(name[0]) + i) for name in ("rose", "tulip") for i in (0, 1)}
    sample = all_images(open_source(write(tmp_path, files)), transform=np.asarray)
    assert sample.keys == tuple(sorted(files))
    assert sample.labels.dtype == np.int64
    assert [sample.classes[label] for label in sample.labels] == ["rose"] * 2 + ["tulip"] * 2
    for key, pixels, digest in zip(sample.keys, sample.images, sample.digests, strict=True):
        expected = np.asarray(decode(files[key]))
        np.testing.assert_array_equal(pixels, expected)
        assert digest == hashlib.sha256(b"3x2\n" + expected.tobytes()).hexdigest()
    pairs = sorted(zip([key.split("/")[0] for key in sample.keys], sample.digests, strict=True))
    text = "".join(f"{name}\0{digest}\n" for name, digest in pairs)
    assert sample.content_hash == hashlib.sha256(text.encode()).hexdigest()
    assert sample.warnings == ()


@settings(deadline=None, max_examples=12)
@given(
    st.lists(st.lists(st.booleans(), min_size=1, max_size=12), min_size=2, max_size=4),
    st.integers(1, 30),
    st.integers(0, 9),
)
def test_the_number_of_threads_changes_nothing(
    builder: Builder, classes: list[list[bool]], images: int, seed: int
) -> None:
    def slowly(image: Image.Image) -> bytes:
        # The first are slow now and then, so that threads end in another order.
        sleep(image.tobytes()[0] % 3 / 1000)
        return image.tobytes()

    def drawn(threads: int) -> Sample[bytes] | str:
        task = builder.task({f"c{i}": oks for i, oks in enumerate(classes)}, order=seed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(prefetch, "usable_processors", lambda: threads)
            try:
                return draw_sample(task, images=images, seed=seed, transform=slowly)
            except SourceError as error:
                return str(error)

    one, *others = (drawn(threads) for threads in (1, 2, 5))
    for other in others:
        if isinstance(one, str) or isinstance(other, str):
            assert other == one
            continue
        np.testing.assert_array_equal(other.labels, one.labels)
        for name in ("images", "keys", "digests", "classes", "content_hash", "warnings"):
            assert getattr(other, name) == getattr(one, name)


def test_the_same_seed_draws_the_same_and_another_seed_other_images(builder: Builder) -> None:
    task = builder.task({"a": [True] * 50, "b": [True] * 50})
    first, again, other = (draw(task, 20, seed) for seed in (0, 0, 1))
    assert (first.keys, first.content_hash) == (again.keys, again.content_hash)
    assert set(other.keys) != set(first.keys)
    assert other.content_hash != first.content_hash


def test_every_image_is_drawn_equally_often(builder: Builder) -> None:
    task = builder.task({"a": [True] * 6, "b": [True] * 6})
    drawn = [key for seed in range(200) for key in draw(task, 4, seed).keys]
    # Binomial: 200 draws at 1/3, standard deviation 6.7; five of them on each side.
    numbers = [drawn.count(key) for key in task.reader.files]  # type: ignore[attr-defined]
    assert all(33 < number < 100 for number in numbers)


def test_a_class_draws_the_same_whatever_the_others_and_the_order_are(builder: Builder) -> None:
    def drawn(task: Task, images: int) -> set[str]:
        return {key for key in draw(task, images, seed=5).keys if key.startswith("a/")}

    alone = builder.task({"a": [True] * 40, "b": [True] * 40})
    shuffled = builder.task({"b": [True] * 40, "a": [True] * 40}, order=7)
    company = builder.task({"a": [True] * 40, "0": [True] * 3, "z": [True] * 90})
    assert drawn(alone, 10) == drawn(shuffled, 10)
    found = drawn(company, 10)
    assert found == drawn(alone, 2 * len(found))


def test_unreadable_images_make_room_for_the_next(builder: Builder) -> None:
    classes = {"a": [True] * 40, "b": [True] * 40}
    chosen = draw(builder.task(classes), 12).keys
    order = sorted((f"a/{i}" for i in range(40)), key=drawn_at)
    spoilt = {order[0], order[3], order[6]}
    task = builder.task({"a": [f"a/{i}" not in spoilt for i in range(40)], "b": [True] * 40})
    sample = draw(task, 12)
    expected = [key for key in order if key not in spoilt][:6]
    assert set(sample.keys) == {*expected, *(key for key in chosen if key.startswith("b/"))}
    assert sample.warnings == (
        f"{len(spoilt & set(order[:6])) + 1} of 15 images could not be read: "
        + ", ".join(f"{key} (text, not an image)" for key in sorted(spoilt)),
    )


# The first call imports Pillow's formats.
@settings(deadline=None, max_examples=40)
@given(
    oks=st.lists(st.lists(st.booleans(), min_size=1, max_size=12), min_size=2, max_size=5).filter(
        lambda oks: sum(any(ok) for ok in oks) >= 2
    ),
    images=st.integers(1, 40),
    order=st.integers(0, 5),
)
def test_the_sample_is_that_of_the_readable_images_alone(
    builder: Builder, oks: list[list[bool]], images: int, order: int
) -> None:
    classes = dict(zip("abcde", oks, strict=False))
    sample = draw(builder.task(classes, order), images)
    assert builder.memory.passes <= 6
    readable = {name: sum(ok) for name, ok in classes.items()}
    quotas = dict(zip(readable, spread(images, list(readable.values())), strict=True))
    assert counts(sample) == {name: quota for name, quota in quotas.items() if quota}
    # Slow oracle: walk through each class in the order of the hashes of seed and key.
    for name, ok in classes.items():
        walk = sorted((f"{name}/{i}" for i in range(len(ok))), key=drawn_at)
        expected = [key for key in walk if ok[int(key[2:])]][: quotas[name]]
        assert {key for key in sample.keys if key.startswith(f"{name}/")} == set(expected)


def test_few_passes_suffice_where_nearly_everything_is_unreadable(builder: Builder) -> None:
    bad = [False] * 2999
    task = builder.task({"a": [*bad, True], "b": [True, *bad], "c": bad})
    sample = draw(task, 30)
    assert counts(sample) == {"a": 1, "b": 1}
    assert builder.memory.passes <= 6
    assert sample.warnings[0].startswith(
        "8,997 of 8,999 images could not be read: a/0 (text, not an"
    )
    assert sample.warnings[1] == "1 class without a readable image: c"


def test_problems_are_reported_with_three_examples_at_most(builder: Builder) -> None:
    sample = draw(builder.task({"a": [True] * 3, "b": [True] * 3 + [False] * 4}), 100)
    assert sample.warnings == (
        "4 of 10 images could not be read: b/3 (text, not an image), "
        "b/4 (text, not an image), "
        "b/5 (text, not an image), ...",
    )


def test_labels_follow_the_classes_that_are_left(builder: Builder) -> None:
    sample = draw(builder.task({"a": [True] * 2, "b": [False] * 3, "c": [True] * 2}), 100)
    assert sample.classes == ("a", "c")
    assert sample.labels.tolist() == [0, 0, 1, 1]
    assert sample.warnings[-1] == "1 class without a readable image: b"


def test_one_class_left_is_an_error(builder: Builder) -> None:
    with pytest.raises(
        SourceError, match=r"only one class: .* got 'a'; 5 of 10 images could not be read"
    ):
        draw(builder.task({"a": [True] * 5, "b": [False] * 5}), 6)


def test_nothing_readable_is_an_error_with_examples(builder: Builder) -> None:
    with pytest.raises(SourceError, match=r"None of the 4 images .* a/0 \(text, not an image\)"):
        draw(builder.task({"a": [False] * 2, "b": [False] * 2}), 6)


@pytest.mark.parametrize("images", [0, -3])
def test_the_number_of_images_must_be_positive(builder: Builder, images: int) -> None:
    with pytest.raises(SettingError, match=f"expected at least 1, got {images}"):
        draw(builder.task({"a": [True], "b": [True]}), images)


def test_pixels_with_two_labels_are_reported(tmp_path: Path, png: Png, write: Write) -> None:
    same = Image.open(write(tmp_path / "x", {"1.png": png(1)}) / "1.png")
    root = write(
        tmp_path / "set",
        {"rose/1.png": png(1), "rose/2.png": png(2), "tulip/3.png": png(3), "tulip/4.png": png(2)},
    )
    # Other bytes, the same pixels.
    same.save(root / "tulip" / "5.bmp")
    assert all_images(open_source(root), transform=np.asarray).warnings == (
        "2 images in more than one class, such as rose/1.png (rose) and tulip/5.bmp (tulip)",
    )


def test_the_order_of_a_sample_knows_no_names(tmp_path: Path, png: Png, write: Write) -> None:
    classes = ("rose", "tulip")
    plain = write(
        tmp_path / "1", {f"{n}/{i}.png": png(50 * len(n) + i) for n in classes for i in range(30)}
    )
    renamed = write(
        tmp_path / "2",
        {f"{n}/x{99 - i}.png": png(50 * len(n) + i) for n in classes for i in range(30)},
    )
    one, other = (draw(open_source(root), 60) for root in (plain, renamed))
    assert (other.digests, other.images) == (one.digests, one.images)
    assert other.keys != one.keys
    # Which images come first is left to chance.
    assert draw(open_source(plain), 60, seed=1).digests != one.digests
    assert one.keys != tuple(sorted(one.keys))


def test_an_archive_with_a_folder_around_all_draws_the_same_images(
    tmp_path: Path, png: Png, write: Write
) -> None:
    names = [f"{n}/é{i}.png" for n in ("rose", "tulip") for i in range(30)]
    plain = write(tmp_path / "flowers", {name: png(i) for i, name in enumerate(names)})
    archive = tmp_path / "flowers.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for i, name in enumerate(names):
            # As on a Mac: the accent is a letter of its own.
            file.writestr(f"my/flowers/{normalize('NFD', name)}", png(i))
    one, other = (draw(open_source(source), 20) for source in (plain, archive))
    assert (other.digests, other.content_hash) == (one.digests, one.content_hash)


def test_train_is_drawn_from_unless_a_split_was_chosen(
    tmp_path: Path, png: Png, write: Write
) -> None:
    names = [
        f"{s}/{n}/{i}.png" for s in ("train", "val") for n in ("rose", "tulip") for i in (0, 1)
    ]
    task = open_source(write(tmp_path, {name: png(i) for i, name in enumerate(names)}))
    sample = draw(task, 100)
    assert set(sample.keys) == set(names[:4])
    assert sample.warnings == ("only the 4 images of split train used (of 8; splits: train, val)",)
    chosen = draw(task.only("val"), 100)
    assert (set(chosen.keys), chosen.warnings) == (set(names[4:]), ())
    assert set(all_images(task, transform=np.asarray).keys) == set(names)


def test_without_train_all_splits_are_drawn_from(tmp_path: Path, png: Png, write: Write) -> None:
    names = [f"{s}/{n}/1.png" for s in ("test", "val") for n in ("rose", "tulip")]
    sample = draw(open_source(write(tmp_path, {name: png(i) for i, name in enumerate(names)})), 100)
    assert set(sample.keys) == set(names)
    assert sample.warnings == ("images of all splits used (val, test): none is train",)


def test_full_size_images_are_not_held(builder: Builder) -> None:
    seen: list[weakref.ref[Image.Image]] = []

    def transform(image: Image.Image) -> int:
        seen.append(weakref.ref(image))
        # One in each thread that reads.
        assert sum(reference() is not None for reference in seen) <= usable_processors()
        return len(seen)

    task = builder.task({"a": [True] * 5, "b": [True] * 5})
    assert sorted(draw_sample(task, images=8, seed=0, transform=transform).images) == list(
        range(1, 9)
    )


def test_progress_counts_up_to_the_number_wanted(builder: Builder) -> None:
    calls: list[tuple[int, int]] = []
    draw_sample(
        builder.task({"a": [True] * 5, "b": [True] * 5}),
        images=6,
        seed=0,
        transform=Image.Image.tobytes,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(i, 6) for i in range(1, 7)]


def test_many_classes_are_not_gone_through_for_each_image(builder: Builder) -> None:
    looks = 0

    class Counted(list[ClassDraw[bytes]]):
        def __iter__(self) -> Iterator[ClassDraw[bytes]]:
            nonlocal looks
            looks += 1
            return super().__iter__()

    task = builder.task({f"{name:02}": [True] * 2 for name in range(20)})
    told: list[tuple[int, int]] = []
    fill_draws(
        task,
        draws=Counted(draws_by_class(task, rank=lambda entry: entry.key.encode())),
        images=40,
        transform=lambda image: (image.tobytes(), ""),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (40, 40)
    assert looks < 10


def test_hashes_belong_to_their_images(tmp_path: Path, png: Png, write: Write) -> None:
    files = {f"{name}/{i}.png": png(ord(name[0]) + i) for name in ("rose", "tulip") for i in (0, 1)}
    task = open_source(write(tmp_path, files))
    samples = all_images(task, transform=Image.Image.tobytes), draw(task, images=3, seed=5)
    for sample in samples:
        expected = [
            image_hash(decode(files[key]), digest=digest)
            for key, digest in zip(sample.keys, sample.digests, strict=True)
        ]
        np.testing.assert_array_equal(sample.hashes, np.concatenate(expected))
