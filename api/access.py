"""Whom an operation lets in: keys of a scope, widgets, booking tokens, links to a visit."""

from dataclasses import dataclass
from typing import Final

SEE: Final = "see"
"""What every link to a visit allows: to look at the visit."""


@dataclass(frozen=True, slots=True)
class Access:
    """The scope that a key needs (None: any); `public` lets publishable keys in, `token` those with a token.

    `link` is what a link to a visit must allow, if links are let in at all.
    """

    scope: str | None
    public: bool = False
    token: bool = False
    link: str | None = None
