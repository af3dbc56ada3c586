"""What stands against a stretch without slots is what every arrival is refused for, in random clinics."""

from hypothesis import assume, given, settings

from scheduling.obstacles import obstacles
from tests.scheduling.test_oracle import EXAMPLES, Example, found, verdicts

FRAME = {
    "in_the_past",
    "min_notice",
    "beyond_horizon",
    "off_grid",
    "outside_opening_hours",
    "location_closed",
}
# A refusal for want of a room may have either code.
ROOMS = {"room_busy", "no_room_available"}


def expected(example: Example) -> set[str]:
    """Find by brute force the codes that stand, or those that alone are in the way somewhere."""
    refused = [{reason.code for reason in verdict.refusals} for _, verdict in verdicts(example)]
    opened = [codes for codes in refused if not codes & FRAME]
    looked_at = [codes - FRAME for codes in opened] if opened else [codes & FRAME for codes in refused]
    looked_at = [codes - ROOMS | ({"room"} if codes & ROOMS else set()) for codes in looked_at]
    standing = set.intersection(*looked_at)
    return standing or {code for codes in looked_at if len(codes) == 1 for code in codes}


@settings(max_examples=150, deadline=None)
@given(EXAMPLES)
def test_the_obstacles_are_those_of_every_arrival(example: Example) -> None:
    assume(not found(example))
    told = obstacles(example.question, example.catalog, [(example.bits, example.window)])

    assert {"room" if one.code in ROOMS else one.code for one in told} == expected(example)
