"""Decides when a visit can take place: pure values in, verdicts out.

Import from the modules directly:

- `ticks`: to_tick, floor_tick, ceil_tick, from_tick, minutes_to_ticks, local_date, LocalClock
- `months`: add_months, birthday
- `clinical`: AREAS, EVENTS, HOLDS, LADDER, FAMILIES_OF_EVENT, atoms, includes, default_depth_limit, rank
- `rulebook`: Matcher, SpacingRule, Prerequisite, HoldRule, CourseTemplate
- `catalog`: WeeklyPeriod, Policy, Closure, Location, Qualification, Therapist, Room, Device, Phase,
  Procedure, Catalog
- `reasons`: REFUSALS, WARNINGS, CLINICAL, DESK, NOBODYS, Refusal, Notice, Ground, refuse, warn
- `visits`: lay_out, Visit (spans, leaves, procedure_at, length in ticks after arrival)
- `bits`: Window, Busy, busy_bits
- `questions`: Session, CourseOf, Hold, Patient, Question, Openings, Slot, Verdict, Assignment,
  PhaseAssignment, Claim
- `engine`: search, check
- `openings`: slots, rank_compact, offer_compact
- `eligibility`: eligibility, Eligibility, Basis
- `claims`: spacing_claims, SpacingClaim
- `numbing`: numbing_refusals, planned_numbing, Numbing

The rules: `rules` lists them all, `clinical_rules` those on the patient, `resource_rules` those on staff
and places. Behind `clinical_rules` stand `spacing`, `holds`, `prerequisites`, `areas`, and `numbing`, which
say what they forbid as `bans`; `warnings` says what is allowed but worth a word.

Behind the compact order stand `needs` (what a visit takes, in one form), `packing` (how many visits fit)
and `capacity` (what each arrival costs).
"""
