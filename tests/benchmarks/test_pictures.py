from hashlib import sha256

from PIL import Image

from benchmarks.pictures import write_pictures


def test_pictures_are_as_many_as_asked_for_and_all_different(tmp_path):
    write_pictures(tmp_path / "a", images=14, classes=3, size=(40, 30))
    write_pictures(tmp_path / "b", images=14, classes=3, size=(40, 30))
    found = sorted((tmp_path / "a").rglob("*.jpg"))
    assert [len(list(place.iterdir())) for place in sorted((tmp_path / "a").iterdir())] == [5, 5, 4]
    for path in found:
        with Image.open(path) as picture:
            assert picture.size == (40, 30)
    digests = {sha256(path.read_bytes()).digest() for path in found}
    assert len(digests) == 14
    assert digests == {
        sha256(path.read_bytes()).digest() for path in (tmp_path / "b").rglob("*.jpg")
    }
