"""The scheduling engine: decides when a visit can take place, with pure values in and verdicts out.

Import from the modules directly:

- `ticks`: to_tick, floor_tick, ceil_tick, from_tick, minutes_to_ticks, local_date, LocalClock
- `months`: add_months, birthday
- `clinical`: AREAS, EVENTS, HOLDS, LADDER, FAMILIES_OF_EVENT, atoms, includes, default_depth_limit, rank
- `rulebook`: Matcher, SpacingRule, Prerequisite, HoldRule, CourseTemplate
- `catalog`: WeeklyPeriod, SpecialDay, Policy, Closure, Location, Qualification, Therapist, Room, Device,
  Phase, Procedure, Catalog
- `reasons`: REFUSALS, WARNINGS, CLINICAL, DESK, NEVER_WAIVED, Refusal, Notice, Ground, refuse, warn
- `visits`: lay_out, Visit (spans, leaves, procedure_at, length in ticks after arrival)
- `bits`: Window, Busy, busy_bits
- `questions`: Session, CourseOf, MedicalHold, Patient, Question, Openings, Slot, Verdict, Assignment,
  PhaseAssignment, Claim
- `engine`: search, check
- `openings`: slots, rank_compact, offer_compact
- `eligibility`: eligibility, Eligibility, Basis
- `claims`: spacing_claims, SpacingClaim
- `lapses`: overdue_days
- `lengths`: with_minutes, with_length, keeping
- `lateness`: for_late_arrival, for_waiting, with_numbing, as_planned, Planned, Option
- `messages`: due, in_window, shifted, after_quiet, MOMENTS, Moment, Due
- `plans`: choose, Preferences, Proposal
- `travel`: way_to, ways_of, way_bits, longest_way
- `rules.numbing`: numbing_refusals, planned_numbing, Numbing

In `rules`, `registry` lists every rule; `clinical` has the rules on the patient, `resources` the rules on
staff, rooms and devices. `clinical` collects what `spacing`, `medical_holds`, `prerequisites`, `areas` and
`numbing` forbid, dates as `bans`. `warnings` names what is allowed but should be mentioned.

The compact order uses `needs` (what a visit takes, in a single form), `packing` (how many visits fit) and
`capacity` (how many further visits each arrival costs).
"""
