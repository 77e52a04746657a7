"""Answers of Elasticsearch as the ports' errors, in words for the operator."""

from __future__ import annotations

from typing import Any

import pytest

from services.adapters.elasticsearch.client import connect, port_error
from services.ports.errors import Conflict, PortError, Unavailable, Unprocessable
from services.settings import ElasticsearchSettings


def said(kind: str, reason: str = "vì sao") -> dict[str, Any]:
    return {"error": {"type": kind, "reason": reason}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (429, said("es_rejected_execution_exception"), Unavailable, "quá tải"),
        (429, said("circuit_breaking_exception"), Unavailable, "quá tải"),
        (429, said("cluster_block_exception"), Unavailable, "đĩa gần đầy"),
        (403, said("cluster_block_exception"), Unavailable, "đĩa gần đầy"),
        (401, said("security_exception"), Unavailable, "tài khoản"),
        (403, said("security_exception"), Unavailable, "quyền"),
        (404, said("index_not_found_exception"), Unavailable, "chưa có chỉ mục"),
        (409, said("version_conflict_engine_exception"), Conflict, "vì sao"),
        (400, said("document_parsing_exception"), Unprocessable, "vì sao"),
        (413, "", Unprocessable, "413"),
        (500, said("anything"), Unavailable, "chưa sẵn sàng"),
        (502, "<html>", Unavailable, "502"),
        (503, None, Unavailable, "503"),
        (503, {"error": "no master"}, Unavailable, "no master"),
    ],
)
def test_each_answer_is_one_of_three_errors(status: int, body: object, kind: type[PortError], words: str) -> None:
    error = port_error(status, body)
    assert type(error) is kind
    assert words in str(error)


def test_the_root_cause_is_told_and_a_long_reason_is_cut() -> None:
    inner = {"type": "too_long", "reason": "x" * 10_000}
    error = port_error(400, {"error": {"type": "outer", "reason": "all shards failed", "root_cause": [inner]}})
    assert "too_long" in str(error)
    assert len(str(error)) < 500


@pytest.mark.parametrize(
    ("path", "name"), [("", "diembao"), ("/", "diembao"), ("/van-phong", "van-phong"), ("/a.b_1/", "a.b_1")]
)
def test_the_name_stands_in_the_path(path: str, name: str) -> None:
    client, found = connect(f"http://127.0.0.1:9{path}", ElasticsearchSettings(user="diembao", password="mật khẩu"))
    client.close()
    assert found == name
    assert "mật khẩu" not in repr(client)


def test_a_bundle_that_is_not_there_is_told() -> None:
    with pytest.raises(Unavailable, match=r"không-có\.pem"):
        connect("https://127.0.0.1:9", ElasticsearchSettings(ca_bundle="/tmp/không-có.pem"))
