"""From any earlier schema of the store to the present one."""

import threading
from pathlib import Path

from sqlalchemy import Connection

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
"""Every revision that this version knows, the present one last.

Written down, so that opening a store that is up to date need not load the migration machinery.
"""

# Alembic keeps what it works on in globals of the process.
_ALEMBIC = threading.Lock()


def upgrade(connection: Connection, *, to: str = "head") -> None:
    """Bring the schema to a revision, by default the last, inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with _ALEMBIC:
        command.upgrade(config, to)
