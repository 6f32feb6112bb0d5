import threading
import warnings
from io import BytesIO

import pytest
from PIL import Image

from task2vec.data.pixels.decode import decode
from task2vec.data.pixels.decoder_warnings import quiet


def test_warnings_are_ignored_inside_and_given_outside() -> None:
    with quiet():
        warnings.warn("inside", stacklevel=1)
    with pytest.warns(UserWarning, match="outside"):
        warnings.warn("outside", stacklevel=1)


def test_quiet_may_be_nested() -> None:
    with quiet():
        with quiet():
            pass
        warnings.warn("still inside", stacklevel=1)


def test_filters_that_others_add_later_do_not_win() -> None:
    with quiet():
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quiet():
            warnings.warn("inside", stacklevel=1)
        with pytest.raises(UserWarning, match="outside"):
            warnings.warn("outside", stacklevel=1)


def test_it_leaves_one_filter_however_often_it_is_used() -> None:
    with quiet():
        before = len(warnings.filters)
    for _ in range(5):
        warnings.simplefilter("always", EncodingWarning)
        with quiet():
            pass
    assert len(warnings.filters) == before + 1


def test_other_threads_go_on_warning() -> None:
    inside, done = threading.Event(), threading.Event()

    def wait_quietly() -> None:
        with quiet():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=wait_quietly)
    thread.start()
    inside.wait(10)
    try:
        with pytest.warns(UserWarning, match="elsewhere"):
            warnings.warn("elsewhere", stacklevel=1)
    finally:
        done.set()
        thread.join()


def test_decoding_in_threads_leaves_the_filters_as_they_were() -> None:
    # A palette with partial transparency makes Pillow warn as it converts.
    buffer = BytesIO()
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(buffer, "PNG", transparency=bytes([255, 51]))
    with quiet():
        pass
    before, sizes = list(warnings.filters), []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        sizes.extend(decode(buffer.getvalue()).size for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [(2, 1)] * 400
    assert warnings.filters == before
