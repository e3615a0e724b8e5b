"""The database backend, where Django looks for it: connections that wait no longer than they may."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from public_apps.core import database_waits


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, on connections of `database_waits`, each told what kind of process it serves."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return Django's, with a name by which whoever looks at the server knows us."""
        parameters: dict[str, Any] = super().get_connection_params()
        if (waits := database_waits.of_process()) is not None:
            parameters.setdefault("application_name", f"concierge {waits.name}")
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect within the time that there is."""

        def connect(seconds: int | None) -> Any:
            given = conn_params if seconds is None else {**conn_params, "connect_timeout": seconds}
            return database_waits.Connection.connect(**given)

        self.isolation_level = IsolationLevel.READ_COMMITTED
        return database_waits.connected(connect)

    def init_connection_state(self) -> None:
        """Tell the session its bounds. Not as options of the connection: poolers refuse those."""
        super().init_connection_state()
        if (waits := database_waits.of_process()) is None:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(*database_waits.told(waits.settings))

    def is_usable(self) -> bool:
        """Ask whether the connection lives, with little patience."""
        with database_waits.at_most(database_waits.HEALTH_SECONDS):
            return bool(super().is_usable())
