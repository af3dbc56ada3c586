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

    assert outcomes(answers) == {(200, None): 3, (409, "last_admin_key"): 1}
    assert sum(who.get("/key").status_code == 200 for who in desks) == 1
