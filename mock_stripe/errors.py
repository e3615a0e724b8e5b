"""Errors as Stripe words and shapes them."""

from __future__ import annotations

from typing import Any

DOCS = "https://docs.stripe.com/error-codes/"


class ApiError(Exception):
    """A refusal with an HTTP status and the fields of Stripe's error object.

    `kept` says that what was written before it was raised stays: a declined card leaves its trace.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        kept: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        fields = {"code": code, "param": param, **more}
        self.error = {"message": message, "type": kind} | {
            name: value for name, value in fields.items() if value is not None
        }
        if code is not None:
            self.error["doc_url"] = DOCS + code.replace("_", "-")


def missing_parameter(param: str) -> ApiError:
    """A parameter that must be given was not."""
    return ApiError(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown_parameter(param: str) -> ApiError:
    """A parameter that this call does not have."""
    return ApiError(
        400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param
    )


def invalid(param: str, message: str, *, code: str | None = None) -> ApiError:
    """A parameter whose value will not do."""
    return ApiError(400, message, code=code, param=param)


def no_such(kind: str, object_id: str, *, param: str = "id", status: int = 404) -> ApiError:
    """An id that names nothing: 404 in a path, 400 in a parameter."""
    return ApiError(status, f"No such {kind}: '{object_id}'", code="resource_missing", param=param)


def card_declined(**more: Any) -> ApiError:
    """The card was refused by its bank."""
    return ApiError(
        402,
        "Your card was declined.",
        kind="card_error",
        code="card_declined",
        decline_code="generic_decline",
        **more,
    )
