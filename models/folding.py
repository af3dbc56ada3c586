"""Folds names and contacts for the search: what people write differently for the same becomes the same."""

import re
import unicodedata
from typing import Final

# Letters that Unicode does not take apart, though people write them without the stroke, or as two letters.
_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
)
# Apostrophes in all forms that keyboards and programs give them; some of them would become a blank below.
_APOSTROPHES: Final = re.compile(
    "['`\u00b4\u2018-\u201b\u2032\u2035\u02b9-\u02bf\u02c8\u02ca\u02cb\u055a\u05f3]"
)
_BLANKS: Final = re.compile(r"[\s,;]+")
_DROPPED: Final = frozenset({"Mn", "Me", "Cf", "Cc", "Cs", "Pd"})


def folded(text: str) -> str:
    """Give the text without case, accents, apostrophes, hyphens and doubled blanks.

    Composed and decomposed letters fold alike; folding again changes nothing. What is left out
    leaves no blank: `O'Brien-Smith` is `obriensmith`.
    """
    bare = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text))
    # Case folding can bring back what the normal form took apart, and the other way round.
    bare = unicodedata.normalize("NFKD", bare.casefold()).casefold()
    bare = unicodedata.normalize("NFKD", bare).translate(_LETTERS)
    kept = "".join(one for one in _APOSTROPHES.sub("", bare) if one.isspace() or _is_kept(one))
    return _BLANKS.sub(" ", kept).strip()


def _is_kept(character: str) -> bool:
    return unicodedata.category(character) not in _DROPPED


def search_text(name: str, email: str | None, phone: str | None) -> str:
    """Give what a patient is found by: folded words, each between blanks, a phone number by its digits."""
    words = [folded(one) for one in (name, email or "", (phone or "").removeprefix("+"))]
    return f" {' '.join(filter(None, words))} "
