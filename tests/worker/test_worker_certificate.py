"""A server's own certificate is trusted, and no other, whatever name it is for."""

import http.server
import ssl
import threading

import httpx2
import pytest
import trustme

from task2vec.errors import SettingError
from task2vec.worker.server import trusting


class Silent(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def issued(authority):
    # Not the name under which the test asks.
    return authority.issue_cert("server.example")


@pytest.fixture(scope="module")
def url(issued):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        # A refused handshake is what is tested.
        server.handle_error = lambda *_: None
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def pem(tmp_path):
    def write(*blobs):
        path = tmp_path / "server.pem"
        path.write_bytes(b"\n".join(blob.bytes() for blob in blobs))
        return path

    return write


def get(url, path):
    with httpx2.Client(verify=trusting(path), trust_env=False) as client:
        return client.get(url).status_code


def test_the_servers_own_certificate_is_trusted(url, issued, authority, pem):
    assert get(url, pem(issued.cert_chain_pems[0])) == 204
    # As servers are given it: with the chain, or with the key in the same file.
    assert get(url, pem(*issued.cert_chain_pems, authority.cert_pem)) == 204
    assert get(url, pem(issued.private_key_pem, issued.cert_chain_pems[0])) == 204


def test_another_of_the_same_authority_is_not(url, authority, pem):
    other = authority.issue_cert("server.example")
    chain = pem(other.cert_chain_pems[0], authority.cert_pem)
    with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate.verify.failed"):
        get(url, chain)


@pytest.mark.parametrize(
    "text", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_told(tmp_path, text):
    (tmp_path / "x.pem").write_text(text)
    with pytest.raises(SettingError, match="PEM"):
        trusting(tmp_path / "x.pem")
    with pytest.raises(SettingError, match="No such file"):
        trusting(tmp_path / "missing.pem")
