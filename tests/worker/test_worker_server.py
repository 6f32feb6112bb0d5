"""What a worker sends, and how it takes what comes back."""

from hashlib import sha256

import httpx2
import pytest
from wire_server import LEASE, answer, refusal, server

from task2vec.client.http.address import Address
from task2vec.errors import (
    LeaseLostError,
    OverloadedError,
    ServiceError,
    SettingError,
    UnreachableError,
)
from task2vec.jobs.jobs import LENT
from task2vec.messages.leases import Findings
from task2vec.worker.server import Server

FINDINGS = Findings(fence=3, seconds=1.5, warnings=("few images",), measured={"mdl_a": (True,)})


def test_no_job_is_none():
    client, recorded = server(leases=answer(status=204))
    assert client.lease("me", LENT, wait=2.5) is None
    assert recorded.of("/leases") == [{"worker": "me", "kinds": list(LENT)}]


def test_a_job_comes_with_its_question():
    client, _ = server(leases=answer(LEASE.model_dump(mode="json") | {"later": 1}))
    assert client.lease("me", LENT, wait=0) == LEASE


def test_the_key_goes_with_every_request():
    seen = []

    def note(request):
        seen.append(request.headers["authorization"])
        return httpx2.Response(204)

    client, _ = server(leases=note)
    client.lease("me", LENT, wait=0)
    assert seen == ["Bearer secret"]


@pytest.mark.parametrize("key", ["two words", "schlüssel", "a\nb"])
def test_what_cannot_be_a_key_is_told_without_being_shown(key):
    with pytest.raises(SettingError) as raised:
        Server(Address("http://far.example"), api_key=key)
    assert key not in str(raised.value)


def test_findings_and_files_are_one_form(tmp_path):
    (tmp_path / "task.npz").write_bytes(b"numbers" * 30_000)
    (tmp_path / "task.png").write_bytes(b"picture")
    files = {"embedding.task": tmp_path / "task.npz", "thumbnail.task": tmp_path / "task.png"}
    told = []
    client, recorded = server(complete=answer({}))
    client.complete(LEASE, FINDINGS, files, progress=lambda *sent: told.append(sent))
    ((path, body),) = recorded.asked
    assert path == "/v1/leases/job_1:complete"
    assert b'name="findings"\r\nContent-Type: application/json\r\n\r\n' in body
    assert FINDINGS.model_dump_json().encode() in body
    assert b'name="embedding.task"; filename="task.npz"' in body
    assert b"numbers" * 30_000 in body
    assert told[-1] == (210_007, 210_007)
    assert [sent for sent, _ in told] == sorted(sent for sent, _ in told)


def test_findings_without_a_file_are_a_form_too():
    client, recorded = server(complete=answer({}))
    client.complete(LEASE, FINDINGS, {}, progress=lambda *_: None)
    ((_, body),) = recorded.asked
    assert b"filename" not in body
    assert FINDINGS.model_dump_json().encode() in body


def test_bytes_are_streamed():
    data = b"image" * 200_000
    client, _ = server(content=lambda _: httpx2.Response(200, content=data))
    with client.dataset("dst_1") as chunks:
        found = list(chunks)
    assert sha256(b"".join(found)).hexdigest() == sha256(data).hexdigest()
    assert len(found) > 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal(409, "lease_lost"), LeaseLostError),
        (refusal(503, "overloaded", **{"Retry-After": "7"}), OverloadedError),
        (lambda _: httpx2.Response(502, text="<html>"), UnreachableError),
        (answer({"odd": 1}), ServiceError),
    ],
)
def test_refusals_are_the_errors_they_stand_for(reply, error):
    client, _ = server(leases=reply, content=reply)
    with pytest.raises(error) as raised:
        client.lease("me", LENT, wait=0)
    assert getattr(raised.value, "retry_after", 7) == 7


def test_a_refused_download_is_an_error():
    client, _ = server(content=refusal(409, "lease_lost"))
    with pytest.raises(LeaseLostError), client.dataset("dst_1"):
        pytest.fail("opened")
