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

This page is generated from the service's OpenAPI document, which a server gives at
`/openapi.json`. For a first walk through the service see the [tutorial](tutorial.md).

## Conventions

**Addresses** begin with `/v1`. Outside of it are `/` (the [atlas](atlas.md); for programs where to
go), `/docs` (this reference in a browser; it works without the internet), `/openapi.json`,
`/livez`, `/readyz` and `/metrics`. A task, model, data set, job or batch is named by
its id; tasks and models also by their names. Field names are those of
[`--json`](json.md). A number that does not exist is `null`.

**Keys.** Send `Authorization: Bearer KEY`. The scopes of keys are `read`, `write` (includes
`read`), `work` and `admin` (includes all). A server that has no key at all answers everybody on its
own machine. See [security](security.md#who-gets-in).

**Errors** are `application/problem+json` with a stable `code`; the [catalogue](errors.md) lists
them. Every answer has an `X-Request-ID`. A client may send its own, of up to 64 letters, digits,
`_` and `-`.

**Jobs.** Work that takes time answers 202 with a job, and its address in `Location`. To get the
result, poll that address, follow `/v1/jobs/ID/events` (server-sent events, resumed by
`Last-Event-ID`), or send `Prefer: wait=SECONDS` (up to 60): if the result is ready by then, it is
the answer.

**Pages.** Lists take `page_size` and `page_token`. The `next_page_token` of an answer is the
`page_token` of the next page, `null` at the end. A token is valid for the same list with the same
filters, until the server restarts.

**Sending twice.** A POST with an `Idempotency-Key` is carried out once.

- The same key with the same request gets the first answer again, with `Idempotency-Replayed:
  true`.
- The same key with another request gets 422. The whole body is compared; the boundary of a form
  does not matter. A repeated upload is therefore read to its end before it is answered.
- While the first request is still being answered, its repeat gets 409.
- Answers with status 401, 403, 404, 408 to 410, 412, 413, 425, 429 and 500 or above are not kept;
  the repeat is carried out.
- If the first request broke off after it had written something (for example because the server was
  killed), the repeat gets 409 and is not carried out. Look up what the first one did.
- If the first answer was too large to keep (about 40 MB), the repeat gets 409, `answer_not_kept`,
  which names the status of that answer.

**Changes by others.** Tasks and models come with an `ETag`. Send it as `If-Match` with a change or
a removal: if somebody changed the task or model since, the answer is 412 and nothing is done. With
`If-None-Match`, a GET of what has not changed is answered without a body.

**Misspelt names.** A query parameter, or a field of a body, that an operation does not know is
refused with 422.

**Limits.** 429 (this key) and 503 (the server) come with `Retry-After`; nothing was begun. A body
above the limit is answered 413, and the connection is closed. `Request-Timeout: SECONDS` (1 to
600) sets a deadline; after it the answer is 504. Answers are compressed for clients that accept
gzip.

**Versions.** Within `/v1`, fields and routes are added, and never removed or given another
meaning. A client must ignore fields that it does not know. The server refuses fields that it does
not know.

"""


def http_reference() -> str:
    """Return the Markdown page of the service: conventions, operations, schemas."""
    return _HEADER + openapi_page(openapi())


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document that a server gives; nothing is stored by asking for it."""
    with TemporaryDirectory() as folder:
        return create_app(Workspace(Path(folder) / "none")).openapi()
