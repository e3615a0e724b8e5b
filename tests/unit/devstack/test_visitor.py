"""The journey's visitor behaves as a browser without JavaScript."""

from __future__ import annotations

from devstack.visitor import forms_of


def test_inputs_outside_of_forms_belong_to_none() -> None:
    assert forms_of('<input name="a"><form></form><input name="b">')[0].fields == {}
