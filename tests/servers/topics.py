"""Topics and groups of a test's own on a shared broker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

from kafka.admin import KafkaAdminClient

from tests.servers.kafka_server import KafkaServer


@contextmanager
def own_topics(server: KafkaServer) -> Iterator[str]:
    """A bus URL whose prefix nobody else has; whatever bears it is deleted at the end."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    try:
        yield f"{server.url}/{prefix}"
    finally:
        with closing(KafkaAdminClient(bootstrap_servers=server.address)) as admin:
            admin.delete_topics([name for name in admin.list_topics() if name.startswith(prefix)])
            groups = [group["group_id"] for group in admin.list_groups() if group["group_id"].startswith(prefix)]
            if groups:
                admin.delete_groups(groups)
