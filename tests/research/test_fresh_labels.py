"""Names and files of the sources of fresh tasks, as labels and objects."""

import io
import struct
from collections import Counter
from pathlib import PurePosixPath

import numpy as np
import pytest
from PIL import Image

from research.fresh import (
    boards,
    diagrams,
    dungeon,
    furniture,
    glyphs,
    pictograms,
    settlers,
    signs,
    sky,
    space,
    stamps,
    survival,
    themes,
)
from research.fresh.source import outline, pictured, spread


@pytest.mark.parametrize(
    ("syllable", "initial", "vowel"),
    [("가", "g", "a"), ("한", "h", "a"), ("욜", "ng", "yo"), ("힝", "h", "i")],
)
def test_a_syllable_is_taken_apart(syllable, initial, vowel):
    assert glyphs.INITIALS[glyphs.initial_of(ord(syllable))] == initial
    assert glyphs.VOWELS[glyphs.vowel_of(ord(syllable))] == vowel


def test_a_field_of_unihan_is_read_by_character():
    lines = iter(["# kRSUnicode\n", "U+6797\tkRSUnicode\t75.4\n", "U+6797\tkTotalStrokes\t8 9\n"])
    assert glyphs.field(lines, "kTotalStrokes") == {0x6797: "8"}


@pytest.mark.parametrize(("value", "name"), [("75.4", "tree"), ("149'.2", None), ("1.3", None)])
def test_a_radical_in_its_usual_form_is_named(value, name):
    assert glyphs.radical_of(value) == name


@pytest.mark.parametrize(
    ("value", "name"), [("2", "few"), ("7", None), ("10", "some"), ("30", "most")]
)
def test_strokes_are_counted_in_groups_with_gaps(value, name):
    assert glyphs.strokes_of(value) == name


def test_blocks_of_unicode_end_where_they_say():
    found = glyphs.blocks(iter(["# Blocks\n", "\n", "2190..21FF; Arrows\n"]))
    assert found == {"Arrows": range(0x2190, 0x2200)}


@pytest.mark.parametrize(
    ("file", "found"),
    [("wn.svg", ("white", "knight")), ("bk.svg", ("black", "king")), ("celtic.svg", None)],
)
def test_a_chess_piece_is_known_by_its_file(file, found):
    assert boards.piece(file) == found


def test_designs_of_a_sign_are_one_object():
    assert signs.sign("warning--wild-animals--g4") == ("warning", "wild-animals")
    assert signs.sign("warning--wild-animals--g1") == ("warning", "wild-animals")


@pytest.mark.parametrize(
    ("name", "subject"),
    [("maximum-speed-limit-30", "speed"), ("no-u-turn", "turn"), ("stop", None)],
)
def test_a_sign_speaks_of_the_first_word_that_is_known(name, subject):
    assert signs.subject(name) == subject


@pytest.mark.parametrize(
    ("theme", "design"),
    [
        ("oxy-blue", "oxy"),
        ("Breeze_Light", "breeze"),
        ("breeze_cursors", "breeze"),
        ("redglass",) * 2,
    ],
)
def test_colours_of_a_cursor_theme_are_one_design(theme, design):
    assert signs.design(theme) == design


def _cursor_file(images):
    """Return an X cursor file of (size, pixel as blue, green, red, alpha), each one pixel large."""
    count = len(images)
    places = [16 + 12 * count + 40 * i for i in range(count)]
    entries = [(signs.IMAGE_CHUNK, size, at) for (size, _), at in zip(images, places, strict=True)]
    data = b"Xcur" + struct.pack("<III", 16, 0x10000, count)
    data += b"".join(struct.pack("<III", *entry) for entry in entries)
    for size, pixel in images:
        data += struct.pack("<IIII", 36, signs.IMAGE_CHUNK, size, 1)
        data += struct.pack("<IIIII", 1, 1, 0, 0, 0) + bytes(pixel)
    return data


