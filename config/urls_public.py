"""What public hosts serve."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

from config.urls_docs import docs
from public_apps.core.rest.catalogue import CatalogueView
from staff.site import site

urlpatterns = [
    path("", include("website.urls")),
    path("api/billing/", include("billing.urls")),
    path("api/problems/", CatalogueView.as_view(), name="problem-kinds"),
    path("api/", include(docs("config.urls_public"))),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", site.urls),
]
if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    # Without a secret anybody could have addresses suppressed: then there is no such address.
    urlpatterns.append(path("api/mail/webhook/", include("anymail.urls")))
