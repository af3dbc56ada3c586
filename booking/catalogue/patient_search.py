"""Finds patients by words: exactly by every word first, then with small slips of the pen."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from booking.core.caller import Caller
from models import Patient
from models.folding import folded
from models.patients import find_patients

# How many of the first patients are looked at one by one before the index is asked: a word that many of them
# have, such as the end of an e-mail address, fills a page that way, while the index would give nearly all.
_LOOKED_AT: Final = 1000
# Fewer letters than these are no part of a word, but its beginning: too many words contain them.
_SHORTEST_PART: Final = 3
_SHORTEST_SLIP: Final = 4
# From so many letters on, a slip may be in the first one.
_LONG: Final = 6
_WORDS_WITH_SLIPS: Final = 3
_MOST_SLIPS: Final = 200
_NUMBER: Final = re.compile(r"[+(]?[\d\s()./\-]*\d[\d\s()./\-]*", re.ASCII)
_LEAST_DIGITS: Final = 3


class Hit(NamedTuple):
    """A patient whom a search has found; hits sort in the order of the answer."""

    slipped: bool
    id: UUID


def words_of(query: str) -> list[str]:
    """Give the folded words of a query; a part of a phone number is one word, its digits."""
    if _NUMBER.fullmatch(query) and sum(map(str.isdigit, query)) >= _LEAST_DIGITS:
        # The trunk zero is not stored, except where it is dialled from abroad too.
        digits = re.sub(r"\D", "", query.replace("(0)", "")).lstrip("0")
        return [digits] if digits else []
    return [word for word in (one.strip(".") for one in folded(query).split()) if word]


def patterns_of(words: Sequence[str]) -> list[str]:
    """Give the LIKE patterns that a text matches which has all of the words."""
    return [_pattern(word) for word in words]


def find(caller: Caller, query: str, after: Hit | None, most: int) -> list[Hit]:
    """Give at most this many hits after the last one of the page before, oldest patients first."""
    words = sorted(words_of(query), key=len, reverse=True)
    if not words:
        return []
    hits: list[Hit] = []
    last = None if after is None else after.id
    if after is None or not after.slipped:
        hits = [Hit(slipped=False, id=one) for one in _exact(caller, words, last, most)]
        last = None
    if len(hits) == most:
        return hits
    slips = sorted(one for one in _slipped(caller, words) if last is None or one > last)
    return [*hits, *(Hit(slipped=True, id=one) for one in slips)][:most]


def _exact(caller: Caller, words: Sequence[str], last: UUID | None, most: int) -> list[UUID]:
    patterns = patterns_of(words)
    first = _among_the_first(caller, patterns, last, most)
    if len(first) == most:
        return first
    return [one.id for one in find_patients(caller.session, patterns[:1], patterns[1:], last=last, most=most)]


def _among_the_first(caller: Caller, patterns: Sequence[str], last: UUID | None, most: int) -> list[UUID]:
    some = select(Patient.id, Patient.search_text).where(Patient.clinic_id == caller.clinic_id)
    if last is not None:
        some = some.where(Patient.id > last)
    looked_at = some.order_by(Patient.id).limit(_LOOKED_AT).subquery()
    matching = [looked_at.c.search_text.like(one) for one in patterns]
    found = select(looked_at.c.id).where(*matching).order_by(looked_at.c.id).limit(most)
    return list(caller.session.scalars(found))


def _slipped(caller: Caller, words: Sequence[str]) -> set[UUID]:
    """Give patients who have every word with one slip at most, and not all of them exactly.

    They are looked for with a slip in one word and the others exact, then with slips in several.
    """
    uncertain = [one for one in words if len(one) >= _SHORTEST_SLIP and one.isalpha()][:_WORDS_WITH_SLIPS]
    found: set[UUID] = set()
    for word in uncertain:
        found |= _near(caller, words, word, [one for one in words if one != word])
    if not found and len(uncertain) > 1:
        found = _near(caller, words, uncertain[0], ())
    return found


def _near(caller: Caller, words: Sequence[str], slipped: str, others: Sequence[str]) -> set[UUID]:
    """Give patients with a slip in one word; the longest word finds the fewest, so the index looks for it."""
    slips, exact = list(_slips_of(slipped)), patterns_of(others)
    by_another = others and len(others[0]) >= (len(slipped) if len(slipped) >= _LONG else _SHORTEST_PART)
    first, rest = (exact[:1], exact[1:]) if by_another else (_parts_of(slipped), exact)
    likely = find_patients(
        caller.session, first, rest, any_of=slips, but=patterns_of(words), most=_MOST_SLIPS
    )
    return {one.id for one in likely if _is_near(words, one.search_text)}


def _slips_of(word: str) -> Iterator[str]:
    """Give patterns that every word matches which is one slip away: any letters in place of two neighbours.

    A letter too many, a wrong one or two that changed places, and a letter too few; of a short word only
    what keeps its length, since too many words are near it.
    """
    for place in range(0 if len(word) >= _LONG else 1, len(word) - 1):
        for letters in ("__",) if len(word) == _SHORTEST_SLIP else ("_", "__", "___"):
            yield f"% {word[:place]}{letters}{word[place + 2 :]} %"


def _parts_of(word: str) -> list[str]:
    """Give patterns, fewer than there are slips, one of which every word matches that is one slip away.

    A slip leaves one half of a long word as it is, or two letters in its middle change places.
    """
    if len(word) < _LONG:
        return list(_slips_of(word))
    half = len(word) // 2
    return [
        f"% {word[:half]}%",
        f"%{word[half:]} %",
        f"% {word[: half - 1]}__{word[half + 1 :]} %",
    ]


def _is_near(words: Sequence[str], text: str) -> bool:
    exact = [_contains(text, word) for word in words]
    tokens = text.split()
    return not all(exact) and all(
        known or any(one_slip_apart(word, token) for token in tokens)
        for word, known in zip(words, exact, strict=True)
    )


def one_slip_apart(one: str, other: str) -> bool:
    """Whether one letter differs, is missing or is too many, or two neighbours have changed places."""
    first = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    rest, rest_of_other = (one[first:], other[first:]) if first is not None else _tails(one, other)
    while rest and rest_of_other and rest[-1] == rest_of_other[-1]:
        rest, rest_of_other = rest[:-1], rest_of_other[:-1]
    changed_places = len(rest) == 2 and rest == rest_of_other[::-1]  # noqa: PLR2004 - two letters
    return max(len(rest), len(rest_of_other)) <= 1 or changed_places


def _tails(one: str, other: str) -> tuple[str, str]:
    shared = min(len(one), len(other))
    return one[shared:], other[shared:]


def _contains(text: str, word: str) -> bool:
    return (f" {word}" if _begins_only(word) else word) in text


def _pattern(word: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", word)
    return f"% {escaped}%" if _begins_only(word) else f"%{escaped}%"


def _begins_only(word: str) -> bool:
    """Whether a word is so short that it must begin one; in other scripts a character can be a word."""
    return len(word) < _SHORTEST_PART and word.isascii()
