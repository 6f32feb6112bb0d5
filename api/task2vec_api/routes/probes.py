"""The probes that this server can embed with."""

from task2vec.messages.catalogue import Probes
from task2vec.service.models.zoo import list_probes
from task2vec_api.access import Reader
from task2vec_api.responses import router
from task2vec_api.runtime import TheWorkspace

routes = router("probes")


@routes.get(
    "/probes",
    summary="List probes",
    response_description="All probes that are known by name.",
)
def get_probes(workspace: TheWorkspace, caller: Reader) -> Probes:
    """Return the probe networks by name; only tasks of one probe can be compared."""
    return Probes(probes=list_probes(workspace))
