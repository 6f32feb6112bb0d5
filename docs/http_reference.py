"""The reference of the HTTP service: its conventions, then what its OpenAPI document holds."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docs.markdown import GENERATED
from docs.openapi_page import openapi_page
from task2vec.service.workspace import Workspace
from task2vec_api import create_app

_HEADER = f"""\
{GENERATED}

# HTTP reference

What follows below is rendered from the service's OpenAPI document, which a server gives at
`/openapi.json`. Step by step: [tutorial](tutorial.md).

## Conventions

**Addresses** begin with `/v1`, but for `/` (what this is and where to go), `/docs` (this reference
in a browser, to read and to try; it works without a network), `/openapi.json`, `/livez`, `/readyz`
and `/metrics`. A task, model, data set, job or batch is named by its id; tasks and models also by
their names.
Field names are those of [`--json`](json.md). A number that does not exist is `null`.

**Keys.** `Authorization: Bearer KEY`, with the scopes `read`, `write` (implies `read`), `work`
and `admin` (implies all). A server without any key lets everybody on its own machine in. See
[security](security.md#who-gets-in).

**Errors** are `application/problem+json` with a stable `code`: [catalogue](errors.md). Every
answer has `X-Request-ID`; a client may send its own, of up to 64 letters, digits, `_` and `-`.

**Jobs.** What takes a worker answers 202 with the job and its address in `Location`. Poll it,
follow `/v1/jobs/ID/events` (server-sent events, resumed by `Last-Event-ID`), or ask with `Prefer:
wait=SECONDS` (up to 60) to get the result itself where it comes in time.

**Pages.** Lists take `page_size` and `page_token`; `next_page_token` of an answer is the next
`page_token`, `null` at the end. A token belongs to its list and its filters, and is good until the
server starts again.

**Sending twice.** A POST with an `Idempotency-Key` is done once: the same key with the same
request gets the first answer again, with `Idempotency-Replayed: true`; with another request 422;
while the first is under way 409. The whole body counts, whatever the boundary of a form: a repeated
upload is read to its end before it is answered. Answers 401, 403, 404, 408 to 410, 412, 413, 425,
429 and from 500 are not kept: the repeat is done. Where the first broke off after it had written
something (the server was killed, say), the repeat gets 409 and is not done: look for what it made.
So does the repeat of a request whose answer was too large to keep (some 40 MB): its 409,
`answer_not_kept`, tells the status of that.

**Changing what others change.** Tasks and models come with an `ETag`. With `If-Match` a change or
removal is refused with 412 where it is no longer the one that was read. `If-None-Match` on GET
saves the body.

**Misspelt.** A query parameter or a field of a body that an operation does not take is refused
with 422, never passed over.

**Limits.** 429 (this key) and 503 (the server) come with `Retry-After`, and nothing was begun.
A body above the limit is answered 413, and the connection ends with that.
`Request-Timeout: SECONDS` (1 to 600) sets a deadline, after which 504 follows. Answers are
compressed where the client takes gzip.

**Versions.** Within `/v1`, fields and routes are added and never removed or given another
meaning. Clients pass over fields that they do not know; the server refuses fields that *it* does
not know.

"""


def http_reference() -> str:
    """Return the Markdown page of the service: conventions, operations, schemas."""
    return _HEADER + openapi_page(openapi())


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document that a server gives; nothing is stored by asking for it."""
    with TemporaryDirectory() as folder:
        return create_app(Workspace(Path(folder) / "none")).openapi()
