"""The server takes every word of each closed set that the document has for requests."""

import re
from typing import Any

from tests.api.furnished import Furnished
from tests.support.openapi import body_of, named, operations

NOBODY = "018f3f3e-0000-7000-8000-0000000000aa"


def words_of(spec: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Give the words that a parameter or a field may have, of which a list has several."""
    schema = schema.get("items", schema)
    one = next(iter(schema.get("anyOf", [schema])))
    return list(named(spec, one).get("enum", ()))


def test_every_documented_word_of_a_query_is_taken(spec: dict[str, Any], furnished: Furnished) -> None:
    tried = 0
    for path, method, operation in operations(spec):
        own = [one for one in operation.get("parameters", ()) if one.get("in") == "query"]
        for parameter in own:
            for word in words_of(spec, parameter["schema"]):
                query = {parameter["name"]: word}
                answer = furnished.desk.request(
                    method.upper(), path.removeprefix("/v1").format_map(furnished.values), query_string=query
                )
                wrong = [one["pointer"] for one in answer.get_json().get("errors", ())]

                assert f"?{parameter['name']}" not in wrong, (path, query)
                tried += 1

    assert tried > 60


def test_every_documented_word_of_a_body_is_taken(spec: dict[str, Any], furnished: Furnished) -> None:
    tried = 0
    for path, method, operation in operations(spec):
        fields = named(spec, body_of(operation).get("schema", {})).get("properties", {})
        for name, field in fields.items():
            for word in words_of(spec, field):
                sent = {name: [word] if "items" in field else word}
                ids = dict.fromkeys(re.findall(r"{(\w+)}", path), NOBODY)
                answer = furnished.desk.request(
                    method.upper(), path.removeprefix("/v1").format_map(ids), json=sent
                )
                wrong = [one["pointer"] for one in answer.get_json().get("errors", ())]

                assert [one for one in wrong if one.split("/")[1] == name] == [], (path, sent)
                tried += 1

    assert tried > 300
