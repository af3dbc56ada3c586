"""Entity tags: an object's version in quotes, checked before a change.

Some objects show more than their version tells: what follows from other objects, or from the time. While
there is such a part, its digest follows the version, `"3-5f0c2a91d4e7b638"`; a change asks for the version.
"""

import hashlib
import re
from collections.abc import MutableMapping
from enum import Enum
from typing import Any, Final

import orjson
from flask import Response, request

from api.problems import malformed
from booking.core.errors import StaleVersion, VersionRequired
from schemas.base import Schema

_TAG = re.compile(r'(?:W/)?"([1-9]\d{0,8})(?:-[0-9a-f]{16})?"', re.ASCII)
_DIGEST_BYTES: Final = 8


class Version(Enum):
    """Whether an action asks which version the client means, with the failures that it then documents."""

    UNASKED = ()
    OPTIONAL = (412,)
    REQUIRED = (412, 428)


def etag(version: int) -> str:
    """Render a version as a strong entity tag."""
    return f'"{version}"'


def expected_version(body: MutableMapping[str, Any] | None = None, *, required: bool = False) -> int | None:
    """Give the version that the client means to change; None for the present version.

    It comes by If-Match or by the body's `version`, which is taken out of the body. 428 when a version is
    `required` and neither is sent (`If-Match: *` counts), 412 for a tag that no object of ours can have.
    """
    in_body: int | None = body.pop("version", None) if body is not None else None
    header = request.headers.get("If-Match")
    if header is None:
        if in_body is None and required:
            raise VersionRequired
        return in_body
    tag = header.strip()
    if tag == "*":
        return in_body
    if not tag or "," in tag:
        raise malformed([("If-Match", "Send one entity tag.")])
    # A proxy that compresses makes a tag weak. A tag of another form is never ours.
    ours = _TAG.fullmatch(tag)
    if ours is None or in_body not in {None, int(ours[1])}:
        raise StaleVersion
    return int(ours[1])


def with_derived(response: Response, schema: type[Schema]) -> Response:
    """Let the tag of an object tell of its derived part too, while there is one."""
    tag, _ = response.get_etag()
    if not schema.derived or tag is None or not response.is_json:
        return response
    part = schema.derived_of(orjson.loads(response.get_data()))
    if part:
        digest = hashlib.blake2b(orjson.dumps(part), digest_size=_DIGEST_BYTES).hexdigest()
        response.headers["ETag"] = f'"{tag}-{digest}"'
    return response


def unless_unchanged(response: Response) -> Response:
    """Answer a conditional read with 304 when the client has this very state."""
    tag, _ = response.get_etag()
    if request.method not in {"GET", "HEAD"} or tag is None or not request.if_none_match.contains_weak(tag):
        return response
    unchanged = Response(status=304)
    unchanged.headers.remove("Content-Type")
    unchanged.headers["ETag"] = response.headers["ETag"]
    return unchanged
