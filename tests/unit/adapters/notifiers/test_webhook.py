"""The request that a webhook gets."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.notifiers.webhook import MAX_ID, WebhookNotifier, header_id, render, standard_headers
from veriport.domain.checkpoints import CheckpointResult
from veriport.domain.errors import ConfigurationError
from veriport.testing.suites.notifiers import a_message


def test_the_whole_result_can_be_read_back() -> None:
    body = json.loads(render(a_message(), full=True))
    assert CheckpointResult.from_dict(body).to_dict() == a_message().body


def test_a_short_result_has_the_verdict_and_no_data() -> None:
    body = json.loads(render(a_message(), full=False))
    assert body["check"] == {
        "version": 1,
        "kind": "check",
        "status": "failure",
        "dataset": "orders.csv",
        "engine": "polars",
        "row_count": 3,
        "counts": {"passed": 0, "failed": 1, "error": 0, "not_evaluated": 0},
        "scans": None,
        "bytes_read": None,
        "notes": [],
        "duration_seconds": 0.0,
    }
    assert (body["kind"], body["run_id"], body["status"]) == ("checkpoint", a_message().run_id, "failure")


def test_a_run_without_a_check_can_be_told() -> None:
    run = CheckpointResult(
        run_id="1", name="a", run_name="a", run_time=datetime(2024, 1, 31, tzinfo=UTC), error="absent"
    )
    assert json.loads(render(a_message(body=run.to_dict()), full=False))["error"] == "absent"


def test_half_a_surrogate_pair_survives() -> None:
    assert json.loads(render(a_message(body={"a": "\ud800é"}), full=True)) == {"a": "\ud800é"}


def test_the_headers_of_standard_webhooks() -> None:
    now = datetime(2024, 1, 31, 12, 0, 0, 900_000, tzinfo=UTC)
    assert standard_headers(a_message(id="run-1:team"), now) == {
        "content-type": "application/json",
        "webhook-id": "run-1:team",
        "webhook-timestamp": "1706702400",
    }


@pytest.mark.parametrize(
    ("identity", "header"),
    [
        ("run-1:a/b", "run-1:a/b"),
        ("a b", "a%20b"),
        ("a%20b", "a%2520b"),
        ("é\n", "%C3%A9%0A"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_an_id_fits_into_a_header(identity: str, header: str) -> None:
    assert header_id(identity) == header


def test_a_long_id_is_replaced_by_its_hash() -> None:
    assert len(header_id("a" * MAX_ID)) == MAX_ID
    assert header_id("a" * 1000) != header_id("a" * 1001)
    assert len(header_id("a" * 1000)) == 64


def test_the_request_as_another_server_sees_it(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request(
        "/hook",
        method="PUT",
        query_string="a=b",
        headers={"Webhook-Timestamp": "1706702400", "X-Token": "token", "Content-Type": "application/json"},
        json=dict(a_message().body),
    ).respond_with_data(status=202)
    notifier = WebhookNotifier(
        url=httpserver.url_for("/hook?a=b"),
        method="put",
        headers={"X-Token": "token"},
        allow_hosts=["localhost"],
        clock=FrozenClock(datetime(2024, 1, 31, 12, tzinfo=UTC)),
    )
    assert notifier.send(a_message(), 5).details == {"status": 202}


def test_its_own_content_type_can_be_replaced(httpserver: HTTPServer) -> None:
    notifier = WebhookNotifier(
        url=httpserver.url_for("/"),
        headers={"CONTENT-TYPE": "application/cloudevents+json"},
        allow_hosts=["localhost"],
    )
    httpserver.expect_request(
        "/", headers={"Content-Type": "application/cloudevents+json"}
    ).respond_with_data()
    notifier.send(a_message(), 5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.com"},
        {"method": "GET"},
        {"headers": {"a": "b\r\n"}},
        {"headers": {"Webhook-Id": "1"}},
        {"headers": {"webhook-timestamp": "1"}},
        {"allow_hosts": ["http://inside"]},
    ],
    ids=str,
)
def test_what_can_never_be_sent_is_refused_when_it_is_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        WebhookNotifier(**{"url": "https://example.com", **wrong})  # type: ignore[arg-type]


def test_only_the_origin_is_printed() -> None:
    notifier = WebhookNotifier(url="https://user:secret@example.com/secret", headers={"a": "secret"})
    assert "https://example.com/..." in repr(notifier)
    assert "secret" not in repr(notifier)
