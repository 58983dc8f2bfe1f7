"""How workers take messages from a Redis that pauses.

kombu 5.7 logs a failed acknowledgement and goes on. The message then counts as being worked on for
ever, and with a prefetch of 1 the worker takes no other, while it goes on answering pings. So no
acknowledgement that fails is swallowed here: it ends the connection, and Celery makes a new one.
"""

from typing import Any

from celery.worker.consumer import Consumer
from kombu import Connection

# Seconds that a consumer waits for Redis; then the connection ends. Longer than for a publisher,
# who holds up a person: a pause of ten seconds is waited out.
TIMEOUT_SECONDS = 15.0


class AttentiveConsumer(Consumer):
    """Celery's consumer, with a patience of its own, and never deaf."""

    def connection_for_read(self, heartbeat: float | None = None) -> Connection:
        """The connection that messages come by and are acknowledged by."""
        options = {"socket_timeout": TIMEOUT_SECONDS}
        return self.ensure_connected(
            self.app.connection_for_read(heartbeat=heartbeat, transport_options=options)
        )

    def call_soon_ack(self, callback: Any, logger: Any, errors: Any, *args: Any) -> Any:
        """Acknowledge or reject in the event loop, without errors that are logged and swallowed."""
        return super().call_soon_ack(callback, logger, (), *args)
