"""Thumbnails that were sent: drawn if they are small pictures, left out if not."""

from hostile.bombs import png_bomb

from task2vec.plots.marks import thumbnail_pixels


def test_a_picture_of_many_pixels_is_left_out() -> None:
    # Pillow itself would decode it: 64 million pixels from 190 kB.
    data = png_bomb(8_000, 8_000, 8_000)
    assert len(data) < 2**20
    assert thumbnail_pixels(data, side=64, border=2, colour="red") is None


def test_a_small_picture_is_drawn() -> None:
    pixels = thumbnail_pixels(png_bomb(300, 200, 200), side=64, border=2, colour="red")
    assert pixels is not None
    assert pixels.shape == (64, 64, 4)
