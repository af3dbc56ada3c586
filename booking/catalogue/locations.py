"""Locations and their closures."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking.catalogue.blocks import lay_out_again
from booking.claims.freed_time import ALWAYS, freed, freed_visit
from booking.core.caller import Caller
from booking.core.crud import Kind, Rows, Values
from booking.core.errors import InUse, Invalid, MissingScope
from booking.flags.flags import OF_CATALOGUE
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import LONGEST_VISIT, visits_at
from booking.questions.public_holidays import is_known
from models import Appointment, Closure, Location, OpeningHours
from scheduling.reasons import CLINICAL

_CLINICAL_POLICY: Final = (
    "one_area_per_visit", "anaesthetic_area_cm2", "consultation_valid_days", "cooling_off_hours",
    "consultation_renewal_months", "numbing_gap_minutes", "skin_type_extra_days",
)  # fmt: skip

# What decides when a location is open.
_OPENING: Final = ("opening_hours", "country", "subdivision", "observes_public_holidays")


def _check(caller: Caller, before: Values | None, after: Values) -> None:
    if before is None and caller.location_ids is not None:
        raise MissingScope("A key of some locations cannot open another.")
    _check_holidays(after)
    if before is None or before["timezone"] == after["timezone"]:
        return
    booked = select(Appointment.id).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.location_id == before["id"]
    )
    if caller.session.scalar(booked.limit(1)) is not None:
        raise InUse("The timezone is fixed: this location has had bookings.")


def _check_holidays(after: Values) -> None:
    """Refuse to observe the holidays of nowhere; one who observes none may name any place."""
    country, subdivision = after["country"], after["subdivision"]
    if not after["observes_public_holidays"]:
        return
    if country is None:
        raise Invalid("/country", "Say in which country the public holidays are observed.")
    if not is_known(country):
        raise Invalid("/country", "No public holidays are known for this country.")
    if not is_known(country, subdivision):
        raise Invalid(
            "/subdivision", "Not a known subdivision of the country, by ISO 3166-2 without its prefix."
        )


def _follow(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    if before is None or after is None:
        return ()
    if before["timezone"] != after["timezone"]:
        lay_out_again(caller)
    codes = frozenset[str]()
    if any(before[name] != after[name] for name in _OPENING):
        codes |= OF_CATALOGUE
        freed(caller, [before["id"]], *ALWAYS)
    if any(before["policy"].get(name) != after["policy"].get(name) for name in _CLINICAL_POLICY):
        codes |= CLINICAL
    return affected_by(caller, visits_at(caller, before["id"]), codes) if codes else ()


LOCATION = Kind(
    name="location",
    model=Location,
    rows={"opening_hours": Rows(OpeningHours, "location_id", ("weekday", "starts", "id"))},
    limit=Location.id.in_,
    merges=frozenset({"policy"}),
    check=_check,
    follow=_follow,
)


def _check_closure(caller: Caller, before: Values | None, after: Values) -> None:  # noqa: ARG001 - the hook's shape
    if after["starts_at"] >= after["ends_at"]:
        raise Invalid("/ends_at", "Must lie after starts_at.")


def _follow_closure(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    """Look at every visit that the closure meets, or met before it was moved or taken back."""
    versions = [one for one in (before, after) if one is not None]
    if before is not None:
        freed_visit(caller, before["location_id"], before["starts_at"], before["ends_at"])
    first = min(one["starts_at"] for one in versions) - LONGEST_VISIT
    last = max(one["ends_at"] for one in versions)
    between = (Appointment.starts_at > first, Appointment.starts_at < last)
    return affected_by(caller, visits_at(caller, versions[0]["location_id"], *between), OF_CATALOGUE)


def _show_closures(caller: Caller, found: list[Values]) -> None:
    rows = select(Location.id, Location.timezone).where(
        Location.clinic_id == caller.clinic_id, Location.id.in_({one["location_id"] for one in found})
    )
    zones = {place: ZoneInfo(zone) for place, zone in caller.session.execute(rows)}
    for one in found:
        zone = zones[one["location_id"]]
        one["starts_at"], one["ends_at"] = one["starts_at"].astimezone(zone), one["ends_at"].astimezone(zone)


CLOSURE = Kind(
    name="closure",
    model=Closure,
    limit=Closure.location_id.in_,
    check=_check_closure,
    follow=_follow_closure,
    show=_show_closures,
)
