"""What staff may do to a tenant: to who gets in, to its address, and in somebody's name.

Each is a page that asks, behind a permission of its own, and an entry in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from csp.constants import SELF
from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import access, checkout, manual_mode
from public_apps.core import errors
from public_apps.onboarding import welcome
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains, suspension
from public_apps.tenants.custom_domains import subdomain_change
from public_apps.tenants.models import Tenant
from staff import forms
from staff.admin.confirmation import AdminAction, Question, ask, question, staff_of
from staff.admin.read_only import RecordAdmin
from staff.impersonation import start
from staff.models import Impersonation

Act = Callable[[dict[str, Any]], AdminAction | HttpResponse]


class AskingAboutTenants(RecordAdmin):
    """How each deed below asks."""

    def ask(
        self,
        request: HttpRequest,
        tenant: Tenant,
        title: str,
        form: type[Form],
        act: Act,
        explanation: str = "",
        initial: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Ask about one tenant."""
        asked = Question(
            title=title,
            button=title,
            about=f"{tenant} · {tenant.primary_domain}",
            form=form,
            act=act,
            explanation=explanation,
            initial=initial,
        )
        return ask(request, asked, admin=self)


class DeedsOnAccess(AskingAboutTenants):
    """Who gets in: nobody, or everybody again."""

    @question(name=gettext_lazy("Suspend"), at="suspend", permission="act")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Suspend by staff's word, until staff resume it."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            reason = answers["reason"]
            suspension.hold(tenant=tenant, reason=reason, by=who(request))
            said = _("Suspended: %s") % reason
            return AdminAction(
                said=said, to=tenant, action="tenant.suspended", detail={"reason": reason}
            )

        explanation = _("No payment undoes this; only “Resume” does. The data stays as it is.")
        return self.ask(request, tenant, _("Suspend"), forms.Reason, act, explanation)

    @question(name=gettext_lazy("Resume"), at="resume", permission="act")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take staff's word back; the subscription decides from then on."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            access.resume(tenant=tenant, by=who(request))
            tenant.refresh_from_db()
            said = _("Resumed; it is now: %s") % tenant.status.label
            detail = {"status": tenant.status.value}
            return AdminAction(said=said, to=tenant, action="tenant.resumed", detail=detail)

        explanation = _("From then on the subscription or the recorded payments decide.")
        return self.ask(request, tenant, _("Resume"), forms.Confirm, act, explanation)


