"""The JavaScript examples of the project's pages do the same as the Python examples."""

import json
from pathlib import Path
from typing import Any

from tests.clients.conftest import Phone
from tests.docs.pages import blocks, section
from tests.docs.test_sync_page import PAGE as SYNC_PAGE
from tests.docs.test_webhooks_page import PAGE as WEBHOOKS_PAGE
from tests.docs.test_webhooks_page import assert_reads
from tests.support.programs import run

CALL = """
import { readFileSync, writeFileSync } from "node:fs";
import { catchUp } from "./catch_up.mjs";

const copy = JSON.parse(readFileSync("copy.json", "utf8"));
const save = (one) => writeFileSync("copy.json", JSON.stringify(one));
await catchUp(process.env.ADDRESS, process.env.KEY, copy, save);
"""


def test_the_way_to_verify_a_signature_in_javascript_knows_ours_from_others(tmp_path: Path) -> None:
    def in_javascript(secret: str, sent: dict[str, str], body: bytes) -> Any:
        script = blocks(section(WEBHOOKS_PAGE, "Verify the signature"), "javascript")[0]
        call = ", ".join(json.dumps(one) for one in (secret, sent, body.decode()))
        command = ["node", "-e", f"{script}\nconsole.log(JSON.stringify(read({call})))"]
        return json.loads(run(command, {}, tmp_path))

    assert_reads(in_javascript)


def test_the_client_in_javascript_keeps_a_copy_in_step(phone: Phone, tmp_path: Path) -> None:
    (script,) = blocks(section(SYNC_PAGE, "A client in JavaScript"), "javascript")
    (tmp_path / "catch_up.mjs").write_text(script)
    (tmp_path / "call.mjs").write_text(CALL)
    (tmp_path / "copy.json").write_text(json.dumps({"cursor": None, "appointments": {}}))

    def caught_up() -> dict[str, Any]:
        run(["node", "call.mjs"], {"ADDRESS": phone.address, "KEY": phone.desk.key}, tmp_path)
        found: dict[str, Any] = json.loads((tmp_path / "copy.json").read_text())["appointments"]
        return found

    assert len(caught_up()) == 1
    booked = phone.book("2027-01-05T12:00:00+00:00")
    assert caught_up()[booked["id"]] == phone.desk.get(f"/appointments/{booked['id']}").get_json()
    cancelled = {"reason_code": "patient", "version": booked["version"]}
    phone.desk.post(f"/appointments/{booked['id']}/cancel", cancelled)
    assert caught_up()[booked["id"]]["status"] == "cancelled"
