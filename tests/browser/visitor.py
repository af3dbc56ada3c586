"""A visitor of the widget's page, who reads letters and notes what fails in the browser."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, Response, expect

from tests.support.cast import Clinic
from tests.support.online import SCOPES
from tests.support.processes import PATIENCE_SECONDS, wait_until

__all__ = ["SCOPES", "Visitor"]

AXE = (Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
FAILED_TO_LOAD = "Failed to load resource: "
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@dataclass
class Visitor:
    """A visitor before the page; `wrong` are errors of the page itself, `refused` are answers from 400 on."""

    page: Page
    clinic: Clinic
    address: str
    outbox: Path
    key: str
    old: set[Path] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    def open(self, origin: str) -> None:
        """Open the page at an origin; letters that lie there already are not read."""
        self.old = self._letters()
        self.page.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._note_message)
        self.page.on("response", self._note_answer)
        named = {"base": self.address, "key": self.key, "location": self.clinic.location["id"]}
        self.page.goto(f"{origin}/?{urlencode(named)}")

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(FAILED_TO_LOAD):
            self.wrong.append(message.text)

    def _note_answer(self, answer: Response) -> None:
        if answer.status >= 400:
            self.refused.append((answer.status, urlsplit(answer.url).path))

    def reads(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page says this, and insist that it can be used by everybody in this state."""
        expect(self.page.get_by_role("status")).to_have_text(text)
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run().then(({ violations }) => violations)")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []

    def clicks(self, name: str) -> None:
        """Click a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def enters(self, label: str, value: str) -> None:
        """Fill in a field."""
        self.page.get_by_label(label, exact=True).fill(value)

    @property
    def slots(self) -> Locator:
        """The buttons of the free times."""
        return self.page.get_by_role("group", name="Free times").get_by_role("button")

    @property
    def visits(self) -> Locator:
        """The rows of the visitor's own visits."""
        return self.page.get_by_role("listitem")

    def shows_times(self) -> str:
        """Ask for the times from a week from now on; give that date."""
        expect(self.page.get_by_label("Treatment").locator("option")).to_have_count(1)
        today = date.fromisoformat(self.page.get_by_label("From", exact=True).input_value())
        first = str(today + timedelta(days=7))
        self.enters("From", first)
        self.clicks("Show times")
        self.reads("Choose a time.")
        return first

    def chooses(self, number: int) -> str:
        """Ask for times and choose one; give how the page words it."""
        self.shows_times()
        return self.takes(number)

    def takes(self, number: int) -> str:
        """Choose one of the times that are shown; give how the page words it."""
        shown = self.slots.nth(number).inner_text()
        self.slots.nth(number).click()
        return shown

    def asks_for_code(self, address: str) -> None:
        """Have a code sent to an e-mail address."""
        self.enters("Your e-mail", address)
        self.clicks("Send me a code")
        self.reads("We have sent you a code.")

    def books_for_somebody_new(self) -> None:
        """Book the time that is kept, for Grace Hopper."""
        self.reads("Who comes?")
        self.enters("Name", "Grace Hopper")
        self.enters("Born on", "1990-05-01")
        self.clicks("Book")
        self.reads("Your visit is booked.")

    def books_for(self, name: str) -> None:
        """Book the time that is kept, for a known patient by their given name."""
        self.page.get_by_label("For", exact=True).select_option(name)
        expect(self.page.get_by_label("Name", exact=True)).to_be_hidden()
        self.reads("Who comes?")
        self.clicks("Book")
        self.reads("Your visit is booked.")

    def tries(self, code: str) -> None:
        """Enter a code."""
        self.enters("Code", code)
        self.clicks("Continue")

    def proves(self, address: str) -> None:
        """Prove an e-mail address by the code that is sent there."""
        self.asks_for_code(address)
        self.tries(self.code_for(address))

    def code_for(self, address: str, *, but: str = "") -> str:
        """Wait for a letter to an address, with another code than `but`, and give the code in its subject."""
        wait_until(lambda: bool(self._codes(address) - {but}))
        (code,) = self._codes(address) - {but}
        return code

    def _codes(self, address: str) -> set[str]:
        read = [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in self._letters() - self.old
        ]
        subjects = [one["Subject"] or "" for one in read if one["To"] == address]
        return {found[0] for one in subjects if (found := re.match(r"[0-9]{6}\b", one))}

    def _letters(self) -> set[Path]:
        return set(self.outbox.glob("*.eml"))

    def fetches(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> dict[str, Any]:
        """Send a request from within the page and give what a script there can read."""
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        answer: dict[str, Any] = self.page.evaluate(_FETCH, [f"{self.address}/v1{path}", method, sent, body])
        return answer

    @property
    def token(self) -> str:
        """The booking token that the page holds."""
        token: str = self.page.evaluate("token")
        return token


_FETCH = """async ([url, method, headers, body]) => {
    try {
        const sent = body === null ? {} : { body: JSON.stringify(body) }
        const answer = await fetch(url, { method, headers, ...sent })
        const [told, known] = [await answer.text(), Object.fromEntries(answer.headers)]
        return { status: answer.status, headers: known, body: told && JSON.parse(told) }
    } catch (error) {
        return { error: error.name }
    }
}"""
