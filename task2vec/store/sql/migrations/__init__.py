"""From any earlier schema of the store to the present one."""

import threading
from pathlib import Path

from sqlalchemy import Connection

_HERE = Path(__file__).parent
REVISIONS = tuple(sorted(path.name[1:5] for path in _HERE.glob("versions/v*.py")))
"""Every revision that this version knows, the present one last.

By the names of their files: opening a store that is up to date loads no migration machinery.
"""

# Alembic keeps what it works on in globals of the process.
_ALEMBIC = threading.Lock()


def upgrade(connection: Connection, *, to: str = "head") -> None:
    """Bring the schema to a revision, by default the last, inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    with _ALEMBIC:
        command.upgrade(config, to)
