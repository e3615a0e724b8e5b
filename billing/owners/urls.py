"""What owners find on their tenant's host: /api/subscription/, /api/invoices/ and /billing/."""

from __future__ import annotations

from django.urls import path

from billing.owners import api, views

urlpatterns = [
    path("api/subscription/", api.SubscriptionView.as_view(), name="subscription"),
    path("api/subscription/change-plan/", api.ChangePlanView.as_view(), name="change-plan"),
    path("api/subscription/give-up-change/", api.GiveUpChangeView.as_view(), name="give-up-change"),
    path("api/subscription/cancel/", api.CancelView.as_view(), name="cancel"),
    path("api/subscription/resume/", api.ResumeView.as_view(), name="resume"),
    path("api/subscription/portal/", api.PortalView.as_view(), name="portal"),
    path("api/subscription/contact/", api.BillingContactView.as_view(), name="billing-contact"),
    path("api/subscription/begin-again/", api.BeginAgainView.as_view(), name="begin-again"),
    path("api/invoices/", api.InvoicesView.as_view(), name="invoices"),
    path(
        "api/invoices/<str:pk>/links/",
        api.InvoiceLinksView.as_view(),
        name="invoice-links",
    ),
    path("billing/", views.overview_page, name="billing-page"),
    path("billing/change/", views.change_page, name="billing-change"),
    path("billing/give-up-change/", views.give_up_page, name="billing-give-up"),
    path("billing/cancel/", views.cancel_page, name="billing-cancel"),
    path("billing/resume/", views.resume_page, name="billing-resume"),
    path("billing/again/", views.again_page, name="billing-again"),
    path("billing/contact/", views.contact_page, name="billing-contact-page"),
    path("billing/portal/", views.portal_page, name="billing-portal"),
    path(
        "billing/invoices/<str:invoice_id>/",
        views.invoice_page,
        {"what": "page"},
        name="billing-invoice",
    ),
    path(
        "billing/invoices/<str:invoice_id>/pdf/",
        views.invoice_page,
        {"what": "pdf"},
        name="billing-invoice-pdf",
    ),
    path("billing/pay/<credential:token>/", views.pay_page, name="billing-pay"),
    path(
        "billing/credit-notes/<str:credit_note_id>/pdf/",
        views.credit_note_pdf,
        name="billing-credit-note-pdf",
    ),
]
