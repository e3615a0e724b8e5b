"""Forms of the page of addresses."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class DomainForm(forms.Form):
    host = forms.CharField(
        label=_("Domain"),
        max_length=253,
        help_text=_("For example concierge.example.gr"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )


class SubdomainForm(forms.Form):
    subdomain = forms.CharField(
        label=_("Subdomain"),
        max_length=40,
        help_text=_(
            "Small letters a to z, digits and hyphens. The old one leads here for 90 days."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
