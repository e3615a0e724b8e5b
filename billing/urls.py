"""/api/billing/ on public hosts."""

from __future__ import annotations

from django.urls import path

from billing import api
from billing.webhook import stripe_webhook

app_name = "billing"
urlpatterns = [
    path("config/", api.ConfigView.as_view(), name="config"),
    path("plans/", api.PlansView.as_view(), name="plans"),
    path("subdomains/<str:label>/", api.SubdomainView.as_view(), name="subdomain"),
    path("checkout/", api.CheckoutView.as_view(), name="checkout"),
    path("checkout/<str:session_id>/", api.ProgressView.as_view(), name="progress"),
    path(
        "checkout/<str:session_id>/welcome-mail/",
        api.WelcomeMailView.as_view(),
        name="welcome-mail",
    ),
    path("signups/<credential_id:signup_id>/", api.SignupView.as_view(), name="signup"),
    path("webhook/stripe/", stripe_webhook, name="webhook"),
]
