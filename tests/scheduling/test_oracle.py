"""Search, check and assignment agree with the brute-force oracle on random clinics."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from struct import pack

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.bits import busy_bits
from scheduling.engine import check, search
from scheduling.openings import rank_compact, slots
from scheduling.questions import Assignment, Verdict
from scheduling.reasons import CLINICAL, DESK
from scheduling.visits import lay_out
from tests.scheduling.clinical_oracle import clinical_codes
from tests.scheduling.clinics import Example, Maker
from tests.scheduling.oracle import Oracle, is_free, meets

EXAMPLES = st.integers(0, 2**48).map(lambda seed: Maker(random.Random(seed)).example())
PLAIN = (
    DESK - {"therapist_not_working", "therapist_travelling"} | CLINICAL | {"location_closed", "patient_busy"}
)


def arrivals(example: Example) -> Iterator[int]:
    length = lay_out(example.question.procedure).length
    yield from range(example.window.start, example.window.end - length + 1)


def verdicts(example: Example) -> Iterator[tuple[int, Verdict]]:
    bits = example.bits
    for start in arrivals(example):
        yield start, check(example.question, example.catalog, bits, start, example.window)


def found(example: Example) -> list[int]:
    openings = search(example.question, example.catalog, example.bits, example.window)
    return [slot.start for slot in slots(openings, example.window)]


@settings(max_examples=200, deadline=None)
@given(EXAMPLES)
def test_search_finds_exactly_what_the_oracle_can_book(example: Example) -> None:
    oracle = Oracle(example.question, example.catalog, example.taken, example.elsewhere)

    assert found(example) == [start for start in arrivals(example) if oracle.bookable(start)]


@settings(max_examples=40, deadline=None)
@given(EXAMPLES)
def test_a_slot_found_can_be_booked_and_a_slot_refused_is_never_found(example: Example) -> None:
    passing = [start for start, verdict in verdicts(example) if not verdict.refusals]

    assert passing == found(example)


@settings(max_examples=40, deadline=None)
@given(EXAMPLES)
def test_check_gives_every_code_that_the_oracle_gives(example: Example) -> None:
    oracle = Oracle(example.question, example.catalog, example.taken, example.elsewhere)
    given_codes = {
        start: {reason.code for reason in verdict.refusals} & PLAIN for start, verdict in verdicts(example)
    }

    assert given_codes == {start: oracle.plain_codes(start) for start in given_codes}


@settings(max_examples=20, deadline=None)
@given(EXAMPLES)
def test_a_therapists_own_codes_are_those_of_the_oracle(example: Example) -> None:
    oracle = Oracle(example.question, example.catalog, example.taken, example.elsewhere)
    leads = any(phase.therapist for phase in example.question.procedure.phases)
    for lead in example.catalog.therapists.values() if leads else ():
        named = replace(example, question=replace(example.question, therapist_id=lead.id))
        own = {
            start: {reason.code for reason in verdict.refusals if reason.resource_id == lead.id}
            for start, verdict in list(verdicts(named))[::7]
        }

        assert own == {start: oracle.lead_codes(lead, start) for start in own}


@settings(max_examples=60, deadline=None)
@given(EXAMPLES)
def test_every_assignment_is_sound(example: Example) -> None:
    bits = example.bits
    for start in found(example)[::5]:
        verdict = check(example.question, example.catalog, bits, start, example.window)

        assert verdict.assignment is not None
        assert_claims_are_free(example, verdict.assignment)
        assert_phases_get_what_they_need(example, verdict.assignment)


def assert_claims_are_free(example: Example, assignment: Assignment) -> None:
    claims = assignment.claims

    assert all(is_free(example.taken, key, lane, (start, end)) for key, lane, start, end in claims)
    assert not any(one[:2] == two[:2] and meets(one[2:], two[2:]) for one, two in combinations(claims, 2))


def assert_phases_get_what_they_need(example: Example, assignment: Assignment) -> None:
    catalog = example.catalog
    for phase, given_to in zip(example.question.procedure.phases, assignment.phases, strict=True):
        room = catalog.rooms[given_to.room_id] if given_to.room_id else None
        device = catalog.devices[given_to.device_id] if given_to.device_id else None
        people = {given_to.therapist_id, given_to.assistant_id} - {None}

        assert (room.kind in phase.room_kinds) if room else not phase.room_kinds
        assert (device.kind in phase.device_kinds) if device else not phase.device_kinds
        assert room is None or device is None or device.room_id in {None, room.id}
        assert len(people) == phase.therapist + (phase.assistant is not None)
        assert given_to.therapist_id in {None, assignment.therapist_id}
        assert given_to.assistant_id != assignment.therapist_id or given_to.assistant_id is None
        for taker, lane in (
            (given_to.room_id, given_to.lane),
            *((one, 0) for one in (*people, given_to.device_id)),
        ):
            assert taker is None or covered(assignment, taker, lane, (given_to.start, given_to.end))


def covered(assignment: Assignment, taker: object, lane: int | None, span: tuple[int, int]) -> bool:
    return any(
        claim[:2] == (taker, lane) and claim[2] <= span[0] and span[1] <= claim[3]
        for claim in assignment.claims
    )


@settings(max_examples=60, deadline=None)
@given(EXAMPLES)
def test_naming_a_therapist_finds_what_was_offered_for_that_therapist(example: Example) -> None:
    anybody = replace(example.question, therapist_id=None)
    openings = search(anybody, example.catalog, example.bits, example.window)
    for lead_id, bits in openings.by_therapist.items():
        named = replace(anybody, therapist_id=lead_id)

        assert search(named, example.catalog, example.bits, example.window).starts == bits


@settings(max_examples=60, deadline=None)
@given(EXAMPLES)
def test_slots_name_each_therapist_where_their_bits_are_set(example: Example) -> None:
    openings = search(example.question, example.catalog, example.bits, example.window)
    offered = slots(openings, example.window)

    for lead_id, bits in openings.by_therapist.items():
        named = [slot.start - example.window.start for slot in offered if lead_id in slot.therapist_ids]
        assert sum(1 << position for position in named) == bits


@settings(max_examples=60, deadline=None)
@given(EXAMPLES)
def test_compact_order_holds_every_slot_once(example: Example) -> None:
    openings = search(example.question, example.catalog, example.bits, example.window)
    ranked = rank_compact(openings, example.question, example.catalog, example.bits, example.window)

    assert sorted(slot.start for slot in ranked) == found(example)


@settings(max_examples=60, deadline=None)
@given(EXAMPLES)
def test_packed_rows_decode_to_the_same_bits(example: Example) -> None:
    for key, spans in example.taken.items():
        packed = b"".join(pack(">ii", *span) for span in spans)

        assert busy_bits(packed, example.window) == example.bits[key]


@settings(max_examples=60, deadline=None)
@given(EXAMPLES)
def test_clinical_refusals_name_the_rules_that_the_oracle_names(example: Example) -> None:
    question = replace(example.question, waived=frozenset())
    for start in list(arrivals(example))[::9]:
        verdict = check(question, example.catalog, example.bits, start, example.window)
        named = {(reason.code, reason.rule_id) for reason in verdict.refusals if reason.code in CLINICAL}

        assert named == clinical_codes(question, example.catalog, start)


def test_the_random_clinics_offer_and_refuse_often() -> None:
    examples = [Maker(random.Random(seed)).example() for seed in range(200)]
    offered = [bool(found(example)) for example in examples]
    leads = [search(one.question, one.catalog, one.bits, one.window).by_therapist for one in examples]

    assert min(offered.count(True), offered.count(False)) >= 30
    assert sum(len([bits for bits in one.values() if bits]) > 1 for one in leads) >= 10
    assert [bool(example.taken) for example in examples] == [True] * 200


def test_the_random_clinics_reach_every_clinical_code_often() -> None:
    examples = [Maker(random.Random(seed)).example() for seed in range(600)]
    met = Counter(
        code
        for example in examples
        for code in {
            code
            for start in (example.window.start, example.window.end - 1)
            for code, _ in clinical_codes(example.question, example.catalog, start)
        }
    )

    assert set(met) == CLINICAL
    assert min(met.values()) >= 10
