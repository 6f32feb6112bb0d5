"""Where a server may fetch images from on behalf of others, and how much of them."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import httpx2

from task2vec.errors import RefusedAddressError, SettingError

_LONGEST = 2048
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
# What C libraries take for the end of an IPv4 address: 1, 0x7f, 017.
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (CGNAT)
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's host, seen from its guests
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # measurements
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

# All other prefixes are loopback, local, mapped IPv4, NAT64, multicast, or not given out.
_GIVEN_OUT_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, Teredo's tunnels among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True)
class FetchPolicy:
    """What may be fetched. Without ``hosts`` nothing is, which is the default.

    ``hosts`` are names, or ``*.example.org`` for all below a name, or ``*`` for all that are
    public. ``networks`` may be reached although they are not public: an object store of one's own.
    Limits are bytes, seconds and counts; ``seconds`` is for a whole data set, ``image_seconds`` for
    one image with its redirects. Raises `SettingError` for a host or limit that means nothing.
    """

    hosts: tuple[str, ...] = ()
    ports: frozenset[int] = frozenset({443})
    networks: tuple[Network, ...] = ()
    redirects: int = 3
    images: int = 10_000
    image_bytes: int = 32 * 2**20
    total_bytes: int = 2**30
    image_seconds: float = 30.0
    seconds: float = 1800.0

    def __post_init__(self) -> None:
        for host in self.hosts:
            if host != "*" and not _is_name(host.removeprefix("*.")):
                raise SettingError(
                    "This is no host that images can be fetched from",
                    expected="a name in lower case, *.example.org, or *",
                    got=repr(host),
                )
        for name in ("images", "image_bytes", "total_bytes", "image_seconds", "seconds"):
            if getattr(self, name) <= 0:
                raise SettingError(
                    f"The limit {name} lets nothing pass",
                    expected="a number above 0",
                    got=str(getattr(self, name)),
                )

    def check(self, address: str) -> httpx2.URL:
        """Return an address that may be asked for, as far as it can be told by looking at it.

        Raises `RefusedAddressError`.
        """
        if not self.hosts:
            raise RefusedAddressError(
                "This server fetches no images from elsewhere",
                remedy="Upload the images; or let the server's owner name hosts it may fetch from.",
            )
        if len(address) > _LONGEST or not address.isascii() or not address.isprintable():
            raise _refused(address, "it is too long, or not written in printable ASCII")
        if "\\" in address or " " in address:
            raise _refused(address, "it holds a backslash or a space")
        try:
            url = httpx2.URL(address)
        except (httpx2.InvalidURL, ValueError):
            raise _refused(address, "it is no address") from None
        if url.scheme != "https":
            raise _refused(address, "it does not begin with https://")
        # An empty user, as in https://@host, is one as well.
        if url.userinfo or "@" in address.partition("://")[2].split("/", 1)[0]:
            raise _refused(address, "it holds a user or a password")
        host = url.raw_host.decode("ascii")
        if not _is_name(host):
            raise _refused(address, "its host is no name in the domain name system")
        if not any(_matches(host, pattern) for pattern in self.hosts):
            raise _refused(address, "its host is not among those that the server allows")
        if (443 if url.port is None else url.port) not in self.ports:
            raise _refused(address, "its port is not among those that the server allows")
        return url

    def permits(self, address: Address) -> bool:
        """Whether a connection may be made to where a name has led."""
        return is_public(address) or any(address in network for network in self.networks)


def _is_name(host: str) -> bool:
    last = host.rpartition(".")[2]
    return len(host) <= 253 and bool(_HOST.fullmatch(host)) and not _NUMBER.fullmatch(last)


def _matches(host: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host == pattern


def _refused(address: str, why: str) -> RefusedAddressError:
    return RefusedAddressError(
        f"This address is not fetched from, since {why}",
        expected="an https:// address of an allowed host",
        got=repr(address[:200]),
    )


def is_public(address: Address) -> bool:
    """Whether an address belongs to somebody on the open internet.

    Listed by the registries of IANA for special purposes rather than asked of `ipaddress`, whose
    answers differ between versions of Python and count some multicast and tunnels as global.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None or address not in _GIVEN_OUT_6:
        return False
    return not any(address in network for network in _NOT_PUBLIC_6)
