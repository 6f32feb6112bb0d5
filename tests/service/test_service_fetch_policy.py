"""Addresses that try to reach inside, told by looking at them."""

from contextlib import closing
from ipaddress import ip_address, ip_network

import pytest
from far_server import far_server

from task2vec.errors import RefusedAddressError, SettingError, SourceError
from task2vec.service.datasets.fetch_policy import FetchPolicy
from task2vec.service.datasets.fetching import Fetcher, resolve

HOSTILE = [
    "http://images.example.org/a.jpg",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "FILE:///etc/passwd",
    "gopher://127.0.0.1:25/_HELO",
    "ftp://images.example.org/a.jpg",
    "dict://127.0.0.1:11211/stats",
    "ldap://127.0.0.1/",
    "jar:https://images.example.org!/a",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "s3://bucket/key",
    "gs://bucket/key",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "//images.example.org/a.jpg",
    "images.example.org/a.jpg",
    "https:images.example.org/a.jpg",
    "https:///a.jpg",
    "https://",
    "",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.0x1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00:ec2::254]/",
    "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]/",
    "https://localhost/",
    "https://metadata/",
    "https://images.example.org@127.0.0.1/",
    "https://user@images.example.org/",
    "https://user:password@images.example.org/",
    "https://@images.example.org/",
    "https://:@images.example.org/",
    "https://images.example.org:443@evil.example.net/",
    "https://evil.example.net\\@images.example.org/",
    "https://images.example.org\\.evil.example.net/",
    "https://images.example.org%2eevil.example.net/",
    "https://images.example.org%00.evil.example.net/",
    "https://images.example.org\0.evil.example.net/",
    "https://images.example.org\r\nHost: evil/",
    "https://images.example.org/a\r\nX-Injected: 1",
    "https://images.example.org/a b",
    " https://images.example.org/",
    "https://images.example.org./",
    "https://.images.example.org/",
    "https://images..example.org/",
    "https://images。example。org/",
    "https://127。0。0。1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://ｌocalhost/",
    "https://imagеs.example.org/",
    "https://images.example.org:22/",
    "https://images.example.org:80/",
    "https://images.example.org:0/",
    "https://images.example.org:65536/",
    "https://images.example.org:-443/",
    "https://images.example.org:0x1bb/",
    "https://evil.example.net/",
    "https://images.example.org.evil.example.net/",
    "https://evilimages.example.org.net/",
    "https://xn--.example.org/",
    "https://-images.example.org/",
    "https://images.example.org/" + "a" * 2048,
    "https://" + "a" * 64 + ".example.org/",
    "https://" + ".".join(["a" * 60] * 5) + ".example.org/",
]
assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: ascii(url[:45]))
@pytest.mark.parametrize("hosts", [("images.example.org",), ("*",)], ids=["listed", "any"])
def test_an_address_that_tries_to_reach_inside_is_refused(url: str, hosts: tuple[str, ...]) -> None:
    policy = FetchPolicy(hosts=hosts)
    if hosts == ("*",) and url in _NAMES_OF_OTHERS:
        assert policy.check(url).scheme == "https"
        return
    with pytest.raises(RefusedAddressError):
        policy.check(url)


_NAMES_OF_OTHERS = {
    "https://evil.example.net/",
    "https://images.example.org.evil.example.net/",
    "https://evilimages.example.org.net/",
}


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: ascii(url[:45]))
def test_none_of_them_reaches_this_machine(url: str) -> None:
    """A server listens on loopback under the very name that is allowed."""
    with (
        far_server() as far,
        closing(
            Fetcher(
                FetchPolicy(hosts=("*",), ports=frozenset({443, far.port}), image_seconds=2.0),
                resolver=lambda host, port: (
                    resolve(host, port) if _NUMERIC(host) else ["127.0.0.1"]
                ),
                trust=far.trust,
            )
        ) as fetcher,
    ):
        with pytest.raises((RefusedAddressError, SourceError)):
            fetcher.fetch(url.replace("org/", f"org:{far.port}/") if url.isascii() else url)
        assert far.reached == []


def _NUMERIC(host: str) -> bool:  # noqa: N802
    return host[:1].isdigit() or ":" in host


@pytest.mark.parametrize(
    ("host", "hosts", "allowed"),
    [
        ("a.example.org", ("a.example.org",), True),
        ("A.Example.ORG", ("a.example.org",), True),
        ("b.a.example.org", ("a.example.org",), False),
        ("b.a.example.org", ("*.example.org",), True),
        ("example.org", ("*.example.org",), False),
        ("badexample.org", ("*.example.org",), False),
        ("a.example.org", ("x.net", "*"), True),
        ("bucket.s3.amazonaws.com", ("*.s3.amazonaws.com",), True),
        ("a.example.org", (), False),
    ],
)
def test_hosts_are_allowed_by_name_or_by_what_they_are_below(
    host: str, hosts: tuple[str, ...], allowed: bool
) -> None:
    url = f"https://{host}/a.jpg?X-Signature=1"
    if allowed:
        found = FetchPolicy(hosts=hosts).check(url)
        assert (found.host, found.raw_path) == (host.lower(), b"/a.jpg?X-Signature=1")
    else:
        with pytest.raises(RefusedAddressError):
            FetchPolicy(hosts=hosts).check(url)


def test_other_ports_are_reached_only_where_they_are_named() -> None:
    policy = FetchPolicy(hosts=("a.example.org",), ports=frozenset({9000}))
    assert policy.check("https://a.example.org:9000/").port == 9000
    with pytest.raises(RefusedAddressError, match="port"):
        policy.check("https://a.example.org/")


def test_networks_of_ones_own_are_reached_only_where_they_are_named() -> None:
    policy = FetchPolicy(hosts=("*",), networks=(ip_network("10.1.0.0/16"),))
    assert policy.permits(ip_address("10.1.2.3"))
    assert not policy.permits(ip_address("10.2.0.1"))
    assert policy.permits(ip_address("1.1.1.1"))


@pytest.mark.parametrize(
    "given",
    [
        {"hosts": ("https://a.org",)},
        {"hosts": ("*.*",)},
        {"hosts": ("127.0.0.1",)},
        {"hosts": ("A.org",)},
        {"hosts": ("",)},
        {"image_bytes": 0},
        {"seconds": -1.0},
    ],
)
def test_settings_that_mean_nothing_are_refused(given: dict) -> None:
    with pytest.raises(SettingError):
        FetchPolicy(**given)