def test_the_largest_image_of_a_cursor_is_read_and_its_colours_are_not_dimmed():
    data = _cursor_file([(24, (0, 0, 255, 255)), (48, (0, 64, 0, 128)), (96, (9, 9, 9, 255))])
    image = signs.cursor(data)
    assert image.size == (1, 1)
    assert image.getpixel((0, 0)) == (0, 128, 0, 128)


@pytest.mark.parametrize("data", [b"GIF89a" + bytes(30), _cursor_file([])])
def test_what_is_no_cursor_is_refused(data):
    with pytest.raises(ValueError, match="X cursor"):
        signs.cursor(data)


def test_a_catalogue_gives_each_icon_the_category_of_its_design():
    text = """name: "acorn",
    categories: [e.FINANCE], figma_category: a.WEATHER, tags: ["nut"] },
    { name: "alarm", figma_category: a.TIME,"""
    assert pictograms.categories(text) == {"acorn": "weather", "alarm": "time"}


@pytest.mark.parametrize("name", ["lungs", "lungs-24px", "lungs-outline", "lungs-outline-24px"])
def test_variants_of_a_health_icon_are_one_object(name):
    assert pictograms.plain(name) == "lungs"


def test_what_is_in_two_groups_has_no_label():
    groups = {"a": ["x", "y"], "b": ["y", "z"]}
    assert pictograms.only_label(groups) == {"x": "a", "z": "b"}


@pytest.mark.parametrize(
    ("stem", "kind"),
    [
        ("sparkfun-rf_bluesmirf_pcb", "rf"),
        ("sparkfun-sensors-acc", "sensors"),
        ("Arduino_pcb", None),
    ],
)
def test_a_part_is_of_the_bin_that_its_file_names(stem, kind):
    assert diagrams.maker_bin(stem) == kind


def test_views_of_a_part_have_one_name():
    assert {diagrams.part_name(f"led-3_{view}", view) for view in diagrams.VIEWS} == {"led-3"}


def test_a_stamp_has_the_label_of_the_first_folder_it_lies_in():
    assert stamps.folder_label("clothes/hats/top", stamps.THINGS) == "hat"
    assert stamps.folder_label("clothes/shirt", stamps.THINGS) == "clothes"
    assert stamps.folder_label("symbols/alphabets/a", stamps.THINGS) is None


def test_a_figure_is_listed_once():
    assert sky.art_files("And a.png 1 2 3\n# x y.png\n\nAql b.png 4\nCen a.png 5\n") == [
        "a.png",
        "b.png",
    ]


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("n40", "NGC 40"),
        ("m101-vasey", "M 101"),
        ("ic1396", "IC 1396"),
        ("n6946dumont", "NGC 6946"),
        ("lmc_01", None),
        ("n5a", None),
    ],
)
def test_a_photograph_is_of_the_object_that_its_file_names(stem, name):
    assert sky.catalogued(stem) == name


def test_an_archive_of_images_is_read_to_its_end():
    archive = b"IMAGE 3 ./arch/monster/insect/ant.111\nabc\nIMAGE 2 ./arch/wall/cave/c_1.111\nde"
    assert list(dungeon.members(archive)) == [
        (PurePosixPath("arch/monster/insect/ant.111"), b"abc"),
        (PurePosixPath("arch/wall/cave/c_1.111"), b"de"),
    ]


@pytest.mark.parametrize("archive", [b"PNG 3 x\nabc", b"IMAGE 3\nabc", b"IMAGE 3 x"])
def test_an_archive_of_something_else_is_refused(archive):
    with pytest.raises(ValueError, match="at byte 0"):
        list(dungeon.members(archive))


def test_frames_of_a_monster_are_one_object():
    paths = [PurePosixPath(f"arch/monster/insect/ant.{frame}") for frame in (111, 151)]
    assert {dungeon.face(path) for path in paths} == {"ant"}


@pytest.mark.parametrize(
    ("place", "label"),
    [
        ("gun/shot.json", "gun"),
        ("gunmod/brake.json", "gun_part"),
        ("gun.json", "gun"),
        ("fuel.json", None),
    ],
)
def test_a_definition_has_the_class_of_its_folder_or_file(place, label):
    assert survival.place_label(place, survival.GOODS) == label