class DeedsOnTheWay(AskingAboutTenants):
    """The way to a workspace: its address, what holds it up, and the mail that opens it."""

    @question(name=gettext_lazy("Change the subdomain"), at="change-subdomain", permission="act")
    def change_subdomain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the workspace another first address."""
        tenant = get_object_or_404(Tenant, pk=object_id)
        present = domains.subdomain_of(tenant)
        before = present.domain if present else ""

        def act(answers: dict[str, Any]) -> AdminAction:
            domain = subdomain_change.change(tenant=tenant, label=answers["label"], by=who(request))
            detail = {"from": before, "to": domain.domain}
            said = _("Its address is now: %s") % domain.domain
            return AdminAction(
                said=said, to=tenant, action="tenant.subdomain_changed", detail=detail
            )

        explanation = _(
            "The old address leads there for 90 days. People sign in again at the new one."
        )
        initial = {"label": domains.label_of(before)}
        title = _("Change the subdomain")
        return self.ask(request, tenant, title, forms.LabelForm, act, explanation, initial)

    @question(
        name=gettext_lazy("Send the welcome mail again"),
        at="resend-welcome",
        permission="resend_welcome",
    )
    def resend_welcome(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Promise the owner another mail, with a new link."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            signup = _signup_of(tenant)
            if signup.ready_at is None or not welcome.send_again(signup=signup):
                raise errors.Conflict(
                    _("Not now: it was sent a moment ago, too often, or nothing is ready yet.")
                )
            said = _("The welcome mail is on its way to %s.") % signup.email
            detail = {"to": signup.email}
            return AdminAction(said=said, to=tenant, action="tenant.welcome_resent", detail=detail)

        explanation = _("If the owner has chosen a password already, no mail is sent.")
        title = _("Send the welcome mail again")
        return self.ask(request, tenant, title, forms.Confirm, act, explanation)

    @question(
        name=gettext_lazy("Retry provisioning"),
        at="retry-provisioning",
        permission="retry_provisioning",
    )
    def retry_provisioning(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a worker go on where the way to this workspace broke off."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            signup = _signup_of(tenant)
            checkout.enqueue(signup)
            said = _("A worker takes it up now.")
            return AdminAction(said=said, to=tenant, action="tenant.provisioning_retried")

        explanation = _("Each step that is done stays done; it goes on with the next.")
        return self.ask(request, tenant, _("Retry provisioning"), forms.Confirm, act, explanation)


class DeedsInTheirName(AskingAboutTenants):
    """Support sees what somebody of the workspace sees."""

    @question(
        name=gettext_lazy("Work as…"), at="impersonate", permission="impersonate", decisive=True
    )
    def impersonate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand a pass over for half an hour in somebody's name."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> HttpResponse:
            asked, token = start.request_impersonation(
                tenant=tenant,
                person_email=answers["person_email"],
                reason=answers["reason"],
                by=staff_of(request),
            )
            return _pass(request, asked, token, admin=self)

        explanation = _(
            "For thirty minutes, without the right to change passwords, people, votes or the"
            " subscription. The owner reads your address and the reason in the workspace's log."
        )
        initial = {"person_email": tenant.owner_email}
        title = _("Work in somebody's name")
        return self.ask(request, tenant, title, forms.InTheirName, act, explanation, initial)


class DeedsOnMoney(AskingAboutTenants):
    """What was paid, and by which customer at Stripe."""

    @question(
        name=gettext_lazy("Record a payment"), at="record-payment", permission="record_payments"
    )
    def record_payment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record a payment that came outside of Stripe."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            payment = manual_mode.record_payment(
                tenant=tenant,
                amount=forms.minor(answers["amount"]),
                tax=forms.minor_or_none(answers["tax"]),
                currency=settings.STRIPE.currency,
                reference=answers["reference"],
                paid_until=answers["paid_until"],
                by=who(request),
            )
            detail = {"reference": payment.reference, "amount": payment.amount}
            said = _("Payment recorded: %s") % payment.reference
            return AdminAction(said=said, to=tenant, action="payment.recorded", detail=detail)

        return self.ask(request, tenant, _("Record a payment"), forms.PaymentForm, act)

    @question(
        name=gettext_lazy("Link a Stripe customer"),
        at="link-customer",
        permission="link_customers",
        decisive=True,
    )
    def link_customer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a customer at Stripe pay for this tenant."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            customer_id = answers["customer_id"].strip()
            count = manual_mode.link_customer(
                tenant=tenant, customer_id=customer_id, by=who(request)
            )
            detail = {"customer": customer_id, "count": count}
            said = _("%(customer)s is linked; its subscriptions: %(count)d.") % detail
            return AdminAction(said=said, to=tenant, action="customer.linked", detail=detail)

        return self.ask(request, tenant, _("Link a Stripe customer"), forms.CustomerForm, act)


def who(request: HttpRequest) -> str:
    """Return the address of the person who acts, for the record."""
    return staff_of(request).email


def _signup_of(tenant: Tenant) -> Signup:
    signup = Signup.objects.filter(tenant=tenant).first()
    if signup is None:
        raise errors.Conflict(_("No sign-up led to this workspace."))
    return signup


def _pass(
    request: HttpRequest, asked: Impersonation, token: str, *, admin: RecordAdmin
) -> HttpResponse:
    """Show the button that carries the token to the tenant's host, in a form and not in a link."""
    enter = domains.url_of(asked.tenant, "/support/enter/")
    page = {
        **admin.admin_site.each_context(request),
        "title": _("Your pass"),
        "asked": asked,
        "token": token,
        "enter": enter,
        "seconds": int(start.HAND_OVER.total_seconds()),
        "opts": admin.opts,
    }
    response = render(request, "admin/hand_over.html", page)
    parts = urlsplit(enter)
    origin = f"{parts.scheme}://{parts.netloc}"
    response._csp_update = {"form-action": [SELF, origin]}  # type: ignore[attr-defined]
    return response
