"""Fetching over real TLS: redirects, rebinding, limits."""

import ssl
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest
from far_server import HOST, FarServer, far_server

from task2vec.errors import DeadlineError, RefusedAddressError, SourceError, TooLargeError
from task2vec.service.datasets.fetch_policy import FetchPolicy
from task2vec.service.datasets.fetching import Fetcher

LOOPBACK = (ip_network("127.0.0.1/32"),)


@pytest.fixture
def far() -> Iterator[FarServer]:
    with far_server() as server:
        server.pages["/a.jpg"] = (200, {}, b"an image")
        yield server


@pytest.fixture
def fetcher(far: FarServer) -> Iterator[Callable[..., Fetcher]]:
    made = []

    def make(*, resolver=lambda host, port: ["127.0.0.1"], trust=None, **policy) -> Fetcher:
        given = {"hosts": (HOST,), "ports": frozenset({443, far.port}), "networks": LOOPBACK}
        made.append(
            Fetcher(FetchPolicy(**{**given, **policy}), resolver=resolver, trust=trust or far.trust)
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_an_allowed_image_is_fetched_without_telling_who_asks(far, fetcher) -> None:
    assert fetcher().fetch(far.url("/a.jpg")) == b"an image"
    assert far.headers == [
        {
            "Host": f"{HOST}:{far.port}",
            "User-Agent": "task2vec",
            "Accept": "image/*",
            "Accept-Encoding": "identity",
        }
    ]


def test_a_name_that_leads_inside_is_refused_before_any_connection(far, fetcher) -> None:
    for address in ("127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%lo"):
        guarded = fetcher(networks=(), resolver=lambda host, port, a=address: [a])
        with pytest.raises(RefusedAddressError, match="not public") as raised:
            guarded.fetch(far.url("/a.jpg"))
        assert address not in str(raised.value)
    assert far.reached == []


def test_one_inner_address_among_public_ones_is_enough_to_refuse(far, fetcher) -> None:
    guarded = fetcher(networks=(), resolver=lambda host, port: ["1.1.1.1", "127.0.0.1"])
    with pytest.raises(RefusedAddressError):
        guarded.fetch(far.url("/a.jpg"))


def test_a_name_that_changes_its_mind_is_asked_once_a_connection(far, fetcher) -> None:
    """Rebinding: the first answer is checked and connected to, a second is never asked for."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]])
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    guarded = fetcher(resolver=rebinding)
    assert guarded.fetch(far.url("/a.jpg")) == b"an image"
    assert asked == [HOST]
    far.pages["/away"] = (302, {"Location": "/a.jpg", "Connection": "close"}, b"")
    with pytest.raises(RefusedAddressError):
        guarded.fetch(far.url("/away"))
    assert asked == [HOST, HOST]


def test_the_certificate_must_be_for_the_name_and_from_a_trusted_authority(far, fetcher) -> None:
    stranger = fetcher(trust=ssl.create_default_context())
    with pytest.raises(SourceError, match="no connection"):
        stranger.fetch(far.url("/a.jpg"))
    other = fetcher(hosts=("other.example.org",))
    with pytest.raises(SourceError, match="no connection"):
        other.fetch(far.url("/a.jpg", host="other.example.org"))
    assert far.reached == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_within_what_is_allowed(far, fetcher, status: int) -> None:
    far.pages["/moved"] = (status, {"Location": far.url("/there")}, b"")
    far.pages["/there"] = (status, {"Location": "a.jpg"}, b"")
    assert fetcher().fetch(far.url("/moved")) == b"an image"
    assert far.reached == ["/moved", "/there", "/a.jpg"]


@pytest.mark.parametrize(
    "target",
    [
        "http://images.example.org/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://127.0.0.1:{port}/a.jpg",
        "https://localhost:{port}/a.jpg",
        "https://[::1]:{port}/",
        "https://0x7f000001:{port}/",
        "https://169.254.169.254/latest/meta-data/",
        "https://evil.example.net/",
        "//127.0.0.1:{port}/a.jpg",
        "https://user:pass@images.example.org:{port}/a.jpg",
        "https://images.example.org:22/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/_x",
        "ftp://images.example.org/",
        "data:image/png;base64,AAAA",
        "https://[/",
        "https://images.example.org:x/",
    ],
)
def test_no_redirect_leads_to_where_one_may_not_begin(far, fetcher, target: str) -> None:
    far.pages["/moved"] = (302, {"Location": target.format(port=far.port)}, b"")
    with pytest.raises((RefusedAddressError, SourceError), match=r"not fetched|no address"):
        fetcher().fetch(far.url("/moved"))
    assert far.reached == ["/moved"]


def test_a_redirect_is_resolved_and_checked_anew(far, fetcher) -> None:
    inside = "inside.example.org"
    far.pages["/moved"] = (302, {"Location": far.url("/a.jpg", host=inside)}, b"")
    guarded = fetcher(
        hosts=("*",),
        resolver=lambda host, port: ["10.0.0.1" if host == inside else "127.0.0.1"],
    )
    with pytest.raises(RefusedAddressError, match=inside):
        guarded.fetch(far.url("/moved"))


def test_redirects_end(far, fetcher) -> None:
    far.pages["/round"] = (302, {"Location": "/round"}, b"")
    with pytest.raises(SourceError, match="at most 2 redirects"):
        fetcher(redirects=2).fetch(far.url("/round"))
    assert far.reached == ["/round"] * 3


def test_more_bytes_than_allowed_are_not_read(far, fetcher) -> None:
    far.pages["/exact"] = (200, {}, b"x" * 1000)
    far.pages["/large"] = (200, {}, b"x" * 1001)
    far.pages["/silent"] = (200, {"Transfer-Encoding": "chunked"}, b"x" * 1001)
    far.pages["/lying"] = (200, {"Content-Length": "999999999999"}, b"x")
    guarded = fetcher(image_bytes=1000)
    assert len(guarded.fetch(far.url("/exact"))) == 1000
    for path in ("/large", "/silent", "/lying"):
        with pytest.raises(TooLargeError, match="1,000"):
            guarded.fetch(far.url(path))


def test_bytes_that_drip_do_not_prolong_the_time(far, fetcher) -> None:
    started = time.monotonic()
    with pytest.raises(DeadlineError, match=r"within 0\.5 seconds"):
        fetcher(image_seconds=0.5).fetch(far.url("/drip"))
    assert time.monotonic() - started < 2.0


def test_compressed_answers_errors_and_nonsense_are_no_images(far, fetcher) -> None:
    far.pages["/zipped"] = (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")
    far.pages["/error"] = (500, {}, b"secret of the far server")
    guarded = fetcher()
    for path, message in (
        ("/zipped", "compressed"),
        ("/error", "got status 500"),
        ("/missing", "got status 404"),
    ):
        with pytest.raises(SourceError, match=message) as raised:
            guarded.fetch(far.url(path))
        assert "secret" not in str(raised.value)


def test_a_name_that_leads_nowhere_is_told(far, fetcher) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    for resolver in (unknown, lambda host, port: [], lambda host, port: ["no address"]):
        with pytest.raises(SourceError, match=f"no connection to {HOST}"):
            fetcher(resolver=resolver).fetch(far.url("/a.jpg"))


def test_proxies_of_the_environment_are_not_asked(far, fetcher, monkeypatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetcher().fetch(far.url("/a.jpg")) == b"an image"
