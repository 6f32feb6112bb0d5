from matplotlib.font_manager import FontProperties, findfont, get_font

from task2vec.plots.text import font_families, printable, shortened


def test_every_printable_character_has_a_glyph() -> None:
    charmaps = [
        get_font(findfont(FontProperties(family=[name]))).get_charmap() for name in font_families()
    ]
    text = "a_1 $x^2$ é 日本語 \U0001f600 \ue000 العربية bad\udcffbyte\x00\x07"
    for character in printable(text):
        assert any(ord(character) in charmap for charmap in charmaps), repr(character)
    assert font_families()[0] == "DejaVu Sans"


def test_what_fonts_have_stays_and_the_rest_is_marked() -> None:
    assert printable("a_1 $x^2$ é Ω") == "a_1 $x^2$ é Ω"
    assert printable("one\nline \t only ") == "one line only"
    assert printable("bad\udcffbyte") == "bad□byte"
    assert printable("\ue000") == "□"


def test_long_names_keep_both_ends() -> None:
    assert shortened("x" * 28, 28) == "x" * 28
    assert shortened("medmnist_pathology_large_images_v2", 28) == "medmnist_pathology…images_v2"
    assert all(len(shortened("ab " * 20, n)) <= n for n in range(4, 61))
