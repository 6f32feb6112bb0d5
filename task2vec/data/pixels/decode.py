"""From the bytes of an image file to RGB pixels, or to a short reason why not.

Pillow holds a pixel in 4 bytes, of whatever colours. An image of `MAX_PIXELS` takes 320 MB, and as
much again while its colours or its orientation are changed: what can be done in strips is.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from io import BytesIO
from threading import Lock

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from task2vec.data.pixels.decoder_warnings import quiet
from task2vec.data.pixels.limits import LARGE_PIXELS, MAX_IMAGE_BYTES, MAX_PIXELS
from task2vec.data.pixels.reader import UnreadableImageError
from task2vec.data.wording import shown

# Pillow knows dozens of formats, many of them seldom used and seldom audited.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")

_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"RIFF": "WebP",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


_ORIENTATION = 0x0112
_STRIP_PIXELS = 2**20

# One lock for all threads of a process: it is the memory that they share.
_large = Lock()


def decode(
    data: bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    upright: bool = True,
    before: Callable[[int], None] = lambda _: None,
) -> Image.Image:
    """Return the first frame of an encoded image as 8-bit RGB, ``upright`` as its EXIF data says.

    Only the formats of `FORMATS` are tried, whatever the file is called. The size in the header is
    checked before any pixel is decoded. ``max_pixels`` cannot raise Pillow's own limit
    (`PIL.Image.MAX_IMAGE_PIXELS`). ``before`` is called with the number of pixels before they are
    decoded. Safe to call from several threads at once. Raises `UnreadableImageError`.
    """
    if not data:
        raise UnreadableImageError("empty file")
    if len(data) > MAX_IMAGE_BYTES:
        raise UnreadableImageError(f"larger than {MAX_IMAGE_BYTES // 2**20} MiB")
    limit = min(max_pixels, Image.MAX_IMAGE_PIXELS or max_pixels)
    # Pillow warns about oddities that it survives, such as corrupt EXIF data.
    with quiet():
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
                if width * height > limit:
                    raise UnreadableImageError(
                        f"{width} x {height} pixels, above the limit of {limit:,}"
                    )
                before(width * height)
                image.load()
                return to_rgb(image, upright=upright)
        except UnreadableImageError:
            raise
        except UnidentifiedImageError:
            raise UnreadableImageError(_describe(data)) from None
        except Image.DecompressionBombError:
            raise UnreadableImageError(f"more pixels than the limit of {limit:,}") from None
        except MemoryError:
            raise UnreadableImageError("too large for the memory") from None
        # Damaged files make the decoders raise nearly anything: OSError, SyntaxError, ValueError,
        # EOFError, struct.error, IndexError, ...
        except Exception as error:
            reason = (
                "truncated"
                if "truncated" in str(error).lower()
                else f"damaged: {shown(str(error))}"
            )
            raise UnreadableImageError(reason) from error


def to_image(
    raw: "bytes | Image.Image | UnreadableImageError",
    *,
    before: Callable[[int], None] = lambda _: None,
) -> Image.Image:
    """Return the RGB image that a reader gave, encoded or ready; raises `UnreadableImageError`."""
    if isinstance(raw, UnreadableImageError):
        raise raw
    return decode(raw, before=before) if isinstance(raw, bytes) else to_rgb(raw)


@contextmanager
def image_of(raw: "bytes | Image.Image | UnreadableImageError") -> Iterator[Image.Image]:
    """Give the RGB image that a reader gave for the time of the block.

    Of images above `LARGE_PIXELS` one at a time is in memory: other threads wait for the end of
    the block. Raises `UnreadableImageError`.
    """
    with ExitStack() as stack:

        def wait(pixels: int) -> None:
            if pixels > LARGE_PIXELS:
                stack.enter_context(_large)

        yield to_image(raw, before=wait)


def pixel_digest(image: Image.Image) -> str:
    """Return the SHA-256 of the size and the pixels of an RGB image, in hexadecimal."""
    digest = sha256(f"{image.width}x{image.height}\n".encode())
    for box in _strips(image):
        digest.update(image.crop(box).tobytes())
    return digest.hexdigest()


def _strips(image: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    """Yield the corners of the strips of an image, from the top, of a million pixels each."""
    rows = max(1, _STRIP_PIXELS // max(1, image.width))
    for top in range(0, image.height, rows):
        yield 0, top, image.width, min(top + rows, image.height)


def to_rgb(image: Image.Image, *, upright: bool = True) -> Image.Image:
    """Return an image of any mode as 8-bit RGB, upright, with transparency laid on white.

    16-bit grey is scaled so that 65535 becomes 255. Raises `UnreadableImageError` for pixels
    without a natural brightness (floating point, wider than 16 bits) and other colour spaces.
    """
    image = _upright(image) if upright else image
    if image.mode == "F" or image.mode.startswith("I"):
        image = _from_wide_grey(image)
    try:
        if not image.has_transparency_data:
            return image if image.mode == "RGB" else image.convert("RGB")
        return _on_white(image)
    except ValueError as error:
        raise UnreadableImageError(f"pixels of mode {image.mode}") from error


def _on_white(image: Image.Image) -> Image.Image:
    flat = Image.new("RGB", image.size)
    for box in _strips(image):
        strip = image.crop(box).convert("RGBA")
        white = Image.new("RGBA", strip.size, "white")
        flat.paste(Image.alpha_composite(white, strip).convert("RGB"), box)
    return flat


def _upright(image: Image.Image) -> Image.Image:
    try:
        turned = image.getexif().get(_ORIENTATION, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image
    # Corrupt EXIF data says nothing about the pixels, which are good.
    except Exception:
        return image


def _from_wide_grey(image: Image.Image) -> Image.Image:
    grey = Image.new("L", image.size)
    for box in _strips(image):
        pixels = np.asarray(image.crop(box))
        if pixels.dtype.kind == "f" or pixels.min() < 0 or pixels.max() > 65535:
            raise UnreadableImageError(
                f"pixels of mode {image.mode} that are not 8 or 16 bits wide"
            )
        grey.paste(Image.fromarray(((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)), box)
    return grey


def _describe(data: bytes) -> str:
    for signature, name in _SIGNATURES.items():
        if data.startswith(signature):
            return f"damaged or truncated {name}"
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%pdf"):
        return "a PDF, not an image"
    if b"<svg" in start:
        return "an SVG drawing, not pixels"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page, not an image"
    if b"\0" not in start and start.isascii():
        return "text, not an image"
    return "not an image of a supported format"
