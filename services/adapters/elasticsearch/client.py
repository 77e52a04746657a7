"""The client of one Elasticsearch, and its errors as the ports' three.

elasticsearch-py 8.19 speaks to servers 8 and 9. No sniffing: a cluster behind a proxy or in a composition names itself
by addresses that do not reach from here. Retries with a pause are bulk.py's; the client alone tries again at once,
one time, which is enough for a connection that the server closed while it was idle.
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec
from elastic_transport import JsonSerializer, NdjsonSerializer
from elasticsearch import (
    ApiError,
    ConnectionTimeout,
    Elasticsearch,
    SerializationError,
    SSLError,
    TransportError,
    UnsupportedProductError,
)

from services.ports.errors import Conflict, PortError, Unavailable, Unprocessable
from services.settings import ElasticsearchSettings, without_password

DEFAULT_NAME = "diembao"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_LONGEST_REASON = 300

BUSY = frozenset({429, 502, 503, 504})
"""Statuses that a repetition after a pause may turn into success."""


class _Json(JsonSerializer):
    """msgspec writes our records as they are, and reads answers three times as fast as json."""

    def json_dumps(self, data: Any) -> bytes:
        return msgspec.json.encode(data)

    def json_loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


class _Ndjson(NdjsonSerializer):
    def json_dumps(self, data: Any) -> bytes:
        return msgspec.json.encode(data)


def connect(url: str, settings: ElasticsearchSettings) -> tuple[Elasticsearch, str]:
    """(client, NAME) for http(s)://host:port[/NAME]; NAME begins every index and alias. Nothing is sent yet.

    Raises Unavailable where the URL or the CA bundle cannot be used.
    """
    parts = urlsplit(url)
    name = parts.path.strip("/") or DEFAULT_NAME
    where = without_password(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not _NAME.fullmatch(name):
        raise Unavailable(
            f"{where}: cần dạng http(s)://máy:cổng/tên, tên viết thường / must be http(s)://host:port/name, lower case"
        )
    if "@" in parts.netloc:
        raise Unavailable(f"{where}: mật khẩu không đặt trong địa chỉ / no password in the address; see elasticsearch:")
    options: dict[str, Any] = {}
    if settings.user:
        # Encoded here: the client takes nothing but ASCII, and shows the character that it does not take.
        options["basic_auth"] = base64.b64encode(f"{settings.user}:{settings.password}".encode()).decode()
    try:
        if parts.scheme == "https":
            # Made here: the client would look at the file at its first request, and with errors of its own.
            options["ssl_context"] = ssl.create_default_context(cafile=settings.ca_bundle or None)
        client = Elasticsearch(
            f"{parts.scheme}://{parts.netloc}" + ("" if parts.port else ":9200"),
            request_timeout=settings.timeout_seconds,
            max_retries=1,
            retry_on_status=(),
            retry_on_timeout=False,
            # gzip took 3.4 of 4.1 s of our CPU for 1,000 articles, and halved the speed of saving.
            http_compress=False,
            serializers={_Json.mimetype: _Json(), _Ndjson.mimetype: _Ndjson()},
            **options,
        )
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"{where}: không lập được kết nối / cannot be set up ({settings.ca_bundle} {error})"
        ) from error
    return client, name


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the client inside the block as Unavailable, Unprocessable or Conflict."""
    try:
        yield
    except UnsupportedProductError as error:
        raise Unavailable("máy chủ không phải Elasticsearch / is not Elasticsearch") from error
    except ApiError as error:
        raise port_error(error.meta.status, error.body) from error
    except SerializationError as error:
        raise Unprocessable("không ghi được thành JSON / cannot be written as JSON") from error
    except ConnectionTimeout as error:
        raise Unavailable("Elasticsearch không trả lời kịp / Elasticsearch did not answer in time") from error
    except SSLError as error:
        raise Unavailable(f"Elasticsearch: chứng chỉ TLS không hợp lệ / TLS failed ({error.message})") from error
    except TransportError as error:
        raise Unavailable(
            f"không nối được Elasticsearch / Elasticsearch cannot be reached ({error.message})"
        ) from error


def port_error(status: int, body: Any) -> PortError:
    """The port's error for an answer with this status; `body` is the answer, or one item's part of a bulk answer."""
    kind, reason = _said(body)
    if kind == "cluster_block_exception":
        return Unavailable(
            f"Elasticsearch khóa ghi, thường vì đĩa gần đầy / blocks writing, mostly for a full disk ({reason})"
        )
    if status in (401, 403):
        return Unavailable(
            f"Elasticsearch: sai tài khoản hoặc thiếu quyền / login or permission refused ({status} {kind})"
        )
    if status == 404:
        return Unavailable(f"Elasticsearch: chưa có chỉ mục này / no such index ({reason})")
    if status == 409:
        return Conflict(f"Elasticsearch: {reason}")
    if status == 429:
        return Unavailable(f"Elasticsearch đang quá tải / is overloaded ({reason})")
    if 400 <= status < 500:
        return Unprocessable(f"Elasticsearch không nhận / refuses it ({status} {kind}: {reason})")
    return Unavailable(f"Elasticsearch chưa sẵn sàng / is not ready ({status} {kind}: {reason})")


def _said(body: Any) -> tuple[str, str]:
    """(type, reason) of an error answer, the root cause's where one is told."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        causes = error.get("root_cause")
        cause = causes[0] if isinstance(causes, list) and causes and isinstance(causes[0], Mapping) else error
        return str(cause.get("type", "")), str(cause.get("reason", ""))[:_LONGEST_REASON]
    return "", str(error or "")[:_LONGEST_REASON]
