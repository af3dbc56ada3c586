"""Send malformed requests, which must write nothing."""

from typing import Any

from tests.support.cast import pointers
from tests.support.catalogue_cast import Cast


def refused_pointers(cast: Cast, path: str, body: dict[str, Any]) -> list[str]:
    """Post a malformed body, insist that nothing was made, and give the fields that the 422 names."""
    before = cast.desk.get(path).get_json()
    answer = cast.desk.post(path, body)
    assert cast.desk.get(path).get_json() == before
    return pointers(answer)
