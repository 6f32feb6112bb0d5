"""Images are sent some at a time."""

import io
import tarfile
from typing import Any

from task2vec.client.http.predictions import lots, member
from task2vec.data.pixels.reader import UnreadableImageError


def test_lots_are_bounded_in_images_and_bytes() -> None:
    many = [(f"{n}", b"x") for n in range(450)]
    assert [len(lot.images) for lot in lots(many)] == [200, 200, 50]

    large = [(f"{n}", bytes(20 * 2**20)) for n in range(3)]
    assert [len(lot.images) for lot in lots(large)] == [1, 1, 1]
    assert list(lots([])) == []


def test_images_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []

    def images() -> Any:
        for n in range(1000):
            taken.append(n)
            yield str(n), b"x"

    next(lots(images()))
    assert len(taken) == 201


def test_a_lot_is_sent_without_names_and_without_what_could_not_be_read() -> None:
    (lot,) = lots([("a secret.jpg", b"one"), ("b", UnreadableImageError("gone")), ("c", b"three")])
    assert lot.images[1] == ("b", "gone")

    payload = lot.payload(name="lot")

    assert payload is not None
    data = b"".join(payload.chunks())
    assert b"secret" not in data
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    assert found == {member(0): b"one", member(2): b"three"}


def test_what_cannot_be_read_at_all_is_not_sent() -> None:
    (lot,) = lots([("a", UnreadableImageError("gone"))])
    assert lot.payload(name="lot") is None
