"""A data set by the addresses of its images, from a real TLS server."""

from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path

import pytest
from far_server import HOST, FarServer, far_server
from small_store import cut

from task2vec.data.open import open_source
from task2vec.errors import (
    DeadlineError,
    JobCancelledError,
    RefusedAddressError,
    SourceError,
    Task2VecError,
    TooLargeError,
)
from task2vec.jobs.fetch import check_manifest, run
from task2vec.messages.datasets import NewRemoteDataset, RemoteImage
from task2vec.service.datasets.datasets import list_datasets, source_path
from task2vec.service.datasets.fetch_policy import FetchPolicy
from task2vec.service.datasets.fetching import Fetcher
from task2vec.service.workspace import Workspace


@pytest.fixture(scope="module")
def far() -> Iterator[FarServer]:
    with far_server() as server:
        yield server


@pytest.fixture(scope="module")
def images(far: FarServer, tmp_path_factory: pytest.TempPathFactory) -> list[RemoteImage]:
    folder = cut("greek_capitals", tmp_path_factory.mktemp("far") / "letters")
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        place = f"/{path.parent.name}/{path.name}"
        far.pages[place] = (200, {"Content-Type": "text/html"}, path.read_bytes())
        found.append(RemoteImage(url=far.url(place), label=path.parent.name))
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "store") as opened:
        opened.store(create=True)
        yield opened


@pytest.fixture
def fetch(workspace, far):
    def fetch(manifest, *, progress=None, name="letters", **policy):
        given = {
            "hosts": (HOST,),
            "ports": frozenset({far.port}),
            "networks": (ip_network("127.0.0.1/32"),),
            **policy,
        }
        loopback = Fetcher(
            FetchPolicy(**given), resolver=lambda host, port: ["127.0.0.1"], trust=far.trust
        )
        with closing(loopback) as fetcher:
            return run(
                workspace,
                NewRemoteDataset(name=name, images=tuple(manifest)),
                fetcher,
                retention=60.0,
                owner="k",
                progress=progress,
            )

    return fetch


def image(label: str, url: str = "https://a.org/1", split: str | None = None) -> RemoteImage:
    return RemoteImage(url=url, label=label, split=split)


def files(workspace: Workspace) -> list[Path]:
    return [p for f in ("uploads", "datasets") for p in (workspace.path / f).glob("*")]


def test_the_images_become_a_data_set(workspace, far, images, fetch) -> None:
    told = []
    record = fetch(images, progress=lambda done, total: bool(told.append((done, total))))

    assert (record.name, record.format, record.owner) == ("letters", ".tar", "k")
    assert (record.images, record.classes) == (32, 4)
    assert told == [(n, 32) for n in range(1, 33)]
    task = open_source(source_path(workspace, record))
    read = dict(task.reader.read([entry.key for entry in task.entries]))
    sent = [far.pages[str(image.url).partition(str(far.port))[2]][2] for image in images]
    assert [read[key] for key in sorted(read, key=lambda key: key.split("/")[1])] == sent
    labels = {key.split("/")[1][:6]: key.split("/")[0] for key in read}
    assert labels == {f"{n:06}": image.label for n, image in enumerate(images)}
    assert files(workspace) == [source_path(workspace, record)]


def test_splits_are_kept(workspace, images, fetch) -> None:
    split = [
        RemoteImage(url=image.url, label=image.label, split="train" if number % 2 else "test")
        for number, image in enumerate(images)
    ]
    task = open_source(source_path(workspace, fetch(split)))
    assert task.splits == ("train", "test")
    assert len(task.only("train").entries) == 16


def test_a_few_missing_images_are_left_out_and_told(far, images, fetch) -> None:
    far.pages["/page.jpg"] = (200, {}, b"<html>no image</html>")
    lost = [
        RemoteImage(url=far.url("/lost.jpg"), label=images[0].label),
        RemoteImage(url=far.url("/page.jpg"), label=images[0].label),
    ]
    record = fetch([*images, *lost])

    assert record.images == 32
    assert record.warnings[0] == (
        f"2 of 34 images left out: {far.url('/lost.jpg')} ({HOST} does not give the file); "
        f"{far.url('/page.jpg')} (no image of a kind that is read)"
    )


def test_many_missing_images_keep_nothing(workspace, far, images, fetch) -> None:
    lost = [RemoteImage(url=far.url(f"/lost{n}.jpg"), label=images[0].label) for n in range(4)]
    with pytest.raises(SourceError, match="Too many of the 36 images"):
        fetch([*images, *lost])
    assert files(workspace) == []
    assert list_datasets(workspace, limit=1).items == []


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        ({"total_bytes": 5000}, TooLargeError),
        ({"seconds": 1e-6}, DeadlineError),
        ({"images": 31}, TooLargeError),
        ({"hosts": ()}, RefusedAddressError),
        ({"networks": ()}, RefusedAddressError),
        ({"ports": frozenset({443})}, RefusedAddressError),
    ],
)
def test_limits_hold_and_keep_nothing(workspace, images, fetch, policy, error) -> None:
    with pytest.raises(error):
        fetch(images, **policy)
    assert files(workspace) == []


def test_an_image_that_leads_inside_ends_it_all(workspace, far, images, fetch) -> None:
    far.pages["/inside"] = (302, {"Location": "https://169.254.169.254/latest"}, b"")
    with pytest.raises(RefusedAddressError):
        fetch([*images, RemoteImage(url=far.url("/inside"), label=images[0].label)])
    assert files(workspace) == []


def test_it_can_be_cancelled(workspace, images, fetch) -> None:
    with pytest.raises(JobCancelledError):
        fetch(images, progress=lambda done, total: done == 5)
    assert files(workspace) == []


@pytest.mark.parametrize(
    "images",
    [
        [
            RemoteImage(url="https://a.org/1", label="../x"),
            RemoteImage(url="https://a.org/2", label="y"),
        ],
        [
            RemoteImage(url="https://a.org/1", label="x/y/z"),
            RemoteImage(url="https://a.org/2", label="y"),
        ],
        [
            RemoteImage(url="https://a.org/1", label=".x"),
            RemoteImage(url="https://a.org/2", label="y"),
        ],
        [
            RemoteImage(url="https://a.org/1", label="x", split="train"),
            RemoteImage(url="https://a.org/2", label="y"),
        ],
        [
            RemoteImage(url="https://127.0.0.1/1", label="x"),
            RemoteImage(url="https://a.org/2", label="y"),
        ],
        [
            RemoteImage(url="https://a.org/1", label="x"),
            RemoteImage(url="http://a.org/2", label="y"),
        ],
    ],
)
def test_what_can_be_told_beforehand_is_told_without_asking_anybody(images) -> None:
    with pytest.raises(Task2VecError):
        check_manifest(FetchPolicy(hosts=("a.org",)), images)
