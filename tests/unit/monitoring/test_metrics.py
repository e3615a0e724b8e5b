"""What keeps the number of figures small."""

from __future__ import annotations

import json

from public_apps.monitoring import background_tasks, metrics


def test_labels_without_end_come_together_as_other() -> None:
    many = metrics.Metric(name="concierge_test_only", help="", labels=("word",))
    metrics._buffer.forget()
    for number in range(metrics.MOST_SERIES + 50):
        many.add(str(number))
    taken = metrics._buffer.forget()
    assert len(taken) == metrics.MOST_SERIES + 1
    assert taken[(many.name, (metrics.OTHER,))].count == 50
    assert json.dumps(next(iter(taken)))
    assert background_tasks.FLUSH_SECONDS <= 5
