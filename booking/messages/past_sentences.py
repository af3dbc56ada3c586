"""Leaves out of a template the sentences that speak of what is past when the message goes out."""

import re
from collections.abc import Collection, Iterator
from typing import Final

_GAP: Final = re.compile(r"\s+")
_ENDS: Final = ".!?"


def without_sentences(text: str, names: Collection[str]) -> str:
    """Give a template without the sentences that hold a name of `names` in braces.

    A sentence ends at a full stop, a question mark or an exclamation mark, at a blank line, and at a line
    whose next line begins anew. Where sentences go, the widest of the gaps around them stays.
    """
    kept, gap = "", ""
    for before, sentence in _sentences(text):
        gap = max(gap, before, key=lambda one: (one.count("\n"), len(one)))
        if not any(f"{{{name}}}" in sentence for name in names):
            kept += (gap if kept else "") + sentence
            gap = ""
    return kept


def _sentences(text: str) -> Iterator[tuple[str, str]]:
    """Yield each sentence with the blanks before it."""
    before, first = "", 0
    for gap in _GAP.finditer(text):
        if _separates(text, gap):
            yield before, text[first : gap.start()]
            before, first = gap.group(), gap.end()
    yield before, text[first:]


def _separates(text: str, gap: re.Match[str]) -> bool:
    """Whether these blanks lie between two sentences; a word in lower case goes on with the sentence."""
    lines, following = gap.group().count("\n"), text[gap.end() : gap.end() + 1]
    if lines > 1:
        return True
    if text[gap.start() - 1 : gap.start()] in _ENDS:
        return not following.islower()
    return lines == 1 and not following.islower() and following != "{"
