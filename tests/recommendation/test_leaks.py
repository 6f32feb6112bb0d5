from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task2vec.recommendation.evidence import leaks
from task2vec.recommendation.evidence.leaks import (
    Shared,
    count_shared,
    distinct_images,
    near_copies,
)
from task2vec.types.image_hashes import IMAGE_HASH


def drawn(rng, count):
    hashes = np.zeros(count, IMAGE_HASH)
    hashes["digest"] = rng.integers(0, 2**63, count, dtype=np.uint64)
    hashes["words"] = rng.integers(0, 2**64, (count, 4), dtype=np.uint64)
    hashes["colours"] = rng.integers(0, 256, (count, 48))
    return hashes


def altered(rng, hash_, *, low, high, colour):
    """Change bits of the first and of the other words, and one colour by ``colour``."""
    made = hash_.copy()
    for word, places in [(0, rng.permutation(64)[:low])] + [
        (1 + place // 64, [place % 64]) for place in rng.permutation(192)[:high]
    ]:
        for place in places:
            made["words"][word] ^= np.uint64(1) << np.uint64(place)
    cell = rng.integers(48)
    value = int(made["colours"][cell])
    made["colours"][cell] = value + colour if value < 128 else value - colour
    made["digest"] += np.uint64(1)
    return made


def bits(a, b):
    return [bin(int(x) ^ int(y)).count("1") for x, y in zip(a["words"], b["words"], strict=True)]


def same_slowly(a, b):
    return int(a["digest"]) == int(b["digest"])


def near_slowly(a, b):
    """Written from the definition, one pair of images at a time."""
    if same_slowly(a, b):
        return True
    if not any(map(int, a["words"])) or not any(map(int, b["words"])):
        return False
    differing = bits(a, b)
    colours = [abs(int(x) - int(y)) for x, y in zip(a["colours"], b["colours"], strict=True)]
    return differing[0] <= 12 and sum(differing) <= 40 and max(colours) <= 32


def slowly(target, other):
    return Shared(
        sum(any(near_slowly(a, b) for b in other) for a in target),
        sum(any(same_slowly(a, b) for b in other) for a in target),
        len(target),
    )


@st.composite
def tasks(draw):
    """A target, and tasks with copies of its images, altered about as far as is allowed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    target = drawn(rng, draw(st.integers(1, 12)))
    if draw(st.booleans()):
        target["words"][0] = 0
    if draw(st.booleans()):
        target[-1] = target[0]
    others = []
    for _ in range(draw(st.integers(0, 4))):
        other = drawn(rng, draw(st.integers(0, 12)))
        for place in range(len(other)):
            kind = draw(st.sampled_from(["new", "same", "altered", "flat"]))
            source = target[draw(st.integers(0, len(target) - 1))]
            if kind == "same":
                other[place] = source
            if kind == "flat":
                other["words"][place] = 0
            if kind == "altered":
                other[place] = altered(
                    rng,
                    source,
                    low=draw(st.integers(10, 14)),
                    high=draw(st.integers(25, 32)),
                    colour=draw(st.integers(30, 34)),
                )
        others.append(other)
    return target, others


@settings(deadline=None, max_examples=150)
@given(tasks(), st.sampled_from([1, 7, 1 << 18]))
def test_counts_are_those_of_the_slow_definition(case, pairs):
    target, others = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaks, "_PAIRS", pairs)
        assert count_shared(target, others) == [slowly(target, other) for other in others]


@pytest.mark.parametrize(
    ("images", "of", "leak"),
    [
        (0, 10, False),
        (1, 20, False),
        (1, 19, True),
        (15, 300, False),
        (16, 300, True),
        (0, 0, False),
    ],
)
def test_more_than_five_per_cent_are_too_many(images, of, leak):
    assert Shared(images, 0, of).leaks() is leak


def test_what_is_too_much_can_be_said():
    assert Shared(1, 0, 300).leaks(0.0)
    assert not Shared(0, 0, 300).leaks(0.0)
    assert not Shared(300, 0, 300).leaks(1.0)


def test_nothing_shares_nothing():
    rng = np.random.default_rng(0)
    none, some = drawn(rng, 0), drawn(rng, 4)
    assert count_shared(some, []) == []
    assert count_shared(none, [some, none]) == [Shared(0, 0, 0)] * 2
    assert count_shared(some, [none]) == [Shared(0, 0, 4)]
    assert Shared(0, 0, 0).share == 0


def test_a_thousand_tasks_take_little_time():
    rng = np.random.default_rng(0)
    target, others = drawn(rng, 300), [drawn(rng, 300) for _ in range(1000)]
    others[417][5] = target[7]
    started = process_time()
    found = count_shared(target, others)
    seconds = process_time() - started
    assert [(i, shared.images) for i, shared in enumerate(found) if shared.images] == [(417, 1)]
    # 0.3 s of one core, however busy it is.
    assert seconds < 1


def with_copies(seed):
    """Return hashes of images, exact and near copies of some, and labels at random."""
    rng = np.random.default_rng(seed)
    images = list(drawn(rng, 12))
    images += [images[i].copy() for i in rng.integers(12, size=4)]
    for _ in range(8):
        # Also of what is a duplicate itself.
        images.append(altered(rng, images[rng.integers(len(images))], low=3, high=5, colour=20))
    hashes = np.array([images[i] for i in rng.permutation(len(images))], IMAGE_HASH)
    return hashes, rng.integers(0, 2, len(hashes))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_exact_copies_of_one_label_count_once(seed):
    hashes, labels = with_copies(seed)
    seen = [(int(each["digest"]), int(label)) for each, label in zip(hashes, labels, strict=True)]
    expected = [i for i, each in enumerate(seen) if each not in seen[:i]]
    assert distinct_images(hashes, labels).tolist() == expected


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_near_copies_of_one_label_are_a_group_with_their_copies(seed):
    hashes, labels = with_copies(seed)
    near = np.array([[near_slowly(a, b) for b in hashes] for a in hashes])
    near &= labels[:, None] == labels
    reached = near
    for _ in hashes:
        reached = reached @ near
    # What is more than half of a label is no copy: each of it is alone.
    alone = 2 * reached.sum(axis=1) > (labels[:, None] == labels).sum(axis=1)
    expected = (reached & ~alone) | np.eye(len(hashes), dtype=bool)
    group = near_copies(hashes, labels)
    assert np.array_equal(group[:, None] == group, expected)


def test_images_that_are_nearly_all_alike_are_no_copies():
    rng = np.random.default_rng(0)
    scene = drawn(rng, 1)[0]
    hashes = np.array([altered(rng, scene, low=2, high=2, colour=9) for _ in range(20)], IMAGE_HASH)
    labels = np.repeat([0, 1], [15, 5])
    assert len(np.unique(near_copies(hashes, labels))) == 20


def test_no_images_are_distinct():
    hashes, labels = np.zeros(0, IMAGE_HASH), np.zeros(0, np.int64)
    assert distinct_images(hashes, labels).tolist() == []
    assert near_copies(hashes, labels).tolist() == []
