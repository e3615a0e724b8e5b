"""/metrics: totals of all processes and the states of this moment, in Prometheus's text format."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from public_apps.core import schema_context
from public_apps.monitoring import counters, metrics
from public_apps.monitoring.metrics import PREFIX, Metric, Sum

assert counters.REQUESTS.name in metrics.METRICS  # noqa: S101 - imported so that all are declared


def answer(request: HttpRequest) -> HttpResponse:
    """Answer to whoever has the token; without a token in the settings there is no such address."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(
            status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": 'Bearer realm="metrics"'}
        )
    try:
        return HttpResponse(document(), content_type=exposition.CONTENT_TYPE_LATEST)
    except DatabaseError:
        connection.close()
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)


def document() -> bytes:
    """Return all metrics as Prometheus reads them."""
    schema_context.to_public()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return exposition.generate_latest(registry)


class _Everything(Collector):
    def describe(self) -> list[Family]:
        """Return nothing, so that registering asks nothing."""
        return []

    def collect(self) -> Iterator[Family]:
        """Yield each metric with all of its series."""
        totals = metrics.totals()
        for name, metric in metrics.METRICS.items():
            yield _family(metric, totals[name])
        for collector in metrics.COLLECTORS:
            for gauge in collector():
                labels = (gauge.label,) if gauge.label else ()
                family = GaugeMetricFamily(PREFIX + gauge.name, gauge.help, labels=labels)
                for value, number in gauge.values.items():
                    family.add_metric((value,) if gauge.label else (), number)
                yield family


def _family(metric: Metric, sums: dict[tuple[str, ...], Sum]) -> Family:
    if not metric.bounds:
        counted = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
        for values, found in sums.items():
            counted.add_metric(values, found.count)
        return counted
    measured = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for values, found in sums.items():
        measured.add_metric(values, _cumulative(metric, found), found.seconds)
    return measured


def _cumulative(metric: Metric, found: Sum) -> list[tuple[str, float]]:
    buckets, below = [], 0
    for bound, count in zip([*map(str, metric.bounds), "+Inf"], found.buckets, strict=True):
        below += count
        buckets.append((bound, float(below)))
    return buckets
