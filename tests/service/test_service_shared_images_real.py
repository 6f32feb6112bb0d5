"""A leak from end to end: real images, encoded anew, in a task of other images."""

import shutil
from io import BytesIO
from pathlib import Path

from factories import make_model
from PIL import Image
from small_store import build, cut

from task2vec import LocalClient
from task2vec.service.workspace import Workspace

MOVED = 10


def encoded_anew(source: Path, target: Path) -> None:
    """Write a picture smaller, and as a JPEG of low quality."""
    with Image.open(source) as opened:
        image = Image.new("RGB", opened.size, "white")
        rgba = opened.convert("RGBA")
        image.paste(rgba, mask=rgba.getchannel("A"))
    size = round(0.8 * image.width), round(0.8 * image.height)
    data = BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(data, "JPEG", quality=60)
    target.with_suffix(".jpg").write_bytes(data.getvalue())


def test_images_encoded_anew_are_found_and_their_task_is_no_evidence(
    tmp_path: Path,
) -> None:
    small = build()
    store = tmp_path / "store"
    shutil.copytree(small.store, store)
    other = cut("clipart_transport", tmp_path / "other", images=2)
    folders = sorted(path for path in other.iterdir() if path.is_dir())
    pictures = sorted((small.sources / "emoji_food").rglob("*.png"))[::3][:MOVED]
    for number, picture in enumerate(pictures):
        encoded_anew(picture, folders[number % len(folders)] / f"moved {number}")
    with LocalClient(store) as client:
        # All images are used, so that none that was put there is missed.
        client.embed(other, name="mixed", images=200)
    with Workspace(store) as workspace:
        for task in ("mixed", "fashion_tops"):
            id_ = workspace.store().tasks.get(task).id
            ref = f"timm:resnet18?of={task}"
            expert = make_model(f"{task}-expert", ref=ref, task=id_, architecture="resnet18")
            workspace.store().models.add(expert)
    with LocalClient(store) as client:
        answers = [
            client.recommend("emoji_food", measure=False),
            # The target, embedded anew for the answer.
            client.recommend(
                small.sources / "emoji_food", images=32, architecture="r*", measure=False
            ),
        ]
    for answer in answers:
        (told,) = [found for found in answer.shared_images if not found.same_source]
        assert told.task == "mixed"
        assert told.excluded
        assert told.exact == 0
        assert 3 <= told.images <= MOVED
        assert any(w.startswith(f"as many as {told.images} of") for w in answer.warnings)
        offered = {found.model for found in answer.recommendations}
        assert "fashion_tops-expert" in offered
        assert "mixed-expert" not in offered
    # All of the data set's images were looked for the second time.
    assert answers[1].shared_images[0].task == "emoji_food"
    assert answers[1].shared_images[0].excluded
    (told,) = [found for found in answers[1].shared_images if found.task == "mixed"]
    assert (told.images, told.of) == (MOVED, 32)
