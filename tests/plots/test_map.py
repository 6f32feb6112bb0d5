import re
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hostile.bombs import png_bomb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Circle
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image
from skimage import data

from task2vec.errors import InputError
from task2vec.messages.catalogue import MapMethod
from task2vec.plots.figure import save
from task2vec.plots.map import MapPoint, compose_map
from task2vec.plots.marks import thumbnail_pixels

FAMILIES = ("letters", "digits", "icons", "fashion", "medicine", "flags")


def photograph() -> bytes:
    buffer = BytesIO()
    Image.fromarray(data.cat()).save(buffer, "JPEG")
    return buffer.getvalue()


def tasks(count: int, *, thumbnail: bytes | None = None, grouped: bool = True) -> list[MapPoint]:
    """Points in six families, with names as people give them."""
    rng = np.random.default_rng(0)
    middles = rng.normal(scale=0.3, size=(6, 2))
    points = []
    for i in range(count):
        x, y = middles[i % 6] + rng.normal(scale=0.07, size=2)
        points.append(
            MapPoint(
                name=f"{FAMILIES[i % 6]}_{'abcdefgh'[: 1 + i % 8]}_{i}",
                x=float(x),
                y=float(y),
                classes=int(rng.integers(2, 200)),
                group=FAMILIES[i % 6] if grouped else None,
                thumbnail=thumbnail,
                standard_error=0.02,
            )
        )
    return points


def labels(figure: Figure) -> list[Text]:
    found = figure.findobj(lambda artist: artist.get_gid() == "label")
    return [artist for artist in found if isinstance(artist, Text)]


def boxes(artists: list[Text] | list[AxesImage]) -> list[Bbox]:
    return [artist.get_window_extent() for artist in artists]


def crossing(one: Bbox, other: Bbox) -> bool:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > 0 and height > 0


@pytest.mark.parametrize("count", [13, 60])
@pytest.mark.parametrize("thumbnails", [False, True])
def test_every_task_is_named_and_nothing_overlaps(count: int, thumbnails: bool) -> None:
    points = tasks(count, thumbnail=photograph() if thumbnails else None)
    figure = compose_map(points, thumbnails=thumbnails)
    named = labels(figure)
    images = [a for a in figure.findobj(AxesImage) if isinstance(a, AxesImage)]
    if count == 13:
        assert {label.get_text() for label in named} == {point.name for point in points}
    assert len(named) >= (0.75 if thumbnails else 0.9) * count
    assert len(images) >= (0.4 * count if thumbnails else 0)
    everything = boxes(named) + boxes(images)
    assert not [pair for pair in combinations(everything, 2) if crossing(*pair)]
    page = figure.bbox
    assert all(b.x0 > 0 and b.y0 > 0 and b.x1 < page.x1 and b.y1 < page.y1 for b in everything)


def test_in_a_crowd_a_spread_choice_is_named_and_the_caption_says_so() -> None:
    figure = compose_map(tasks(300))
    named = labels(figure)
    assert 20 <= len(named) <= 60
    assert not [pair for pair in combinations(boxes(named), 2) if crossing(*pair)]
    assert {label.get_text().split("_")[0] for label in named} == set(FAMILIES)
    assert any(f"{len(named)} of 300 tasks are named" in text for text in texts(figure))


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


def test_marks_stand_where_the_points_are_at_one_scale() -> None:
    points = tasks(13)
    figure = compose_map(points)
    figure.draw_without_rendering()
    marks = [c.get_offsets() for c in figure.axes[0].collections]
    at = np.array([xy for offsets in marks for xy in np.asarray(offsets)])
    # The legend's marks come first, one for each family.
    assert len(at) == 6 + 13
    drawn = at[6:]
    wanted = np.array([(p.x, p.y) for p in points])
    order = np.argsort(drawn[:, 0])
    drawn, wanted = drawn[order], wanted[np.argsort(wanted[:, 0])]
    scale = np.ptp(drawn[:, 0]) / np.ptp(wanted[:, 0])
    shift = drawn[0] - wanted[0] * scale
    np.testing.assert_allclose(drawn, wanted * scale + shift, atol=1e-6)


def circles(figure: Figure) -> list[Circle]:
    return [artist for artist in figure.findobj(Circle) if artist.get_radius() > 30]


