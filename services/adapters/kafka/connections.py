"""kafka-python's connections, with the reason why none could be made: the library tells it only to its log."""

from __future__ import annotations

from typing import Any

from kafka.errors import KafkaError, SaslAuthenticationFailedError
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector


class Connections(KafkaConnectionManager):  # type: ignore[misc]  # kafka-python is not typed
    """Remembers what the last connection that did not come about met: a refused login, a certificate, a closed port."""

    failure: KafkaError | None = None

    def get_connection(self, *arguments: Any, **options: Any) -> Any:
        connection = super().get_connection(*arguments, **options)
        connection.init_future.add_errback(self._remember)
        return connection

    def _remember(self, failure: Exception) -> None:
        # A broker that refuses a login says so and hangs up: where both come at once, the library sees only the latter.
        if isinstance(failure, KafkaError) and not isinstance(self.failure, SaslAuthenticationFailedError):
            self.failure = failure


class Client(KafkaNetClient):  # type: ignore[misc]  # kafka-python is not typed
    """What a consumer, producer or admin client works through; takes their options."""

    def __init__(self, **options: Any) -> None:
        net = NetworkSelector(**options)
        self.connections = Connections(net, **options)
        super().__init__(net, self.connections)
