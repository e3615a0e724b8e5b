"""The doctor's parts that need no running system, and the doctor who meets with a surprise."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from pytest_django import Settings

from billing.models import Plan, Subscription
from public_apps.core import static_files
from staff.doctor import configuration, examination, stripe
from staff.doctor.findings import Finding, Verdict, ok

MANIFEST = "whitenoise.storage.CompressedManifestStaticFilesStorage"


def crosses(found: list[Finding]) -> list[str]:
    """Return what fails, as it is told."""
    return [each.detail for each in found if each.verdict == Verdict.FAILING]


def production(settings: Settings, folder: Path) -> None:
    """Have static files served as in production, from this folder."""
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": MANIFEST}}
    settings.STATIC_ROOT = str(folder)


def test_a_part_that_raises_is_a_cross_and_the_others_are_examined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def surprised() -> list[Finding]:
        raise PermissionError(13, "Permission denied", "/srv/archives")

    def well() -> list[Finding]:
        return [ok("later", "All is well.")]

    monkeypatch.setattr(examination, "EXAMINATIONS", (("odd", surprised), ("later", well)))
    first, second = examination.findings()
    assert (first.part, first.verdict) == ("odd", Verdict.FAILING)
    assert "PermissionError" in first.detail
    assert "/srv/archives" in first.detail
    assert f"{__file__}:" in first.advice
    assert second == well()[0]


@pytest.mark.parametrize(
    "placeholder",
    ["whsec_...", "whsec_…", "whsec_placeholder", "change-me-before-you-go-live", "whsec_" + "a" * 32,
     "whsec_xxxxxxxxxxxxxxxx", "<the endpoint's signing secret>", "whsec_1234567812345678", "short"],
)  # fmt: skip
def test_a_placeholder_for_a_secret_is_a_cross(settings: Settings, placeholder: str) -> None:
    settings.METRICS_TOKEN = placeholder
    [told] = crosses(list(configuration.examine_secrets()))
    assert told == "METRICS_TOKEN is a placeholder, or easily guessed."
    assert placeholder not in told


def test_random_secrets_are_none(settings: Settings) -> None:
    settings.DEBUG = False
    for _ in range(300):
        settings.SECRET_KEY = secrets.token_urlsafe(64)
        settings.METRICS_TOKEN = "whsec_" + secrets.token_hex(16)
        assert crosses(list(configuration.examine_secrets())) == []


def test_pages_without_their_files_are_told_before_anybody_asks_for_one(
    settings: Settings, tmp_path: Path
) -> None:
    production(settings, tmp_path)
    [told] = crosses(list(configuration.examine_static_files()))
    assert f"STATIC_ROOT {tmp_path} holds no staticfiles.json" in told
    with pytest.raises(SystemExit, match=r"does not start: STATIC_ROOT .* collectstatic"):
        static_files.refuse_without()


def test_files_of_an_older_release_are_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "staticfiles.json").write_text('{"paths": {}, "version": "1.1", "hash": ""}')
    production(settings, tmp_path)
    static_files.refuse_without()
    [told] = crosses(list(configuration.examine_static_files()))
    assert f"STATIC_ROOT {tmp_path} is of other code: it lacks" in told


def test_where_pages_find_their_files_by_themselves_nothing_is_missed(settings: Settings) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    assert crosses(list(configuration.examine_static_files())) == []
    static_files.refuse_without()


def test_subscriptions_of_nobody_are_a_cross(db: None) -> None:
    assert crosses(list(stripe.examine_purchases())) == []
    Subscription.objects.create(
        id="sub_Unclaimed",
        customer_id="cus_Unclaimed",
        status="active",
        plan=Plan.objects.all()[0],
    )
    [told] = crosses(list(stripe.examine_purchases()))
    assert "1 subscriptions are paid for and belong to nobody: sub_Unclaimed" in told
