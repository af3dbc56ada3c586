"""Idempotency: a POST with an Idempotency-Key takes effect once, and its repetition gets the same answer."""

import hashlib
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar
from uuid import UUID

import orjson
from flask import Response, request

from api import clock
from api.problems import Problem, malformed
from api.requests import read_json
from api.state import own_sealer
from booking.core.caller import Caller
from models.idempotency_keys import KEPT_FOR, Claim, claim, keep

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
MAX_KEY: Final = 255
# Printable ASCII without the comma, by which servers join a header that was sent twice.
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = re.compile(r"[ -+\--~]+")
# These headers are part of the request's meaning; all others may differ in a repetition.
_MEANING: Final = ("If-Match", "X-Booking-Token")
# How long a repetition waits for the first request, a second in all.
_PAUSES_SECONDS: Final = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3)

T = TypeVar("T")


class InProgress(Problem):
    """The same key's first request has not been answered yet."""

    def __init__(self) -> None:
        super().__init__("idempotency_in_progress", headers={"Retry-After": "1"})


def patiently(work: Callable[[], T]) -> T:
    """Do the work; while another request with its key is running, try again for about a second.

    It waits between transactions, so that a waiting request holds neither locks nor a connection.
    """
    for pause in _PAUSES_SECONDS:
        try:
            return work()
        except InProgress:
            time.sleep(pause)
    return work()


def once(caller: Caller, act: Callable[[], Response]) -> Response:
    """Act in the caller's transaction and keep the answer in it, or replay the answer that was kept.

    A request without a key just acts. Problem 409 while the key's first request is running, or when its
    answer could not be kept; 422 for a malformed key, a key that another request has used, and a publishable
    API key's request without one.
    """
    text = _key(caller)
    if text is None:
        return act()
    # A request by a link has no API key: its visit stands in the key's place.
    asker = caller.key_id or (caller.token and caller.token.appointment_id)
    key_hash = _hash([str(caller.clinic_id), str(asker), text])
    fingerprint = _fingerprint()
    found = claim(caller.session, key_hash, clock.now())
    if not found.claimed:
        raise InProgress
    if found.fingerprint is not None:
        return _replayed(found, fingerprint)
    answer = act()
    if answer.status_code // 100 == HTTPStatus.OK // 100:
        keep(caller.session, _kept(caller, key_hash, fingerprint, answer))
    return answer


def _key(caller: Caller) -> str | None:
    if request.method != "POST":
        return None
    given = request.headers.get(HEADER)
    if given is None:
        if caller.publishable:
            raise malformed([(HEADER, "A publishable key must send one.")])
        return None
    key = given.strip()
    if len(key) > MAX_KEY or not _KEY.fullmatch(key):
        raise malformed([(HEADER, f"Send one key of 1 to {MAX_KEY} printable ASCII characters, no comma.")])
    return key


def _fingerprint() -> bytes:
    """Hash what the request asks for, however its JSON is written."""
    meaning = [request.headers.get(name) for name in _MEANING]
    query = sorted(request.args.items(multi=True))
    return _hash([request.method, request.path, query, meaning, read_json(request)])


def _hash(value: object) -> bytes:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()


def _kept(caller: Caller, key_hash: bytes, fingerprint: bytes, answer: Response) -> dict[str, object]:
    """Give the row that keeps an answer, without a body that is `no-store`, such as a secret shown once."""
    headers = {name: value for name, value in answer.headers if name != "Content-Length"}
    secret, content = answer.cache_control.no_store, answer.get_data()
    return {
        "clinic_id": caller.clinic_id,
        "key_hash": key_hash,
        "fingerprint": fingerprint,
        "status": answer.status_code,
        "headers": headers,
        "body": None,
        "sealed": None if secret else own_sealer().seal(content),
        "about": [] if secret else sorted({UUID(one) for one in _UUID.findall(content.decode())}),
        "expires_at": clock.now() + KEPT_FOR,
    }


def _replayed(found: Claim, fingerprint: bytes) -> Response:
    if found.fingerprint != fingerprint:
        raise Problem("idempotency_mismatch")
    body = found.body if found.sealed is None else own_sealer().open(found.sealed)
    if body is None:
        raise Problem("idempotency_shown_once")
    answer = Response(body, found.status, found.headers)
    answer.headers[REPLAYED] = "true"
    return answer
