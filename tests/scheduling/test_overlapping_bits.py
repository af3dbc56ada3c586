"""Packed intervals that overlap decode to the same bits as intervals that are set one by one."""

from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from scheduling.bits import Window, overlapping_bits

WINDOW = Window(100, 160)
SPANS = st.lists(
    st.tuples(st.integers(80, 180), st.integers(1, 30)).map(lambda one: (one[0], one[0] + one[1]))
)


@given(spans=SPANS)
def test_any_intervals_in_any_order_are_their_union(spans: list[tuple[int, int]]) -> None:
    packed = b"".join(pack(">ii", *span) for span in spans)

    assert overlapping_bits(packed, WINDOW) == WINDOW.spans(spans)


@given(spans=SPANS)
def test_sorted_intervals_are_their_union_too(spans: list[tuple[int, int]]) -> None:
    packed = b"".join(pack(">ii", *span) for span in sorted(spans))

    assert overlapping_bits(packed, WINDOW) == WINDOW.spans(spans)
