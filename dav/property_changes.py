"""Carries out a PROPPATCH: all its changes, or none of them (RFC 4918, 9.2)."""

from collections.abc import Mapping
from http import HTTPStatus
from xml.etree import ElementTree as ET

from dav.calendars import Calendar
from dav.properties import SETTABLE


def change_properties(
    calendar: Calendar | None, changes: Mapping[str, ET.Element | None]
) -> dict[str, HTTPStatus]:
    """Set or (None) remove properties of a calendar, or refuse without one, and give the status of each."""
    refused = {
        name: status
        for name, value in changes.items()
        if (status := _refusal(calendar, name, value)) is not None
    }
    if refused:
        return dict.fromkeys(changes, HTTPStatus.FAILED_DEPENDENCY) | refused
    if calendar is not None:
        calendar.set_properties({name: _text(value) for name, value in changes.items()})
    return dict.fromkeys(changes, HTTPStatus.OK)


def _refusal(calendar: Calendar | None, name: str, value: ET.Element | None) -> HTTPStatus | None:
    if calendar is None or name not in SETTABLE:
        return HTTPStatus.FORBIDDEN
    # A value that makes no sense, as RFC 4918 (9.2.1) has it: each of them is a text of bounded length.
    senseless = value is not None and (len(value) > 0 or len(_text(value) or "") > SETTABLE[name])
    return HTTPStatus.CONFLICT if senseless else None


def _text(value: ET.Element | None) -> str | None:
    """Give a value without the blanks around it; an empty value removes the property."""
    return None if value is None else (value.text or "").strip() or None
