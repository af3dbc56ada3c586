"""Lets a view call another server with no transaction open: the call is made, then the view runs again."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g

T = TypeVar("T")


class OutsideCall(Exception):  # noqa: N818 - it asks for a call, and is no error
    """The view needs the answer of another server; what it has done so far is undone."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self.call = call


def outside(call: Callable[[], T]) -> T:
    """Give what a call to another server gives, once for a request; the first time, the view is stopped."""
    if "outside" in g:
        answer: T = g.outside
        return answer
    raise OutsideCall(call)


def calling_outside(work: Callable[[], T]) -> T:
    """Do the work of a request; when it needs another server's answer, get that and do the work again."""
    try:
        return work()
    except OutsideCall as needed:
        g.outside = needed.call()
    return work()
