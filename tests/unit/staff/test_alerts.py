"""What alerts go by: Stripe's own word, and how much room is left; never what strangers send."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from billing.models import WebhookSlot
from public_apps.core import clock
from public_apps.core.mail import MAX_ATTEMPTS
from public_apps.core.models import OutgoingMail
from public_apps.tenants.models import Installation
from staff.alerts import checks, gauges, room
from staff.alerts.room import GIB, Connections, ConnectionsShort


def minute(**counts: int) -> None:
    """Let this minute's deliveries have been so."""
    at = clock.now().replace(second=0, microsecond=0)
    WebhookSlot.objects.create(span="minute", at=at, **counts)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"refused": 500}, ""),
        ({"refused": 500, "accepted": 5}, ""),
        ({"accepted": 95, "broken": 5}, ""),
        ({"accepted": 94, "broken": 6}, "94.0% of 100 deliveries"),
        ({"missed": 1}, "0.0% of 1 deliveries were answered with 2xx; 0 with an error, 1 could not"),
        ({"refused": 3, "missed": 2}, "3 posts bore a signature of nobody's"),
    ],
)  # fmt: skip
def test_the_share_of_good_answers_is_of_what_stripe_sends(
    db: None, counts: dict[str, int], told: str
) -> None:
    minute(**counts)
    found = checks.webhook_failing(clock.now()) or {}
    assert told in "".join(found.get("", []))
    assert bool(found) == bool(told)


def test_few_deliveries_give_no_verdict_of_their_own(db: None) -> None:
    minute(accepted=3, broken=1)
    assert checks.webhook_failing(clock.now()) is None


def test_strangers_do_not_hide_errors_either(db: None) -> None:
    minute(accepted=5, broken=5, refused=10_000)
    assert checks.webhook_errors(clock.now())


def test_a_database_that_fills_its_disk_is_told(db: None, settings: Settings) -> None:
    room.measure()
    size = room.database_bytes()
    assert size
    assert size > 2**20
    settings.DATABASE_DISK_GIB = 0
    assert not any("database" in line for line in lines_about_disks())
    settings.DATABASE_DISK_GIB = 10
    Installation.objects.update(database_bytes=8 * GIB)
    assert not any("database" in line for line in lines_about_disks())
    Installation.objects.update(database_bytes=8 * GIB + GIB // 2)
    assert "The database has 8.5 of the 10 GiB of DATABASE_DISK_GIB." in lines_about_disks()


def lines_about_disks() -> list[str]:
    return [line for lines in room.disk_filling(clock.now()).values() for line in lines]


def test_a_folder_that_is_nearly_full_is_told_and_one_that_is_not_there_is_not(
    db: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ARCHIVE_STORE = str(tmp_path)
    assert set(room.free_bytes()) == {"temporary", "archives"}
    monkeypatch.setattr(room, "LEAST_FREE", 2**60)
    [archives] = [line for line in lines_about_disks() if str(tmp_path) in line]
    assert "GiB left" in archives
    settings.ARCHIVE_STORE = str(tmp_path / "not-yet")
    assert set(room.free_bytes()) == {"temporary"}
    settings.ARCHIVE_STORE = "s3://a-bucket"
    assert set(room.places()) == {"temporary"}


def test_connections_are_told_when_they_have_been_short_for_a_while(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = room.connections()
    assert 0 < seen.used < seen.most
    assert room.connections_short(clock.now()) == {}
    used = 81
    look = ConnectionsShort(lambda: Connections(used=used, most=100))
    assert look(clock.now()) is None
    monkeypatch.setattr(room, "SHORT_FOR_SECONDS", 0)
    assert look(clock.now()) == {"": ["81 of 100 are taken."]}
    used = 80
    assert look(clock.now()) == {}


def test_the_figures_about_mail_are_those_that_the_alert_goes_by(db: None) -> None:
    for number, (attempts, failed) in enumerate(
        [(3, None), (4, None), (1, Now()), (MAX_ATTEMPTS, Now())]
    ):
        OutgoingMail.objects.create(
            kind="welcome", key=str(number), to="a@b.example", attempts=attempts,
            next_attempt_at=clock.now(), failed_at=failed,
        )  # fmt: skip
    shown = {gauge.name: gauge.values for gauge in gauges.states()}
    assert shown["mails_put_off"] == {"": 1}
    assert shown["mails_given_up"] == {"": 1}
    assert len(checks.mail_failing(clock.now())[""]) == 2  # type: ignore[index]  # found


def test_the_age_of_backups_is_shown_once_it_is_known(db: None, settings: Settings) -> None:
    def age() -> dict[str, float]:
        return {gauge.name: dict(gauge.values) for gauge in gauges.room_left()}[
            "backup_oldest_seconds"
        ]

    settings.ARCHIVE_STORE = "/srv/archives"
    assert age() == {}
    Installation.objects.update(oldest_backup_at=clock.now() - timedelta(hours=50))
    assert 180_000 <= age()[""] < 180_060
    settings.ARCHIVE_STORE = ""
    assert age() == {}
