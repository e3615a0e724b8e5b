"""The catalogue of problems: each with its slug, what it means, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ADDRESS = "/problems/"
Text = str | Promise


@dataclass(frozen=True)
class Kind:
    """One kind of refusal, for programs by its slug and for people by its texts."""

    slug: str
    status: HTTPStatus
    title: Text
    meaning: Text
    remedy: Text

    @property
    def url(self) -> str:
        """The `type` of such a problem: an address of this deployment that explains it."""
        return f"{settings.SITE_URL}{ADDRESS}{self.slug}"


_KINDS = (
    Kind(
        "bad-request", HTTPStatus.BAD_REQUEST,
        _("The request could not be read"),
        _("What was sent is not what this address reads: broken JSON, for example."),
        _("Compare the request with the API's documents and send it again."),
    ),
    Kind(
        "malformed-body", HTTPStatus.BAD_REQUEST,
        _("The body did not arrive whole"),
        _("The request's body is broken, badly chunked, or ended too early; nothing was done."),
        _("Send the same request again, with its Idempotency-Key if it had one."),
    ),
    Kind(
        "invalid-input", HTTPStatus.BAD_REQUEST,
        _("Some fields need another look"),
        _("One or more fields, filters or headers can't be taken; “errors” names each."),
        _("Show each message beside its field; “codes” tells programs the reason."),
    ),
    Kind(
        "unauthenticated", HTTPStatus.UNAUTHORIZED,
        _("Please sign in"),
        _("There is no token, or one that opens nothing here: it ended, or is another workspace's."),
        _("Sign in again at this workspace and use the new token."),
    ),
    Kind(
        "subscription-inactive", HTTPStatus.PAYMENT_REQUIRED,
        _("The subscription is not active"),
        _("The workspace is suspended because nothing pays for it now. All its data is kept."),
        _("Its owner pays or begins again at “Subscription”; then everything is open at once."),
    ),
    Kind(
        "payment-failed", HTTPStatus.PAYMENT_REQUIRED,
        _("The payment failed"),
        _("The card was declined, and nothing was changed."),
        _("Try another card in the portal, or ask the bank."),
    ),
    Kind(
        "not-allowed", HTTPStatus.FORBIDDEN,
        _("You may not do this"),
        _("Whoever asks may not do this, though other roles may."),
        _("Ask an owner of the workspace for the role, or to do it for you."),
    ),
    Kind(
        "confirm-identity", HTTPStatus.FORBIDDEN,
        _("Please confirm that it is you"),
        _("This takes somebody who has given a password or a one-time code within minutes."),
        _("Send one of them to “auth/reauthenticate”, then the same request again."),
    ),
    Kind(
        "csrf-failed", HTTPStatus.FORBIDDEN,
        _("The form could not be trusted"),
        _("The request came with a cookie but without the secret of our own page."),
        _("Load the page again. Programs send a bearer token instead of cookies."),
    ),
    Kind(
        "impersonation", HTTPStatus.FORBIDDEN,
        _("Support may not do this"),
        _("A support session is over, or may not do this in somebody's name."),
        _("Begin another support session, or ask the person to do it."),
    ),
    Kind(
        "not-found", HTTPStatus.NOT_FOUND,
        _("There is nothing here"),
        _("Nothing is at this address, or nothing that whoever asks may see."),
        _("Check the address and the id; a list shows what there is."),
    ),
    Kind(
        "no-such-workspace", HTTPStatus.NOT_FOUND,
        _("No workspace answers at this host"),
        _("The host, or the one in X-Tenant-Host, belongs to no workspace that is open."),
        _("Check the workspace's address; it is in the welcome mail."),
    ),
    Kind(
        "method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED,
        _("This address takes no such method"),
        _("There is something at this address, but it can't be asked in this way."),
        _("The header Allow names the methods that it takes."),
    ),
    Kind(
        "not-acceptable", HTTPStatus.NOT_ACCEPTABLE,
        _("There is no such format"),
        _("The header Accept asks for a format that this address does not speak."),
        _("Ask for application/json."),
    ),
    Kind(
        "conflict", HTTPStatus.CONFLICT,
        _("This collides with something that exists"),
        _("Something of that name is there, or the same request is still being worked on."),
        _("Read what is there, then choose another name or try again in a moment."),
    ),
    Kind(
        "not-now", HTTPStatus.CONFLICT,
        _("This can't be done as things stand"),
        _("The request is well-formed, but the state of things does not allow it."),
        _("The detail says what stands in the way."),
    ),
    Kind(
        "already-paid", HTTPStatus.CONFLICT,
        _("This order is paid already"),
        _("The buyer was through with the payment page before the order could be changed."),
        _("Go to “status_url”, which tells how far the workspace is."),
    ),
    Kind(
        "payment-provider-refused", HTTPStatus.CONFLICT,
        _("The payment provider refused this"),
        _("The payment provider understood the request and said no."),
        _("The detail holds its reason."),
    ),
    Kind(
        "plan-limit-reached", HTTPStatus.CONFLICT,
        _("The plan allows no more"),
        _("The plan's number of apartments is used up; “limit” and “used” name the numbers."),
        _("Move to a larger plan at “Subscription”, or remove some."),
    ),
    Kind(
        "plan-too-small", HTTPStatus.CONFLICT,
        _("The plan is too small for what you have"),
        _("The plan asked for allows fewer apartments than there are."),
        _("Choose a larger plan, or remove some apartments first."),
    ),
    Kind(
        "storage-full", HTTPStatus.CONFLICT,
        _("The workspace's storage is full"),
        _("The workspace keeps as many files as it may."),
        _("Delete files that nobody needs, or ask us for more room."),
    ),
    Kind(
        "mills-dont-sum", HTTPStatus.CONFLICT,
        _("The mills don't sum to 1000"),
        _("Expenses are shared by mills, and those of the building's apartments must sum to 1000."),
        _("Correct the mills of the apartments, then issue the month."),
    ),
    Kind(
        "nothing-to-issue", HTTPStatus.CONFLICT,
        _("There is nothing to issue"),
        _("The month has no expenses, or the building no apartments."),
        _("Add expenses or apartments first."),
    ),
    Kind(
        "gone", HTTPStatus.GONE,
        _("This no longer works"),
        _("A link or key is spent, over, or never was one."),
        _("Ask for a new one."),
    ),
    Kind(
        "changed-meanwhile", HTTPStatus.PRECONDITION_FAILED,
        _("Somebody has changed this meanwhile"),
        _("The version in If-Match is not the newest any more; nothing was changed."),
        _("Read it again, show what is new, and let the person decide."),
    ),
    Kind(
        "too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        _("This is too large"),
        _("The body of the request is longer than this address takes."),
        _("Send less at once, or a smaller file."),
    ),
    Kind(
        "unsupported-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        _("The body has another format"),
        _("The header Content-Type names a format that this address does not read."),
        _("Send application/json; uploads are multipart/form-data."),
    ),
    Kind(
        "idempotency-key-reused", HTTPStatus.UNPROCESSABLE_ENTITY,
        _("This Idempotency-Key belongs to another request"),
        _("The same key came before with another body, address or method."),
        _("Use a new key for each new request, and the old one only to repeat the same."),
    ),
    Kind(
        "too-many-requests", HTTPStatus.TOO_MANY_REQUESTS,
        _("Too many requests"),
        _("Whoever asks has asked too often within a short time. Nothing was done."),
        _("Wait as many seconds as Retry-After says, then ask again."),
    ),
    Kind(
        "server-error", HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something broke on our side"),
        _("An error of ours. It has been recorded and our people are told."),
        _("Try again later. If you write to us, name the X-Request-ID of the answer."),
    ),
    Kind(
        "payment-provider-unavailable", HTTPStatus.BAD_GATEWAY,
        _("The payment provider did not answer"),
        _("A service that we depend on did not answer as it should."),
        _("Try again in a moment, with the same Idempotency-Key."),
    ),
    Kind(
        "unavailable", HTTPStatus.SERVICE_UNAVAILABLE,
        _("Not available just now"),
        _("Something that we need ourselves is away, or is too busy to answer in time."),
        _("Wait as many seconds as Retry-After says, then send the same request again."),
    ),
    Kind(
        "closed", HTTPStatus.SERVICE_UNAVAILABLE,
        _("Closed just now"),
        _("This is closed for everybody just now."),
        _("Try again later; the detail says what was kept."),
    ),
)  # fmt: skip
CATALOGUE = {kind.slug: kind for kind in _KINDS}
# What a bare status means when nobody has said more.
_PLAIN = {
    HTTPStatus.BAD_REQUEST: "bad-request",
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.PAYMENT_REQUIRED: "subscription-inactive",
    HTTPStatus.FORBIDDEN: "not-allowed",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.NOT_ACCEPTABLE: "not-acceptable",
    HTTPStatus.CONFLICT: "not-now",
    HTTPStatus.GONE: "gone",
    HTTPStatus.PRECONDITION_FAILED: "changed-meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported-media-type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "idempotency-key-reused",
    HTTPStatus.TOO_MANY_REQUESTS: "too-many-requests",
    HTTPStatus.BAD_GATEWAY: "payment-provider-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE: "closed",
}


def kind_of(status: int) -> Kind:
    """Return the kind that a bare status stands for; an unknown one is like 400, or like 500."""
    server = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return CATALOGUE[_PLAIN.get(HTTPStatus(status), "server-error" if server else "bad-request")]
