"""Decides when a visit can take place: pure values in, verdicts out.

Import from the modules directly:

- `ticks`: to_tick, floor_tick, ceil_tick, from_tick, minutes_to_ticks, local_date, LocalClock
- `clinical`: AREAS, EVENTS, LADDER, atoms, includes, default_depth_limit, rank
- `catalog`: WeeklyPeriod, Policy, Closure, Location, Qualification, Therapist, Room, Device, Phase,
  Procedure, Matcher, SpacingRule, Catalog
- `reasons`: REFUSALS, WARNINGS, DESK, NOBODYS, Refusal, Notice, refuse, warn
- `visits`: lay_out, Visit (spans, leaves, procedure_at, length in ticks after arrival)
- `bits`: Window, Busy, busy_bits
- `questions`: Session, Patient, Question, Openings, Slot, Verdict, Assignment, PhaseAssignment, Claim
- `engine`: search, check
- `openings`: slots, rank_compact
- `eligibility`: eligibility, Eligibility, Basis
- `claims`: spacing_claims, SpacingClaim
"""
