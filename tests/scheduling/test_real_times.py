"""What a visit occupies once it has begun, in ticks of five minutes."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from scheduling.real_times import RealPhase, real_spans

# MN_FACE_STD from tick 100: two ticks of intake, six of numbing, then the treatment, and the turnover last.
PLAN: Final = (
    RealPhase("intake", 100, 102),
    RealPhase("numbing", 102, 108, least=4, most=12),
    RealPhase("prep", 108, 109),
    RealPhase("procedure", 109, 113),
    RealPhase("aftercare", 113, 117),
    RealPhase("turnover", 117, 119, patient=False),
)
INTAKE, NUMBING, PREP, NEEDLING, AFTERCARE, TURNOVER = range(6)
PLANNED: Final = tuple((one.start, one.end) for one in PLAN)


def spans(**real: tuple[int, int | None]) -> tuple[tuple[int, int], ...]:
    """Give what is occupied when the phases of these kinds really began and ended."""
    phases = [replace(one, **_real(real.get(one.kind))) for one in PLAN]
    return real_spans(phases, NEEDLING)


def _real(times: tuple[int, int | None] | None) -> dict[str, Any]:
    return {} if times is None else {"began": times[0], "ended": times[1]}


def test_before_the_cream_is_on_everything_is_as_planned() -> None:
    assert spans() == PLANNED
    assert spans(intake=(90, None)) == PLANNED


def test_numbing_that_begins_early_keeps_its_place_until_the_treatment_as_planned() -> None:
    found = spans(numbing=(98, None))

    assert found[NUMBING] == (98, 108)
    assert found[PREP:] == PLANNED[PREP:]
    assert found[INTAKE] == (98, 98)


def test_the_cream_works_no_longer_than_its_limit_so_the_treatment_comes_earlier() -> None:
    found = spans(numbing=(90, None))

    assert (found[NUMBING], found[PREP], found[TURNOVER]) == ((90, 102), (102, 103), (111, 113))


def test_the_cream_works_no_shorter_than_its_limit_so_the_treatment_comes_later() -> None:
    found = spans(numbing=(106, None))

    assert (found[INTAKE], found[NUMBING]) == ((100, 102), (106, 110))
    assert found[PREP:] == tuple((start + 2, end + 2) for start, end in PLANNED[PREP:])


def test_without_limits_the_numbing_keeps_its_length() -> None:
    phases = [
        replace(one, least=None, most=None, began=95 if one.kind == "numbing" else None) for one in PLAN
    ]

    assert real_spans(phases, NEEDLING)[NUMBING] == (95, 101)


def test_what_follows_the_needling_moves_along_with_it() -> None:
    found = spans(numbing=(103, 111), procedure=(112, None))

    assert found[NUMBING] == (103, 111)
    assert found[NEEDLING:] == tuple((start + 3, end + 3) for start, end in PLANNED[NEEDLING:])


def test_a_treatment_that_begins_hours_early_leaves_its_plan() -> None:
    found = spans(procedure=(50, None))

    assert found == ((50, 50), (50, 50), (50, 50), (50, 54), (54, 58), (58, 60))


def test_when_the_patient_leaves_early_the_rest_is_free_and_the_turnover_follows() -> None:
    found = spans(numbing=(102, 108), procedure=(109, 114))

    assert found[NEEDLING:] == ((109, 113), (113, 114), (114, 116))


def test_when_the_patient_leaves_late_the_last_phase_lasts_until_then() -> None:
    found = spans(numbing=(102, 108), procedure=(109, 120))

    assert found[NEEDLING:] == ((109, 113), (113, 120), (120, 122))


def test_a_treatment_that_ends_as_it_begins_occupies_only_its_turnover() -> None:
    found = spans(procedure=(109, 109))

    assert found[NEEDLING:] == ((109, 109), (109, 109), (109, 111))


@given(
    cream=st.none() | st.integers(60, 140),
    worked=st.integers(0, 20),
    needled=st.none() | st.integers(0, 30),
    left=st.none() | st.integers(0, 30),
)
def test_what_is_occupied_follows_the_real_steps(
    cream: int | None, worked: int, needled: int | None, left: int | None
) -> None:
    real: dict[str, tuple[int, int | None]] = {}
    if cream is not None:
        real["numbing"] = (cream, None if needled is None else cream + worked)
    if needled is not None:
        began = (100 if cream is None else cream + worked) + needled
        real["procedure"] = (began, None if left is None else began + left)

    found = spans(**real)

    assert all(start <= end for start, end in found)
    patient = [span for span, one in zip(found, PLAN, strict=True) if one.patient and span[0] < span[1]]
    assert all(end <= start for (_, end), (start, _) in pairwise(patient))
    for kind, (began, ended) in real.items():
        place = next(number for number, one in enumerate(PLAN) if one.kind == kind)
        assert found[place][0] == began
        if ended is not None and kind == "procedure":
            assert max(end for _, end in patient or [(0, ended)]) <= max(ended, began)
            assert found[TURNOVER] == (ended, ended + 2)