def test_names_stand_beside_their_marks_within_wide_circles() -> None:
    # As the errors of tasks of few images are: wider than the way to the next task.
    grid = [(0.1 * (i % 3), 0.1 * (i // 3)) for i in range(9)]
    points = [
        replace(point, x=x, y=y, standard_error=0.3)
        for point, (x, y) in zip(tasks(9, grouped=False), grid, strict=True)
    ]
    figure = compose_map(points, method=MapMethod.MDS)
    found = {label.get_text(): label.get_window_extent() for label in labels(figure)}
    for point, circle in zip(points, circles(figure), strict=True):
        box, centre = found[point.name], np.array(circle.center)
        gap = centre - np.clip(centre, [box.x0, box.y0], [box.x1, box.y1])
        assert np.linalg.norm(gap) < 40


@pytest.mark.parametrize("error", [0.1, 0.5, 5.0])
def test_circles_of_errors_stay_on_the_map(error: float) -> None:
    points = [replace(point, standard_error=error) for point in tasks(6, grouped=False)]
    figure = compose_map(points, method=MapMethod.MDS)
    assert len(circles(figure)) == 6
    height = figure.get_figheight() * figure.dpi
    bar = min(
        box.x0 for box in boxes([t for t in figure.findobj(Text) if t.get_text() == "classes"])
    )
    for circle in circles(figure):
        box = circle.get_window_extent()
        assert min(box.x0, box.y0) > 0
        assert box.y1 < height
        assert box.x1 < bar


@pytest.mark.parametrize("method", [MapMethod.TSNE, MapMethod.UMAP])
def test_no_circles_where_lengths_are_no_distances(method: MapMethod) -> None:
    assert not circles(compose_map(tasks(6), method=method))


def test_the_caption_states_method_and_stress() -> None:
    said = " ".join(texts(compose_map(tasks(5), method=MapMethod.MDS, stress=0.1449)))
    assert "2-D picture of n-D distances by metric MDS; stress 0.14" in said
    assert "off by about 14%" in said
    assert re.search(r"distance 0\.\d", said)
    said = " ".join(texts(compose_map(tasks(5), method=MapMethod.TSNE, stress=0.3)))
    assert "by t-SNE" in said
    assert "long distances mean little" in said


def test_without_groups_the_class_count_is_told_by_colour() -> None:
    figure = compose_map(tasks(13, grouped=False))
    points = tasks(13, grouped=False)
    said = texts(figure)
    assert "classes" in said
    assert str(min(p.classes for p in points)) in said
    assert str(max(p.classes for p in points)) in said
    colours = {tuple(c.get_facecolor()[0]) for c in figure.axes[0].collections}
    assert len(colours) > 8


def test_more_groups_than_fit_are_counted() -> None:
    points = [
        MapPoint(name=f"t{i}", x=i % 20, y=i // 20, classes=2, group=f"group {i}")
        for i in range(200)
    ]
    said = texts(compose_map(points))
    listed = [text for text in said if text.startswith("group ")]
    assert f"and {200 - len(listed)} more" in said


def test_names_are_taken_literally(tmp_path: Path) -> None:
    names = [
        "$x_1^2$",
        "_under_score_",
        "\\frac{a",
        "<b>&amp;",
        "日本語",
        "bad\udcffbyte",
        "two\nlines",
        "n" * 400,
        "",
    ]
    points = [
        MapPoint(name=name, x=i % 3, y=i // 3, classes=2, group=name or None)
        for i, name in enumerate(names)
    ]
    figure = compose_map(points, title="$t_1$ \udcff" * 30)
    for suffix in ("png", "svg", "pdf"):
        save(figure, tmp_path / f"odd.{suffix}")
    said = texts(figure)
    assert {"$x_1^2$", "_under_score_", "\\frac{a", "<b>&amp;", "bad□byte", "two lines"} <= set(
        said
    )
    assert max(map(len, said)) < 100
    assert not any(text.get_parse_math() for text in labels(figure))


@pytest.mark.parametrize("broken", [b"", b"GIF89a no", b"\x89PNG\r\n\x1a\n cut short"])
def test_an_unreadable_thumbnail_is_a_mark(broken: bytes) -> None:
    figure = compose_map(tasks(3, thumbnail=broken), thumbnails=True)
    assert not figure.findobj(AxesImage)
    assert len(labels(figure)) == 3


def test_thumbnails_show_the_image_in_a_frame_of_the_group() -> None:
    red = BytesIO()
    Image.new("RGB", (300, 200), (255, 0, 0)).save(red, "PNG")
    point = MapPoint(name="t", x=0, y=0, classes=2, group="g", thumbnail=red.getvalue())
    (image,) = compose_map([point], thumbnails=True).findobj(AxesImage)
    assert isinstance(image, AxesImage)
    pixels = np.asarray(image.get_array())
    middle = len(pixels) // 2
    assert tuple(pixels[middle, middle]) == (255, 0, 0, 255)
    assert tuple(pixels[middle, 1]) == (0x00, 0x72, 0xB2, 255)
    assert pixels[0, 0, 3] == 0


@pytest.mark.parametrize("count", [1, 3])
def test_coincident_tasks(count: int) -> None:
    points = [
        MapPoint(name=f"t{i}", x=0.2, y=0.1, classes=2, thumbnail=photograph())
        for i in range(count)
    ]
    for thumbnails in (False, True):
        figure = compose_map(points, thumbnails=thumbnails, method=MapMethod.MDS, stress=0.0)
        assert len(labels(figure)) == count


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(InputError, match="at least one task"):
        compose_map([])
    with pytest.raises(InputError, match="finite"):
        compose_map([MapPoint(name="t", x=np.nan, y=0, classes=2)])


def test_a_thumbnail_of_many_pixels_is_left_out() -> None:
    # Pillow itself would decode it: 64 million pixels from 190 kB.
    data = png_bomb(8_000, 8_000, 8_000)
    assert len(data) < 2**20
    assert thumbnail_pixels(data, side=64, border=2, colour="red") is None
