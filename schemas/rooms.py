"""Treatment rooms, numbing bays and consultation rooms."""

from schemas.base import QueryArgs, Resource
from schemas.fields import Code, Flag, Id, Integer, QueryFlag, Text


class RoomSchema(Resource):
    """A room of a kind; its capacity is the number of patients it takes at once."""

    location_id = Id(required=True)
    name = Text(200, required=True)
    kind = Code(required=True)
    capacity = Integer(minimum=1, maximum=100, load_default=1)
    active = Flag(load_default=True)


class RoomQuery(QueryArgs):
    """The query of the list of rooms."""

    location_id = Id()
    kind = Code()
    active = QueryFlag()
