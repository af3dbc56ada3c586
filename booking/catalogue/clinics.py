"""Clinics: made with a first key, medical hold rules, messages and, if asked, the default catalogue."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from booking.catalogue.api_keys import create_api_key
from booking.catalogue.defaults import create_default_catalogue, create_hold_rules
from booking.catalogue.message_templates import create_message_templates
from booking.core.caller import Caller
from models import CatalogVersion, Clinic
from models.database import Database

CATALOGUES = ("default", "none")
_ANY_IDS: Final[Mapping[str, UUID]] = MappingProxyType({})


class NewClinic(NamedTuple):
    """A clinic just made; the key is shown this once."""

    clinic_id: UUID
    admin_key: str


def create_clinic(
    database: Database,
    *,
    name: str,
    timezone: str,
    catalogue: str,
    now: datetime,
    ids: Mapping[str, UUID] = _ANY_IDS,
) -> NewClinic:
    """Create a clinic and its admin key in one transaction; `catalogue` is one of CATALOGUES.

    `ids` are those of procedures, course templates, hold rules and message templates that are to have known
    ids, by their codes.
    """
    clinic_id = uuid7()
    with database.transaction(clinic_id) as session:
        session.add(Clinic(id=clinic_id, name=name, timezone=timezone))
        session.flush()
        session.add(CatalogVersion(clinic_id=clinic_id))
        session.flush()
        caller = Caller(session, clinic_id, now)
        _, key = create_api_key(
            caller, {"name": "First administrator", "kind": "secret", "scopes": ["admin"]}
        )
        create_hold_rules(caller, ids)
        create_message_templates(caller, ids)
        if catalogue == "default":
            create_default_catalogue(caller, ids)
    return NewClinic(clinic_id, key)
