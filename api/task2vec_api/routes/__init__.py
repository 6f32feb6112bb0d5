"""The resources, one file each; ``ROUTERS`` lists what the app serves under ``/v1``."""

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = ()
