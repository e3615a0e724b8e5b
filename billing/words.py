"""What people are told about money: one table of situations, each with its words.

The page, the API and mails take their words from here, so that they say the same of the same thing.
What Stripe says is for logs and staff: it is English, and speaks of our wiring.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from public_apps.core import errors
from public_apps.core.templatetags.money import money
from public_apps.tenants import access_gate


class Situation(StrEnum):
    """What can be the matter; the name is what programs go by."""

    # the door
    HELD = "held"
    INACTIVE = "inactive"
    CHARGE_LATE = "charge_late"
    INVOICE_LATE = "invoice_late"
    # what is still to be paid
    NOTHING_MORE = "nothing_more"
    OWED_TRIED_AGAIN = "owed_tried_again"
    OWED = "owed"
    OWED_UNDER_WAY = "owed_under_way"
    NOT_TOLD = "not_told"
    # a trial, and a change of plan in it
    TRIAL_KEPT = "trial_kept"
    TRIAL_SHORTENED = "trial_shortened"
    TRIAL_ENDS_NOW = "trial_ends_now"
    # a change that waits for its payment
    CHANGE_WAITS = "change_waits"
    RESUMPTION_WAITS = "resumption_waits"
    CHANGE_LAPSED = "change_lapsed"
    RESUMPTION_LAPSED = "resumption_lapsed"
    CHANGE_IN_THE_WAY = "change_in_the_way"
    CHANGE_MADE_MEANWHILE = "change_made_meanwhile"
    # a change that waits for the period's end
    CHANGES_AT_PERIOD_END = "changes_at_period_end"
    CHANGES_AS_ARRANGED = "changes_as_arranged"
    TOO_SMALL_THEN = "too_small_then"
    ARRANGED_WITH_US = "arranged_with_us"
    # a wish that came to nothing
    UNREACHABLE = "unreachable"
    NOT_FOR_SALE = "not_for_sale"
    REFUSED = "refused"
    PORTAL_CLOSED = "portal_closed"
    ADD_ONS_AT_OTHER_INTERVAL = "add_ons_at_other_interval"
    CARD_DECLINED = "card_declined"
    CARD_WITHOUT_FUNDS = "card_without_funds"
    CARD_EXPIRED = "card_expired"
    CARD_MISTYPED = "card_mistyped"
    CARD_ASKS = "card_asks"


WORDS: dict[Situation, str | Promise] = {
    Situation.HELD: access_gate.HELD,
    Situation.INACTIVE: access_gate.INACTIVE,
    Situation.CHARGE_LATE: _(
        "A payment for this workspace is overdue. Unless it is settled, the workspace is paused on "
        "%(date)s."
    ),
    Situation.INVOICE_LATE: _(
        "An invoice for this workspace was to be paid by %(due)s. Unless it is settled, the "
        "workspace is paused on %(date)s."
    ),
    Situation.NOTHING_MORE: _("Nothing more is charged."),
    Situation.OWED_TRIED_AGAIN: _(
        "An invoice of %(sum)s is still open: we try to charge it again on %(date)s. After that "
        "nothing more is charged."
    ),
    Situation.OWED: _(
        "An invoice of %(sum)s is still open and to be paid. After that nothing more is charged."
    ),
    Situation.OWED_UNDER_WAY: _(
        "A debit of %(sum)s is under way. After that nothing more is charged."
    ),
    Situation.NOT_TOLD: _(
        "The payment provider could not be asked just now what is charged next. Please look again "
        "later."
    ),
    Situation.TRIAL_KEPT: _("Your free trial goes on until %(date)s. Nothing is charged before."),
    Situation.TRIAL_SHORTENED: _(
        "The free trial of the new plan is shorter than yours: it ends on %(date)s, and the plan is "
        "charged then."
    ),
    Situation.TRIAL_ENDS_NOW: _(
        "The new plan has no free trial left: yours ends with this change, and the new plan is "
        "charged at once."
    ),
    Situation.CHANGE_WAITS: _(
        "Nothing has changed yet. You change to %(plan)s once the payment of %(sum)s is confirmed; "
        "that can be done until %(until)s."
    ),
    Situation.RESUMPTION_WAITS: _(
        "Nothing has changed yet. The subscription goes on once the payment of %(sum)s is confirmed."
    ),
    Situation.CHANGE_LAPSED: _(
        "The payment for the change to %(plan)s was not confirmed in time. Nothing has changed, and "
        "nothing was charged for it."
    ),
    Situation.RESUMPTION_LAPSED: _(
        "The payment to go on with the subscription was not confirmed in time. Nothing was charged."
    ),
    Situation.CHANGES_AT_PERIOD_END: _(
        "Changes to %(plan)s on %(date)s. Until then you keep the plan that you have paid for."
    ),
    Situation.CHANGES_AS_ARRANGED: _("The subscription changes on %(date)s, as arranged with us."),
    Situation.TOO_SMALL_THEN: _(
        "From %(date)s your plan allows fewer apartments (%(limit)s) than you have (%(used)s). All of "
        "them stay, but you can't add any."
    ),
    Situation.ARRANGED_WITH_US: _(
        "A change of this subscription is arranged with us. Please write to us to change it."
    ),
    Situation.CHANGE_IN_THE_WAY: _(
        "The change to %(plan)s waits for its payment. Please confirm it, or give it up first."
    ),
    Situation.CHANGE_MADE_MEANWHILE: _(
        "The payment has been confirmed meanwhile, and the change is made."
    ),
    Situation.UNREACHABLE: _("We could not reach the payment provider. Please try again."),
    Situation.NOT_FOR_SALE: _(
        "This plan can't be bought just now: our staff have to bring its price to the payment "
        "provider anew, and are told so. Please try again later."
    ),
    Situation.REFUSED: _(
        "The payment provider refused this, and nothing was changed. Please write to us if it "
        "happens again."
    ),
    Situation.PORTAL_CLOSED: _(
        "Cards and the billing address can't be changed just now: our staff have to open that page "
        "at the payment provider. Please write to us, or try again later."
    ),
    Situation.ADD_ONS_AT_OTHER_INTERVAL: _(
        "What you have beside your plan is charged %(every)s. Please write to us to pay the plan at "
        "another interval."
    ),
    Situation.CARD_DECLINED: _(
        "Your bank declined the card. Please use another one, or ask your bank."
    ),
    Situation.CARD_WITHOUT_FUNDS: _("The card does not have enough funds. Please use another one."),
    Situation.CARD_EXPIRED: _("The card has expired. Please use another one."),
    Situation.CARD_MISTYPED: _(
        "The card's number, date or code is not right. Please enter it again."
    ),
    Situation.CARD_ASKS: _(
        "Your bank wants you to confirm the payment, which was not possible here. Please use "
        "another card, or ask your bank."
    ),
}

# Why a bank or Stripe declined, as https://docs.stripe.com/declines/codes has it.
_OF_CARDS = {
    Situation.CARD_WITHOUT_FUNDS: {"insufficient_funds", "card_velocity_exceeded",
                                   "withdrawal_count_limit_exceeded"},
    Situation.CARD_EXPIRED: {"expired_card", "invalid_expiry_month", "invalid_expiry_year"},
    Situation.CARD_MISTYPED: {"incorrect_number", "invalid_number", "incorrect_cvc", "invalid_cvc",
                              "incorrect_zip", "invalid_account"},
    Situation.CARD_ASKS: {"authentication_required", "authentication_not_handled",
                          "payment_intent_authentication_failure",
                          "subscription_payment_intent_requires_action",
                          "invoice_payment_intent_requires_action"},
}  # fmt: skip
_BY_REASON = {code: situation for situation, codes in _OF_CARDS.items() for code in codes}


def of_card(reason: str) -> Situation:
    """Return the situation of a card that was declined for this reason."""
    return _BY_REASON.get(reason, Situation.CARD_DECLINED)


def of_debt(debt: dict[str, Any] | None) -> dict[str, Any]:
    """Return the situation of whoever cancels, with its facts for `say`: what is open is still tried.

    `debt` is what `debts.newest` returns.
    """
    if debt is None:
        return {"situation": Situation.NOTHING_MORE}
    owed = money(debt["amount_due"], debt["currency"])
    if debt["debit_under_way"]:
        return {"situation": Situation.OWED_UNDER_WAY, "sum": owed}
    if debt["next_attempt_at"] is None:
        return {"situation": Situation.OWED, "sum": owed}
    return {
        "situation": Situation.OWED_TRIED_AGAIN,
        "sum": owed,
        "date": debt["next_attempt_at"],
    }


def unreachable() -> errors.UpstreamFailed:
    """Return the refusal for a Stripe that did not answer, or not as it should."""
    return errors.UpstreamFailed(say(Situation.UNREACHABLE))


def say(situation: Situation, **facts: Any) -> str:
    """Return a situation's words in the reader's language, with these facts; times become days."""
    told = {name: _told(fact) for name, fact in facts.items()}
    return str(WORDS[situation]) % told


def _told(fact: Any) -> Any:
    return date_format(localtime(fact), "j E Y") if isinstance(fact, datetime) else fact
