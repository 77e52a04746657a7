"""Kibana's data view and dashboard: what they show is in the mapping, fair coverage holds, and a refusal is noticed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from services.adapters.elasticsearch.indices import layout
from services.domain.article import AUTHOR_KEYS
from services.rulebook.fair_words import judging_word
from tests.deploy.composition import DEPLOY

OBJECTS: list[dict[str, Any]] = [
    json.loads(line) for line in (DEPLOY / "kibana/diembao.ndjson").read_text(encoding="utf-8").splitlines()
]
MAPPED = layout("archive", 0).mappings["properties"]
JUDGED = re.compile(r"tone|issue|finding|severity|score", re.IGNORECASE)
"""What nothing here may count, group or filter by (fair coverage, rule 3)."""


def of_type(kind: str) -> list[dict[str, Any]]:
    return [one for one in OBJECTS if one["type"] == kind]


def source_of(one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    return found


def fields_of(one: dict[str, Any]) -> list[str]:
    """Every field of the archive that a panel asks for."""
    if one["type"] == "search":
        return [*one["attributes"]["columns"], *(field for field, _ in one["attributes"]["sort"])]
    state = json.loads(one["attributes"]["visState"])
    return [agg["params"]["field"] for agg in state["aggs"] if agg["type"] != "count"]


def test_the_data_view_is_the_archive_by_its_time() -> None:
    (view,) = of_type("index-pattern")
    assert view["id"] == view["attributes"]["title"] == "diembao-archive"
    assert MAPPED[view["attributes"]["timeFieldName"]]["type"] == "date"
    assert json.loads(view["attributes"]["fieldAttrs"]).keys() <= MAPPED.keys()
    for hidden in json.loads(view["attributes"]["sourceFilters"]):
        assert any(re.match(hidden["value"].replace("*", ".*"), f"{name}.") for name in MAPPED)


def test_every_reference_leads_to_an_object() -> None:
    ids = {(one["type"], one["id"]) for one in OBJECTS}
    assert len(ids) == len(OBJECTS)
    for one in OBJECTS:
        assert all((reference["type"], reference["id"]) in ids for reference in one["references"])
    for panel in of_type("visualization") + of_type("search"):
        (reference,) = panel["references"]
        assert source_of(panel)["indexRefName"] == reference["name"]
        assert reference["id"] == "diembao-archive"


def test_the_dashboard_shows_every_panel_once_and_none_over_another() -> None:
    (dashboard,) = of_type("dashboard")
    panels = json.loads(dashboard["attributes"]["panelsJSON"])
    named = {reference["name"]: (reference["type"], reference["id"]) for reference in dashboard["references"]}
    shown = [named[f"{panel['panelIndex']}:{panel['panelRefName']}"] for panel in panels]
    assert sorted(shown) == sorted((one["type"], one["id"]) for one in of_type("visualization") + of_type("search"))
    assert [panel["type"] for panel in panels] == [kind for kind, _ in shown]
    taken = [
        (grid["x"] + x, grid["y"] + y)
        for grid in (panel["gridData"] for panel in panels)
        for x in range(grid["w"])
        for y in range(grid["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 48  # Kibana's columns


@pytest.mark.parametrize("panel", of_type("visualization") + of_type("search"), ids=lambda panel: str(panel["id"]))
def test_a_panel_asks_for_fields_that_the_archive_has(panel: dict[str, Any]) -> None:
    fields = fields_of(panel)
    assert fields
    for field in fields:
        assert field in MAPPED, field
    if panel["type"] == "visualization":
        # A text field has no terms to count.
        assert all(MAPPED[field]["type"] in ("keyword", "date") for field in fields)
        assert all(MAPPED[field].get("doc_values", True) for field in fields)


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: str(one["id"]))
def test_nothing_shipped_counts_judgements_or_people(one: dict[str, Any]) -> None:
    """No panel groups, splits, sorts or filters by tone or issue type, least of all by outlet; no author anywhere."""
    if one["type"] in ("visualization", "search"):
        assert not any(JUDGED.search(field) for field in fields_of(one))
        assert source_of(one)["query"]["query"] == ""
        assert source_of(one)["filter"] == []
    if one["type"] == "visualization":
        # Not even the number of articles of each outlet: a dashboard that ranks outlets is not ours.
        assert not {"outlet", "outlet_name"} & set(fields_of(one))
        aggregations = {agg["type"] for agg in json.loads(one["attributes"]["visState"])["aggs"]}
        assert aggregations <= {"count", "terms", "date_histogram"}  # no filters, no scripts
    assert one["attributes"].get("runtimeFieldMap", "{}") == "{}"
    said = json.dumps(one, ensure_ascii=False)
    assert not any(re.search(rf"\b{re.escape(key)}\b", said, re.IGNORECASE) for key in AUTHOR_KEYS)
    assert judging_word(said) is None


class Kibana(BaseHTTPRequestHandler):
    """Takes an import and gives the answer that the test names."""

    answer = b""
    asked: tuple[str, str, str, bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked = (self.path, self.headers["Authorization"], self.headers["kbn-xsrf"], body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Quiet."""


@pytest.fixture
def kibana() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Kibana) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _import(kibana: HTTPServer, secrets: Path) -> subprocess.CompletedProcess[str]:
    (secrets / "elastic_password").write_text("mat-khau-thu")
    return subprocess.run(
        ["bash", DEPLOY / "kibana/import.sh"],
        env={**os.environ, "KIBANA_URL": f"http://127.0.0.1:{kibana.server_port}", "SECRETS": str(secrets)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_sends_the_file_and_needs_all_of_it_taken(kibana: HTTPServer, tmp_path: Path) -> None:
    Kibana.answer = b'{"successCount":7,"success":true,"warnings":[]}'
    done = _import(kibana, tmp_path)
    assert done.returncode == 0, done.stderr
    path, login, token, body = Kibana.asked
    assert path == "/api/saved_objects/_import?overwrite=true"
    assert login.startswith("Basic ")
    assert token
    assert (DEPLOY / "kibana/diembao.ndjson").read_bytes() in body
    Kibana.answer = b'{"successCount":6,"success":false,"errors":[{"id":"diembao"}]}'
    refused = _import(kibana, tmp_path)
    assert refused.returncode == 1
    assert '"errors"' in refused.stderr
    assert "mat-khau-thu" not in done.stdout + done.stderr + refused.stdout + refused.stderr
