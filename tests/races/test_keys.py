"""Administrators who end each other's keys at the same time leave one of them."""

from functools import partial

from tests.support.desk import Desk
from tests.support.racing import outcomes, race

ADMIN = {"name": "Another", "kind": "secret", "scopes": ["admin"]}


def test_of_administrators_who_revoke_each_other_at_once_one_stays(desk: Desk) -> None:
    [own] = desk.get("/api-keys").get_json()["items"]
    made = [desk.made("/api-keys", **ADMIN) for _ in range(3)]
    desks = [desk, *(desk.using(one["key"]) for one in made)]
    ids = [own["id"], *(one["id"] for one in made)]
    victims = [*ids[1:], ids[0]]

    answers = race(
        partial(who.post, f"/api-keys/{victim}/revoke") for who, victim in zip(desks, victims, strict=True)
    )

    done = outcomes(answers)
    left = sum(who.get("/key").status_code == 200 for who in desks)
    # Who is revoked before the request has begun is told 401, and then revokes nobody.
    assert done.keys() <= {(200, None), (409, "last_admin_key"), (401, "unauthenticated")}
    assert left == len(desks) - done[200, None]
    assert left >= 1
