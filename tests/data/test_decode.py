import contextlib
import warnings
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from task2vec.data.pixels.decode import decode
from task2vec.data.pixels.reader import UnreadableImageError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> list[list[list[int]]]:
    image = decode(data)
    assert image.mode == "RGB"
    return np.asarray(image).tolist()


def noise(size: tuple[int, int]) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP"])
def test_lossless_formats_give_the_very_pixels(kind: str) -> None:
    image = noise((5, 4))
    data = encode(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
    np.testing.assert_array_equal(np.asarray(decode(data)), np.asarray(image))


def test_jpeg_gives_nearly_the_colour() -> None:
    data = encode(Image.new("RGB", (16, 16), (200, 100, 50)), "JPEG", quality=95)
    assert np.abs(np.asarray(decode(data)).astype(int) - [200, 100, 50]).max() <= 3


def test_cmyk_jpeg_is_converted_to_rgb() -> None:
    # Cyan ink alone takes away the red light.
    data = encode(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", quality=95)
    assert np.abs(np.asarray(decode(data)).astype(int) - [0, 255, 255]).max() <= 3


def test_floating_point_pixels_are_refused() -> None:
    data = encode(Image.fromarray(np.ones((2, 2), dtype=np.float32)), "TIFF")
    with pytest.raises(UnreadableImageError, match="mode F"):
        decode(data)


def palette_image() -> Image.Image:
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *BLUE])
    image.putpixel((1, 0), 1)
    return image


def green_and_red() -> Image.Image:
    image = Image.new("RGB", (2, 1), RED)
    image.putpixel((1, 0), GREEN)
    return image


WIDE = Image.fromarray(np.array([[0, 257, 32768, 65535]], dtype=np.uint16))
PALETTE = palette_image()


@pytest.mark.parametrize(
    ("image", "kinds", "options", "expected"),
    [
        pytest.param(WIDE, "PNG TIFF PPM", {}, [[n] * 3 for n in (0, 1, 128, 255)], id="16 bit"),
        pytest.param(Image.new("1", (1, 1)), "PNG", {}, [[0] * 3], id="black"),
        pytest.param(Image.new("1", (1, 1), 1), "PNG", {}, [[255] * 3], id="white"),
        pytest.param(Image.new("RGB", (1, 1), RED), "PNG", {}, [RED], id="one pixel"),
        pytest.param(PALETTE, "PNG GIF BMP", {}, [RED, BLUE], id="palette"),
        pytest.param(PALETTE, "PNG GIF", {"transparency": 1}, [RED, WHITE], id="transparent"),
        pytest.param(
            PALETTE,
            "PNG",
            {"transparency": bytes([255, 51])},
            [RED, (204, 204, 255)],
            id="partly transparent",
        ),
        pytest.param(Image.new("LA", (1, 1), (0, 51)), "PNG", {}, [[204] * 3], id="grey, alpha"),
        pytest.param(Image.new("RGBA", (1, 1), (*RED, 0)), "PNG", {}, [WHITE], id="no alpha"),
        pytest.param(
            Image.new("RGBA", (1, 1), (*RED, 51)), "PNG", {}, [(255, 204, 204)], id="alpha"
        ),
        pytest.param(green_and_red(), "PNG", {"transparency": GREEN}, [RED, WHITE], id="a colour"),
    ],
)
def test_colours_become_rgb_on_white(
    image: Image.Image, kinds: str, options: dict[str, Any], expected: list[Any]
) -> None:
    for kind in kinds.split():
        assert pixels(encode(image, kind, **options)) == [list(map(list, expected))]


# What was stored as [[R, G], [B, W]] (rows), as it is to be seen; EXIF 2.3, tag 274.
R, G, B, W = (list(colour) for colour in (RED, GREEN, BLUE, WHITE))
UPRIGHT = {
    1: [[R, G], [B, W]],
    2: [[G, R], [W, B]],
    3: [[W, B], [G, R]],
    4: [[B, W], [R, G]],
    5: [[R, B], [G, W]],
    6: [[B, R], [W, G]],
    7: [[W, G], [B, R]],
    8: [[G, W], [R, B]],
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    image = Image.fromarray(np.array(UPRIGHT[1], dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(image, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    assert pixels(data) == UPRIGHT[orientation]


def test_a_rotated_jpeg_has_its_sides_swapped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(encode(noise((40, 20)), "JPEG", exif=exif)).size == (20, 40)


def test_corrupt_exif_data_does_not_spoil_the_pixels() -> None:
    data = encode(Image.new("RGB", (8, 8), RED), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xffjunk")
    assert np.abs(np.asarray(decode(data)).astype(int) - RED).max() <= 3


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_several_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, GREEN, BLUE)]
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert np.unique(np.asarray(decode(data)).reshape(-1, 3), axis=0).tolist() == [list(RED)]


def test_the_first_picture_of_a_stereo_jpeg_is_taken() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]
    data = encode(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert np.abs(np.asarray(decode(data)).astype(int) - RED).max() <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_truncated_images_are_unreadable(kind: str, part: float) -> None:
    data = encode(noise((64, 64)), kind)
    with pytest.raises(UnreadableImageError, match=r"truncated|damaged|not an image"):
        decode(data[: int(len(data) * part)])


def test_truncation_is_called_by_its_name() -> None:
    data = encode(noise((64, 64)), "JPEG")
    with pytest.raises(UnreadableImageError) as caught:
        decode(data[: len(data) // 2])
    assert caught.value.problem == "truncated"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"just some words\n", "text, not an image"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF, not an image"),
        (b"<!DOCTYPE html><html><title>404</title>", "a web page"),
        (bytes(range(256)), "not an image of a supported format"),
        (b"\x89PNGjunk", "damaged or truncated PNG"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=reason):
        decode(data)


def test_formats_beyond_the_list_are_not_tried() -> None:
    data = encode(Image.new("RGB", (4, 4)), "TGA")
    with pytest.raises(UnreadableImageError):
        decode(data)


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims many pixels."""
    data = BytesIO(b"")
    data.write(b"\x89PNG\r\n\x1a\n")
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    PngImagePlugin.putchunk(data, b"IHDR", header)
    PngImagePlugin.putchunk(data, b"IDAT", b"")
    PngImagePlugin.putchunk(data, b"IEND", b"")
    return data.getvalue()


@pytest.mark.parametrize(
    "size", [(9_000, 9_000), (10_000, 9_900), (65_000, 65_000), (2**31 - 1, 2**31 - 1)]
)
def test_decompression_bombs_are_refused_by_their_header(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadableImageError, match="pixels"):
        decode(bomb(*size))


def test_the_limit_of_pixels_is_inclusive() -> None:
    data = encode(noise((10, 10)), "PNG")
    assert decode(data, max_pixels=100).size == (10, 10)
    with pytest.raises(UnreadableImageError, match="10 x 10 pixels, above the limit of 99"):
        decode(data, max_pixels=99)


def test_no_warning_escapes() -> None:
    data = encode(palette_image(), "PNG", transparency=bytes([255, 51]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decode(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "PPM"])
def test_spoilt_bytes_give_pixels_or_one_kind_of_error(kind: str) -> None:
    data = encode(noise((24, 24)), kind)
    random = np.random.default_rng(1)
    for _ in range(150):
        spoilt = bytearray(data)
        # Half of the damage goes where the header is.
        reach = 64 if random.random() < 0.5 else len(data)
        for position in random.integers(0, reach, 4):
            spoilt[position] = random.integers(0, 256)
        with contextlib.suppress(UnreadableImageError):
            assert decode(bytes(spoilt), max_pixels=10**6).mode == "RGB"
