"""What owners find on their tenant's host: /api/subscription/, /api/invoices/ and /billing/."""

from __future__ import annotations

from django.urls import path

from billing.owners import api, views

urlpatterns = [
    path("api/subscription/", api.SubscriptionView.as_view(), name="subscription"),
    path("api/subscription/change-plan/", api.ChangePlanView.as_view(), name="change-plan"),
    path("api/subscription/cancel/", api.CancelView.as_view(), name="cancel"),
    path("api/subscription/resume/", api.ResumeView.as_view(), name="resume"),
    path("api/subscription/portal/", api.PortalView.as_view(), name="portal"),
    path("api/subscription/begin-again/", api.BeginAgainView.as_view(), name="begin-again"),
    path("api/invoices/", api.InvoicesView.as_view(), name="invoices"),
    path("billing/", views.overview_page, name="billing-page"),
    path("billing/change/", views.change_page, name="billing-change"),
    path("billing/cancel/", views.cancel_page, name="billing-cancel"),
    path("billing/resume/", views.resume_page, name="billing-resume"),
    path("billing/again/", views.again_page, name="billing-again"),
    path("billing/portal/", views.portal_page, name="billing-portal"),
]
