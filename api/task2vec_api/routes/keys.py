"""The key of a request."""

from datetime import UTC, datetime

from task2vec.messages.keys import KeyAccess
from task2vec.types import Scope
from task2vec_api.access import Bearer
from task2vec_api.responses import router

routes = router("keys")


@routes.get(
    "/key",
    summary="Show what the key opens",
    response_description="The scopes that are open to the sender.",
)
async def get_key(caller: Bearer) -> KeyAccess:
    """Say whose key came and what it opens, so that nothing is offered that would be refused.

    On a server that asks for no key, everything is open.
    """
    if caller.key is None:
        return KeyAccess()
    return KeyAccess(
        id=caller.key,
        name=caller.name,
        scopes=tuple(scope for scope in Scope if scope in caller.scopes),
        expires=None if caller.expires is None else datetime.fromtimestamp(caller.expires, UTC),
    )
