"""The system's Chromium, drawing by software: no graphics card is needed."""

import shutil

from playwright.sync_api import Browser, Playwright

PATH = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "there is no Chromium: `apt-get install chromium`"
_BY_SOFTWARE = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def launch(playwright: Playwright) -> Browser:
    """Start it; playwright downloads none. Raises `RuntimeError` where there is none."""
    if PATH is None:
        raise RuntimeError(MISSING)
    return playwright.chromium.launch(executable_path=PATH, args=[*_BY_SOFTWARE])