@pytest.mark.parametrize(
    ("entry", "number"),
    [
        ({"fg": 7}, 7),
        ({"fg": [8, 9]}, 8),
        ({"fg": [{"weight": 1, "sprite": [5, 6]}]}, 5),
        ({"fg": []}, None),
        ({"bg": 3}, None),
    ],
)
def test_the_first_sprite_of_a_tile_counts(entry, number):
    assert survival.sprite_of(entry) == number


def test_a_garment_is_known_when_it_is_worn():
    worn = [f"overlay_{sex}worn_boots" for sex in ("", "male_", "female_")]
    assert {survival.WORN.sub("", name) for name in worn} == {"boots"}
    assert survival.WORN.sub("", "overlay_mutation_tail") == "overlay_mutation_tail"


def test_a_sheet_has_the_grid_of_its_animation():
    lua = "walk = { hotspot = {1, 2}, rows = 5, columns = 4, }, idle = { hotspot = {1, 2} }"
    assert settlers.grids(lua) == {"walk": (4, 5)}
    assert settlers.cell(Image.new("RGB", (40, 50)), (4, 5)).size == (10, 10)


@pytest.mark.parametrize(
    ("stem", "left_out"), [("tech_stop", True), ("archer", False), ("move2", True)]
)
def test_signs_of_commands_are_no_units(stem, left_out):
    assert bool(settlers.COMMANDS.search(stem)) == left_out


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("core_hull_l2", "core_hull"),
        ("laser-3", "laser"),
        ("base_hull_x", "base_hull"),
        ("fin",) * 2,
    ],
)
def test_sizes_of_an_outfit_are_one_object(stem, name):
    assert space.series(stem) == name


def test_a_theme_lists_what_it_puts_into_its_landscape():
    config = "sky = 1, 2\nobject = Cherry, 1, 12\nspray = Oreo, 2\n object=Cherry, 9\nflakes = 5"
    assert themes.placed(config) == ["Cherry", "Oreo"]


def test_a_piece_of_furniture_has_icon_and_category():
    text = "name#1=Sink\nicon#1=/a/sink.png\ncategory#1=Bathroom\nicon#2=/b.png\n"
    assert list(furniture.items(text)) == [("a/sink.png", "Bathroom")]


def _disc(colour, *, size=10, ground=0):
    pixels = np.full((size, size, 4), ground, dtype=np.uint8)
    pixels[2:7, 3:8] = (*colour, 255)
    return Image.fromarray(pixels)


def test_recoloured_pictures_have_one_outline_and_opaque_ones_none():
    assert outline(_disc((9, 0, 0))) == "" == outline(_disc((0, 9, 0)))
    wide = Image.new("RGBA", (6, 6))
    tall = wide.copy()
    for place in ((0, 0), (3, 1)):
        wide.putpixel(place, (200, 0, 0, 255))
        tall.putpixel(place[::-1], (200, 0, 0, 255))
    blue = Image.composite(Image.new("RGBA", (6, 6), (0, 0, 200, 255)), wide, wide)
    assert outline(wide) == outline(blue) != outline(tall)


def test_small_pictures_keep_their_pixels_and_empty_ones_are_none():
    disc = _disc((250, 250, 0))
    disc.putpixel((5, 4), (0, 0, 250, 255))
    image = pictured(disc, ground=(0, 0, 0), size=20)
    assert image is not None
    assert image.size == (20, 20)
    # Four pixels for each that there was.
    assert Counter(image.get_flattened_data()) == {(250, 250, 0): 24 * 16, (0, 0, 250): 16}
    assert pictured(Image.new("RGBA", (10, 10))) is None


def test_a_spread_is_even_and_no_longer_than_wanted():
    assert list(spread(range(10), 4)) == [0, 3, 6, 9]
    assert list(spread(range(3), 4)) == [0, 1, 2]


def test_a_picture_that_is_cut_off_is_no_archive_member():
    picture = io.BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    data = picture.getvalue()
    found = list(dungeon.members(f"IMAGE {len(data)} a/b\n".encode() + data))
    assert found == [(PurePosixPath("a/b"), data)]
