"""Booking tokens over HTTP: `/v1/booking-tokens`, by which a widget's visitor proves an address."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response

from api.blueprints import Blueprint
from api.problems import Problem, answer
from api.state import own_sealer, state
from api.visitors import visitor_name
from booking.core.caller import Caller
from booking.online import codes, tokens
from booking.online.addresses import address_of
from booking.online.codes import Channels
from schemas.booking_tokens import AddressSchema, BookingTokenSchema, CodeProofSchema, CodeSentSchema

blp = Blueprint(
    "booking-tokens",
    "booking-tokens",
    url_prefix="/v1/booking-tokens",
    description="Codes that prove an address, and the tokens by which its people book for themselves.",
)
SHOWN_ONCE: Mapping[str, str] = {"Cache-Control": "no-store"}


@blp.action("", "appointments:write", CodeSentSchema, takes=AddressSchema, status=202, public=True)
def send_booking_code(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Send a code of six digits to an address, whether it is known or not.

    The code is good for 10 minutes and 5 tries, and ends the code before it. It goes out by the server's
    e-mail, or as a message of kind `booking_code` that the clinic's gateway fetches; when neither is there it
    is 409 `channel_unavailable`. After 3 codes of an address, or 10 of a visitor, within an hour it is 429.
    """
    _require_widget(caller)
    settings = state().settings
    channels = Channels(own_sealer(), mails=settings.mail is not None or not settings.production)
    # A visitor with a token counts by the address on the network too: a token must not raise the limit.
    caller = replace(caller, visitor=visitor_name())
    return {"expires_at": codes.send_code(caller, address_of(caller, body), channels)}


@blp.action(
    "/verify", "appointments:write", BookingTokenSchema, takes=CodeProofSchema, public=True, fails=(410,)
)
def verify_booking_code(
    caller: Caller, body: dict[str, Any]
) -> Response | tuple[dict[str, Any], Mapping[str, str]]:
    """Exchange a code for a booking token, good for 60 minutes, and learn who is known at the address.

    403 `wrong_code` costs a try. 410 `code_expired` once it was used, tried too often or replaced, or late.
    """
    _require_widget(caller)
    address = address_of(caller, body)
    if not codes.use_code(caller, address, body["code"], own_sealer()):
        # An answer and no exception: the try counts only if the transaction is committed.
        return answer(Problem("wrong_code"))
    given = tokens.give_token(caller, address)
    patients = [{"id": id_, "given_name": name} for id_, name in given.patients]
    return {"token": given.token, "expires_at": given.expires_at, "patients": patients}, SHOWN_ONCE


def _require_widget(caller: Caller) -> None:
    if not caller.publishable:
        raise Problem("publishable_key_required")
