"""A real TLS server on loopback that plays the far end, and counts who reached it."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

HOST = "images.example.org"


@dataclass
class FarServer:
    """``pages`` maps a path to (status, headers, body); ``reached`` is what was asked for."""

    port: int
    trust: ssl.SSLContext
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    reached: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def url(self, path: str, host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"


@contextmanager
def far_server(*, host: str = HOST) -> Iterator[FarServer]:
    """Serve with a certificate for ``host``, signed by an authority that only ``trust`` knows."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            far.reached.append(self.path)
            far.headers.append(dict(self.headers.items()))
            if self.path == "/drip":
                self._drip()
                return
            status, headers, body = far.pages.get(self.path, (404, {}, b"nothing"))
            self.send_response(status)
            chunked = headers.get("Transfer-Encoding") == "chunked"
            size = {} if chunked else {"Content-Length": str(len(body))}
            for key, value in {**size, **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)

        def _drip(self) -> None:
            try:
                while True:
                    self.wfile.write(b"H")
                    time.sleep(0.05)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Connections that are dropped are what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    far = FarServer(server.server_address[1], trust)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield far
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
