"""Pages to read: what happened is looked at here, not edited."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.admin import ShowFacets
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.paginator import InfinitePaginator


class RecordAdmin(ModelAdmin):
    """A page to read: history is not edited, and nothing is added or deleted by hand.

    There is no Save button either: it would write back what was read, over newer values. What
    staff may do are actions, which ask for the `act` permission: the model's right to change.

    Records only grow, so a list reads the page that it shows, and counts nothing.
    """

    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Show every field, those that no form may edit included."""
        return [field.name for field in self.opts.fields]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let those read who may read or change."""
        may_view: bool = super().has_view_permission(request, obj)
        return may_view or self.has_act_permission(request)

    def has_act_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this person may use the page's actions."""
        options = self.opts
        return request.user.has_perm(f"{options.app_label}.change_{options.model_name}")

    def has_open_tenants_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this person may open workspaces by hand."""
        return request.user.has_perm("tenants.add_tenant")

    def has_archive_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this person may close a tenant for good."""
        return request.user.has_perm("tenants.delete_tenant")

    def has_record_payments_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        """Whether this person may say that somebody has paid."""
        return request.user.has_perm("billing.add_manualpayment")

    def has_link_customers_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this person may say which customer at Stripe pays for a tenant."""
        return request.user.has_perm("billing.add_customer")

    def has_retry_events_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this person may give events another try."""
        return request.user.has_perm("staff.retry_events")

    def has_retry_provisioning_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        """Whether this person may let a worker take a sign-up up again."""
        return request.user.has_perm("staff.retry_provisioning")

    def has_resend_welcome_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this person may send an owner the welcome mail again."""
        return request.user.has_perm("staff.resend_welcome")

    def has_impersonate_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether this person may work in somebody's name."""
        return request.user.has_perm("staff.add_impersonation")


class RecordInline(TabularInline):
    """Rows to read beside their parent."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Show every column as text: forms refuse those that no form may edit."""
        return list(self.fields or ())

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
