"""Turns paths into resources, and resources into the hrefs that programs are given."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from dav.calendars import Calendar, Home

# Programs that are given a host's name alone ask here first, whatever the prefix is.
_ENTRANCE: Final = "/"
_PRINCIPALS: Final = "/principals/"


@dataclass(frozen=True, slots=True)
class Resource:
    """The target of a path: the root, a home, a calendar, or an object in it (which need not exist).

    An `entrance` is a path outside the prefix, which tells what the root tells.
    """

    home: Home
    in_home: bool = False
    calendar: Calendar | None = None
    name: str | None = None
    entrance: str | None = None


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths below a prefix that ends in a slash."""

    prefix: str
    home: Home

    def resource(self, path: str) -> Resource | None:
        """Give the resource of a percent-encoded path; None for a path that cannot exist here."""
        if path + "/" == self.prefix or path == self.prefix:
            return Resource(self.home)
        if path == _ENTRANCE or f"{path}/".startswith(_PRINCIPALS):
            return Resource(self.home, entrance=path)
        # No object has a name with a NUL, and databases refuse a query that contains it.
        if not path.startswith(self.prefix) or "\x00" in unquote(path):
            return None
        return self._in_home(path)

    def _in_home(self, path: str) -> Resource | None:
        user, *rest = [unquote(part) for part in path[len(self.prefix) :].split("/")]
        if user.lower() != self.home.user.lower():
            return None
        if rest in ([], [""]):
            return Resource(self.home, in_home=True)
        calendar = self.home.calendar(rest[0])
        if calendar is None or len(rest) > 2:  # noqa: PLR2004 - a calendar and an object's name
            return None
        return Resource(self.home, in_home=True, calendar=calendar, name="".join(rest[1:]) or None)

    def named(self, href: str) -> Resource | None:
        """Give the resource of an href in a report, which is an absolute URL or a path."""
        try:
            return self.resource(urlsplit(href.strip()).path)
        except ValueError:
            return None

    def root(self) -> str:
        """Give the href of the root."""
        return self.prefix

    def of_home(self) -> str:
        """Give the href of the home, which is the principal as well."""
        return f"{self.prefix}{quote(self.home.user)}/"

    def of(self, calendar: Calendar, name: str = "") -> str:
        """Give the href of a calendar, or of an object in it."""
        return f"{self.of_home()}{quote(calendar.name)}/{quote(name)}"

    def of_resource(self, resource: Resource) -> str:
        """Give a resource's own href."""
        if resource.calendar is not None:
            return self.of(resource.calendar, resource.name or "")
        return self.of_home() if resource.in_home else resource.entrance or self.root()
