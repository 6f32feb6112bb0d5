"""The commands jobs list, show, wait and cancel."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Here, Server
from task2vec.cli.output import answer
from task2vec.cli.progress import bars, work_bar
from task2vec.client.show.record import moment_of, of_job, progress_of
from task2vec.client.show.sheet import Sheet
from task2vec.errors import SettingError
from task2vec.types.jobs import JobKind, JobState

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from task2vec.cli.options import AnyClient

app = typer.Typer(
    no_args_is_help=True,
    help="List, follow, cancel or retry the jobs of a server. A job continues when its command was "
    "interrupted or lost the connection. Without a server there are no jobs.",
)

JobArgument = Annotated[
    str, typer.Argument(metavar="JOB", help="A job's id, as `task2vec jobs list` shows it.")
]


@app.command("list")
@grouped
def list_jobs(
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    kind: Annotated[JobKind | None, typer.Option(help="Only jobs of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    *,
    server: Server,
) -> None:
    """List the jobs of a server, newest first.

    Example: `task2vec jobs list --state running`
    """
    with _client(server) as client:
        jobs = list(islice(client.jobs.list(state=state, kind=kind), limit))
    if not jobs:
        none = "No jobs of this kind or state." if state or kind else "No jobs yet."
        then = ["jobs", "list"] if state or kind else ["embed", "SOURCE"]
        answer({"jobs": []}, none, as_json=server.as_json, then=[then])
        return
    sheet = Sheet(
        "",
        ["id", "kind", "name", "state", "progress", "created"],
        [
            (job.id, job.kind.value, job.name, job.state.value, progress_of(job), moment_of(job))
            for job in jobs
        ],
        whole=["id"],
        spare=["created", "progress"],
    )
    answer({"jobs": jobs}, sheet, as_json=server.as_json, then=[["jobs", "show", jobs[0].id]])


@app.command("show")
@grouped
def show_job(job: JobArgument, *, server: Server) -> None:
    """Show one job: how far it is, and what stopped it if it failed.

    Example: `task2vec jobs show job_01kb2m4a9z3x5c7v`
    """
    with _client(server) as client:
        shown = client.jobs.get(job)
    answer(shown, of_job(shown), as_json=server.as_json)


@app.command("wait")
@grouped
def wait_for_job(
    job: JobArgument,
    timeout: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Give up after this long.")
    ] = None,
    *,
    server: Server,
) -> None:
    """Wait until a job has ended; the exit code is 2 when it has no result.

    Example: `task2vec jobs wait job_01kb2m4a9z3x5c7v`

    What it makes is stored by the server whether anybody waits or not; with `--json` its `result`
    is what the command that began it would have printed.
    """
    with _client(server) as client, bars() as progress:
        ended = client.jobs.wait(job, progress=work_bar(progress, job), timeout=timeout)
    answer(ended, of_job(ended), as_json=server.as_json)


@app.command("cancel")
@grouped
def cancel_job(job: JobArgument, *, server: Server) -> None:
    """Stop a job; what it was to make is not stored.

    Example: `task2vec jobs cancel job_01kb2m4a9z3x5c7v`
    """
    with _client(server) as client:
        stopped = client.jobs.cancel(job)
    answer(stopped, of_job(stopped), as_json=server.as_json)


def _client(server: Server) -> "AbstractContextManager[AnyClient]":
    if not server.url:
        raise SettingError(
            "Only a server has jobs: in a store, work is done when its command ends",
            remedy="Name the server by `--url`, or in TASK2VEC_URL.",
        )
    return Here(url=server.url, api_key=server.api_key).client()
