"""Adds the patients that `include=patient` asks for to the items of a list."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from api.reads import LISTED, saw
from booking.catalogue.patients import contacts_of
from booking.core.caller import Caller
from booking.core.crud import Values

Cards = Mapping[UUID | None, Values | None]


def cards_of(caller: Caller, query: Mapping[str, Any], patient_ids: Iterable[UUID | None]) -> Cards | None:
    """Give who the patients are, by one query for all; None when the query does not ask for them.

    MissingScope when the key may not read patients. Where there is no patient, the card is None.
    """
    if "patient" not in query["include"]:
        return None
    ids = set(patient_ids)
    found = contacts_of(caller, [id_ for id_ in ids if id_ is not None])
    saw(found, LISTED)
    return {id_: None if id_ is None else found.get(id_) for id_ in ids}


def with_patients(caller: Caller, query: Mapping[str, Any], items: Sequence[Values]) -> Sequence[Values]:
    """Give the items, each with its patient when the query asks for it."""
    cards = cards_of(caller, query, (item.get("patient_id") for item in items))
    if cards is None:
        return items
    return [{**item, "patient": cards[item.get("patient_id")]} for item in items]
