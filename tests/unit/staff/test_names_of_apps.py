"""The sidebar of the admin, for staff who read Greek."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.utils import translation

from staff.site import site

SHOWN = sorted({model._meta.app_label for model in site._registry})


@pytest.mark.parametrize("label", SHOWN)
def test_each_app_of_the_sidebar_has_a_greek_name(label: str) -> None:
    with translation.override("el"):
        shown = str(apps.get_app_config(label).verbose_name)
    assert not re.search(r"[A-Za-z]", shown), f"{label} is called {shown}"


def test_the_sidebar_has_our_apps_and_those_of_others() -> None:
    assert {"billing", "tenants", "staff", "auth", "procrastinate"} <= set(SHOWN)
