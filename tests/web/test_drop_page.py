"""Images that are dropped: looked at in the browser, sent, embedded, and recommended for."""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_store
from playwright.sync_api import Page, expect
from watched import Watched, get, serving, tasks_of

CLASSES, IMAGES = 3, 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that works, over a store with four small tasks."""
    with serving(tmp_path_factory.mktemp("dropped-on"), workers=1) as url:
        yield url


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return small_store.cut("tango_icons", tmp_path / "icons", classes=CLASSES, images=IMAGES)


def choose(page: Page, path: Path) -> None:
    kind = "Choose a folder" if path.is_dir() else "Choose an archive"
    page.get_by_label(kind).set_input_files(path)
    page.locator("form.check").wait_for()


def test_what_would_be_sent_is_said_before_anything_is(atlas: Watched, images: Path) -> None:
    (images / "notes.txt").write_text("not an image")
    (images / ".hidden").mkdir()
    shutil.copy(next(images.rglob("*.png")), images / ".hidden" / "a.png")
    shutil.copy(next(images.rglob("*.png")), images / "loose.png")
    sent: list[str] = []
    atlas.page.on("request", lambda it: sent.append(it.method) if "/v1/" in it.url else None)
    page = atlas.open("#/drop")
    choose(page, images)

    form = page.locator("form.check")
    expect(form).to_contain_text(f"{CLASSES * IMAGES} images of {CLASSES} classes")
    expect(form).to_contain_text("1 image lies in no folder")
    expect(form).to_contain_text("1 other file stays here")
    assert page.get_by_label("Name of the task").input_value() == "icons"
    shown = page.locator(".classes li").all_inner_texts()
    assert [text.split() for text in shown] == [
        [each.name, str(IMAGES)]
        for each in sorted(images.iterdir())
        if each.is_dir() and each.name[0] != "."
    ]
    assert "POST" not in sent


def test_loose_images_are_sorted_by_their_names_or_by_hand(
    atlas: Watched, images: Path, tmp_path: Path
) -> None:
    first, second, third = sorted(each for each in images.iterdir())
    loose = tmp_path / "loose"
    loose.mkdir()
    for folder, label in ((first, "cat"), (second, "big dog")):
        for number, each in enumerate(sorted(folder.iterdir())):
            shutil.copy(each, loose / f"{label}_{number}{each.suffix}")
    page = atlas.open("#/drop")
    page.get_by_label("Choose images").set_input_files(sorted(loose.iterdir()))
    form = page.locator("form.check")
    expect(form).to_contain_text(f"{2 * IMAGES} images lie in no folder")
    expect(page.get_by_role("button", name="Send, embed and recommend")).to_be_disabled()
    page.get_by_role("button", name="Sort them by their names: big dog (8), cat (8)").click()
    expect(form).to_contain_text(f"{2 * IMAGES} images of 2 classes")

    page.get_by_label("Add images").set_input_files(sorted(third.iterdir()))
    page.get_by_role("button", name="Put them into this class").click()
    page.get_by_label("Class of these images").fill("bird")
    page.keyboard.press("Enter")
    expect(form).to_contain_text(f"{3 * IMAGES} images of 3 classes")
    page.get_by_label("Add a folder").set_input_files(first)
    expect(form).to_contain_text(f"{4 * IMAGES} images of 4 classes")
    assert [text.split("\n")[0] for text in page.locator(".classes li").all_inner_texts()] == [
        first.name,
        "big dog",
        "bird",
        "cat",
    ]
    assert atlas.axe() == []

    # Other images of the same names and sizes are other images; the same ones are there already.
    content = next(first.iterdir()).read_bytes()
    for folder, expected in (("one", 2), ("two", 4), ("two", 4)):
        for number in range(2):
            path = tmp_path / folder / f"bird_{number}.png"
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                path.write_bytes(content + folder.encode() + bytes([number]))
        page.get_by_label("Add images").set_input_files(sorted((tmp_path / folder).iterdir()))
        page.get_by_label("Class of these images").fill("bird")
        page.keyboard.press("Enter")
        expect(form).to_contain_text(f"{4 * IMAGES + expected} images of 4 classes")


def test_a_folder_that_is_no_task_is_not_sent(atlas: Watched, images: Path) -> None:
    page = atlas.open("#/drop")
    first, *others = sorted(images.iterdir())
    for each in others:
        shutil.rmtree(each)
    choose(page, images)

    expect(page.get_by_role("alert")).to_contain_text("2 classes at least")
    expect(page.get_by_role("button", name="Send, embed and recommend")).to_be_disabled()
    page.get_by_role("button", name="Choose others").click()
    choose(page, first)
    expect(page.get_by_role("alert")).to_contain_text("Drop the folder that holds the folders")


def test_the_images_of_a_zip_are_counted_before_it_is_sent(
    atlas: Watched, images: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "my icons.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for each in sorted(images.rglob("*.png")):
            file.write(each, each.relative_to(images.parent))
    page = atlas.open("#/drop")
    choose(page, archive)

    expect(page.locator("form.check")).to_contain_text(
        f"{CLASSES * IMAGES} images of {CLASSES} classes"
    )
    assert page.get_by_label("Name of the task").input_value() == "my icons"


def test_a_folder_goes_all_the_way_to_a_trained_model(atlas: Watched, images: Path) -> None:
    # Names that a plain header of a tar cannot hold.
    first = min(images.iterdir())
    named = first.rename(images / ("жук " * 15).strip())
    page = atlas.open("#/drop")
    choose(page, images)
    page.get_by_label("Name of the task").fill("dropped")
    page.get_by_label("Tags").fill("icons, by hand")
    page.get_by_role("button", name="Send, embed and recommend").click()
    page.locator(".verdict").wait_for(timeout=120_000)

    (task,) = (each for each in tasks_of(atlas.url) if each["name"] == "dropped")
    about = get(f"{atlas.url}/v1/tasks/{task['id']}")
    assert set(about["tags"]) == {"icons", "by hand"}
    names = about["provenance"]["class_names"]
    assert sorted(names) == sorted(each.name for each in images.iterdir())
    assert named.name in names
    expect(page.locator("h1")).to_contain_text("dropped")

    page.get_by_role("button", name="Measure for 60 s").click()
    expect(page.locator("table.candidates")).to_contain_text("s", timeout=120_000)
    expect(page.locator(".figures", has_text="models measured")).to_contain_text(
        "3", timeout=120_000
    )
    assert "job=" in page.url
    page.reload()
    expect(page.locator(".figures", has_text="models measured")).to_contain_text("3")

    page.get_by_role("button", name="a linear probe", exact=True).click()
    page.get_by_text("Limits", exact=True).click()
    page.get_by_label("How the model is trained").select_option("linear-probe")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Fine-tune efficientnet_lite0 now, a linear probe").click()
    expect(page.locator(".tuned")).to_contain_text("test images right", timeout=120_000)
    (outcome,) = get(f"{atlas.url}/v1/outcomes?task=dropped")["outcomes"]
    assert f"{100 * outcome['accuracy']:.1f} %" in page.locator(".tuned").inner_text()


def test_a_name_that_is_taken_loses_nothing(atlas: Watched, images: Path) -> None:
    uploads: list[str] = []
    atlas.page.on(
        "request", lambda it: uploads.append(it.url) if it.url.endswith("/v1/datasets") else None
    )
    page = atlas.open("#/drop")
    choose(page, images)
    page.get_by_label("Name of the task").fill("greek_capitals")
    page.get_by_role("button", name="Send, embed and recommend").click()
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("greek_capitals")
    assert page.get_by_label("Name of the task").input_value() == "greek_capitals"

    page.get_by_label("Name of the task").fill("icons again")
    page.get_by_role("button", name="Send, embed and recommend").click()
    page.locator(".job-progress, .verdict").first.wait_for()
    assert len(uploads) == 1
    atlas.forgive(409)


def test_it_is_dropped_anywhere(atlas: Watched) -> None:
    page = atlas.open("#/models")
    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["no archive"], "cats.zip"));
            dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
        }"""
    )

    expect(page.locator("form.check")).to_contain_text("cats.zip")
    assert page.url.endswith("#/drop")
    page.get_by_role("button", name="Send, embed and recommend").click()
    expect(page.get_by_role("alert")).to_contain_text("The archive cats is damaged")
    atlas.forgive(422)


def test_axe_finds_nothing(atlas: Watched, images: Path) -> None:
    page = atlas.open("#/drop")
    assert atlas.axe() == []
    choose(page, images)
    assert atlas.axe() == []
