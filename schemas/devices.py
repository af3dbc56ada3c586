"""Devices that a phase needs, such as a radio-frequency generator or a centrifuge."""

from schemas.base import QueryArgs, Resource
from schemas.fields import Code, Flag, Id, QueryFlag, Text


class DeviceSchema(Resource):
    """A device of a kind; with a room it serves in that room alone."""

    location_id = Id(required=True)
    name = Text(200, required=True)
    kind = Code(required=True)
    room_id = Id(load_default=None, allow_none=True)
    active = Flag(load_default=True)


class DeviceQuery(QueryArgs):
    """The query of the list of devices."""

    location_id = Id()
    kind = Code()
    active = QueryFlag()
