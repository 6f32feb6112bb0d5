"""The settings of the server, each with its meaning.

`task2vec serve` makes a flag of each, which may also come from ``TASK2VEC_SERVE_*`` and from the
table ``[serve]`` of the settings file.
"""

import os
import sys
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path

from task2vec.errors import SettingError
from task2vec_api.setting import check, setting


@dataclass(frozen=True)
class Settings:
    """How the server listens, whom it lets in, and how much it takes on."""

    host: str = setting(
        "127.0.0.1",
        "The address to listen on. Any other than this machine's own needs a key, and TLS or a "
        "proxy that ends it.",
    )
    port: int = setting(
        8000, "The port to listen on; 0 takes a free one.", at_least=0, at_most=65535
    )
    tls_cert: Path | None = setting(  # noqa: RUF009 - it makes a field
        None, "The certificate (chain) as a PEM file; turns TLS on."
    )
    tls_key: Path | None = setting(  # noqa: RUF009
        None, "The certificate's private key as a PEM file."
    )
    behind_proxy: bool = setting(
        False,
        "A proxy on this network ends TLS and forwards to this server. Keys are always asked for, "
        "and the X-Forwarded-For of proxy_addresses says who called.",
    )
    proxy_addresses: tuple[str, ...] = setting(
        ("127.0.0.1", "::1"), "Where the proxy's connections come from, as addresses or networks."
    )
    insecure_http: bool = setting(
        False,
        "Listen on another address without TLS and without a proxy: keys and images then cross "
        "the network in the clear.",
    )
    allowed_hosts: tuple[str, ...] = setting(
        (), "Names that the Host header may have. Empty: any, where keys are asked for."
    )
    cors_origins: tuple[str, ...] = setting(
        (), "Origins whose pages may call the server from a browser. Empty: none."
    )

    workers: int = setting(
        1,
        "How many worker processes to run here; they embed and fine-tune, one a device. 0 runs "
        "none: start them elsewhere with `task2vec worker --url`.",
        at_least=0,
        at_most=64,
    )
    lease_seconds: float = setting(
        60.0,
        "How long a worker may go without progress on a job before it is taken for lost and the "
        "job is tried again.",
        at_least=1,
        at_most=3600,
    )

    connections: int = setting(
        2000, "How many connections may be open; more are closed at once.", at_least=1
    )
    concurrent_requests: int = setting(
        0,
        "How many requests are worked on at once beside those that compute; 0 takes twice as many "
        "as there are processors, at least 4.",
        at_least=0,
        at_most=1000,
    )
    computing_requests: int = setting(
        0,
        "How many searches, distances, recommendations and maps are worked on at once; 0 takes as "
        "many as there are processors. More are for callers with none under way.",
        at_least=0,
        at_most=1000,
    )
    queued_requests: int = setting(
        64,
        "How many more may wait for their turn. Where the queue is full, the caller with the most "
        "requests in it loses one to a caller with fewer; others are answered 503 at once.",
        at_least=0,
        at_most=10_000,
    )
    queue_seconds: float = setting(
        0.075, "How long a request waits for its turn at most.", at_least=0, at_most=10
    )
    long_requests: int = setting(
        256,
        "How many uploads, downloads, event streams and waiting workers are served at once, "
        "beside the others.",
        at_least=1,
        at_most=10_000,
    )
    key_requests_per_minute: int = setting(
        1200, "How many requests per minute a key may make that sets no limit itself.", at_least=1
    )
    key_concurrent_requests: int = setting(
        32, "How many requests at once a key may make that sets no limit itself.", at_least=1
    )
    key_computing_seconds: float = setting(
        0.0,
        "How many seconds of processor time a minute a key may use for searches, distances, "
        "recommendations and maps; 0 takes half of what the processors give.",
        at_least=0,
    )
    anonymous_requests_per_minute: int = setting(
        60_000, "How many requests per minute are taken without a key.", at_least=1
    )
    anonymous_concurrent_requests: int = setting(
        512, "How many requests at once are taken without a key.", at_least=1
    )

    request_seconds: float = setting(
        60.0,
        "How long a request may take where the client asks for no other Request-Timeout; 504 "
        "follows.",
        at_least=0.1,
        at_most=3600,
    )
    header_seconds: float = setting(
        10.0, "How long a client may take to send the head of a request.", at_least=0.1
    )
    body_seconds: float = setting(
        20.0,
        "How long a client may take to send a body, beside the time that it takes at "
        "upload_bytes_per_second.",
        at_least=0.1,
    )
    upload_bytes_per_second: int = setting(
        16_384, "The slowest upload that is waited for.", at_least=1
    )
    send_seconds: float = setting(
        60.0, "How long a client may take to read the next part of an answer.", at_least=0.1
    )
    header_bytes: int = setting(
        32_768, "The largest head of a request.", at_least=1024, at_most=1_048_576
    )
    body_bytes: int = setting(
        # Ten thousand outcomes of ordinary names, as many as one request may record, are 1.3 MB.
        4_194_304,
        "The largest body of a request that is no upload.",
        at_least=1024,
    )
    upload_bytes: int = setting(
        2_147_483_648, "The largest upload: data sets, embeddings, findings.", at_least=1024
    )

    parsers: int = setting(
        2,
        "How many uploaded files are read at once, each in a process of its own and one at a time "
        "for each key.",
        at_least=1,
        at_most=64,
    )
    parser_wait_seconds: float = setting(
        30.0, "How long an uploaded file waits to be read at most.", at_least=0, at_most=600
    )
    parser_memory_bytes: int = setting(
        536_870_912,
        "The memory that reading one uploaded file may take. The process that reads it is ended "
        "above that, and the upload refused.",
        at_least=33_554_432,
    )
    parser_cpu_seconds: int = setting(
        60,
        "The processor time that reading one uploaded file may take.",
        at_least=1,
        at_most=3600,
    )
    parser_seconds: float = setting(
        180.0, "The time that reading one uploaded file may take.", at_least=1, at_most=3600
    )

    dataset_days: float = setting(
        7.0,
        "How long an uploaded data set is kept after it was last uploaded; a job under way "
        "keeps its own.",
        at_least=0,
    )
    class_pictures: bool = setting(
        True,
        "Keep small pictures of a task's images by class with the task: up to 4 a class, of at "
        "most 64 pixels.",
    )
    job_days: float = setting(90.0, "How long the history of an ended job is kept.", at_least=0)
    idempotency_hours: float = setting(
        24.0, "How long an Idempotency-Key stands for the answer it got.", at_least=0
    )
    audit_days: float = setting(365.0, "How long the audit log is kept.", at_least=1)
    fetch_hosts: tuple[str, ...] = setting(
        (),
        "Hosts that data sets may be fetched from over HTTPS; `*.example.org` names all below it. "
        "Empty: none.",
    )
    fetch_bytes: int = setting(
        2_147_483_648, "The most that is fetched for one data set.", at_least=1024
    )

    drain_notice_seconds: float = setting(
        0.0,
        "When told to stop: how long to go on serving while /readyz says 503, so that a balancer "
        "looks elsewhere.",
        at_least=0,
        at_most=600,
    )
    drain_seconds: float = setting(
        30.0,
        "When told to stop: how long workers have to hand back their jobs, and meanwhile requests "
        "to end. The process ends about a second later at most.",
        at_least=0,
        at_most=600,
    )
    log_level: str = setting(
        "info", "The least important that is logged.", choices=("debug", "info", "warning", "error")
    )
    log_format: str = setting(
        "auto",
        "How a line of the log looks: text is for people, json for programs; auto is text on a "
        "terminal and json elsewhere.",
        choices=("auto", "json", "text"),
    )
    access_log: bool = setting(True, "Log a line for each request.")

    def __post_init__(self) -> None:
        for declared in fields(self):
            check(declared, getattr(self, declared.name))
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingError(
                "TLS needs both parts", expected="tls_cert and tls_key", got="one of them"
            )
        for file in (self.tls_cert, self.tls_key):
            if file is not None and not file.is_file():
                raise SettingError(f"The file {file} is not there", expected="a PEM file for TLS")

    @property
    def tls(self) -> bool:
        """Whether the server speaks TLS itself."""
        return self.tls_cert is not None

    @property
    def log_style(self) -> str:
        """How a line of the log looks, `json` or `text`."""
        if self.log_format != "auto":
            return self.log_format
        return "text" if sys.stderr.isatty() else "json"

    @property
    def places(self) -> int:
        """How many requests are worked on at once, beside those that compute."""
        return self.concurrent_requests or max(4, 2 * (os.cpu_count() or 1))

    @property
    def computing_places(self) -> int:
        """How many requests that compute are worked on at once."""
        return self.computing_requests or os.cpu_count() or 1

    @property
    def key_computing_allowance(self) -> float:
        """How many seconds of processor time a minute a key may use."""
        return self.key_computing_seconds or 30.0 * (os.cpu_count() or 1)

    @property
    def loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a name or address, an IPv6 one in brackets or not, stands for this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
