"""The search of the reference finds operations by words of their paths, names and texts."""

import json
from pathlib import Path

from config import PROJECT
from tests.generators.conftest import HERE
from tests.support.programs import run


def test_operations_are_found_by_words_in_any_order(workshop: Path) -> None:
    phrases = ["CANCEL appointment release", "waitlist decline", "/v1/rooms/{room_id}", "nothing of the kind"]
    command = ["node", HERE / "search.mjs", PROJECT / "api" / "docs_search.js", "openapi.json", *phrases]

    found = json.loads(run(command, {}, workshop))

    assert found["CANCEL appointment release"] == ["cancel_appointment"]
    assert found["waitlist decline"] == ["decline_waitlist_entry"]
    assert sorted(found["/v1/rooms/{room_id}"]) == ["delete_room", "get_room", "update_room"]
    assert found["nothing of the kind"] == []
