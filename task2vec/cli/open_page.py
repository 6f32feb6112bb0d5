"""The command open: the atlas of a store, in the browser of this machine."""

import webbrowser
from threading import Thread
from typing import Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Local
from task2vec.cli.output import console, messages, print_json

app = typer.Typer()


@app.command("open")
@grouped
def open_page(
    browser: Annotated[
        bool,
        typer.Option("--browser/--no-browser", help="Whether a browser is opened, too."),
    ] = True,
    *,
    here: Local,
) -> None:
    """Show the tasks of the store as a map and a table in your browser, until Ctrl-C.

    A server begins on a free port of this machine, on an empty store if there is none yet; nobody
    else can reach it. Where a server works on the store already, its page is opened.

    Example: `task2vec open --store tasks`
    """
    from task2vec.service.ownership import server_of
    from task2vec_api.serving import serve
    from task2vec_api.settings import Settings

    running = server_of(here.store)
    if running is not None and running.url is not None:
        _tell(running.url, as_json=here.as_json)
        if browser:
            _show(running.url)
        return

    def ready(url: str) -> None:
        _tell(url, as_json=here.as_json)
        if browser:
            # A browser in the terminal returns when it is closed only.
            Thread(target=_show, args=(url,), daemon=True).start()
        messages().print("Stop with Ctrl-C.")

    serve(here.store, Settings(port=0, access_log=False, log_level="warning"), ready=ready)


def _tell(url: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"url": url})
    else:
        console().print(url)


def _show(url: str) -> None:
    if not webbrowser.open(url):
        messages().print("No browser was found here: open the address in one.")
