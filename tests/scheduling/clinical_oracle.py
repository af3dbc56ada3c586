"""Find the clinical refusals of a visit by brute force, date by date and pair by pair."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from scheduling.catalog import Catalog
from scheduling.clinical import SURFACES
from scheduling.questions import MedicalHold, Question, Session
from scheduling.rulebook import HoldRule, Matcher, Prerequisite, SpacingRule
from scheduling.ticks import from_tick

Reason = tuple[str, str | None]
"""A refusal's code and its rule."""


def clinical_codes(question: Question, catalog: Catalog, start: int) -> set[Reason]:
    """Return the codes and rules that refuse an arrival."""
    on = from_tick(start).astimezone(question.location.zone).date()
    found = area_codes(question) | numbing_codes(question)
    if question.patient:
        found |= spacing_codes(question, catalog.spacing_rules, on)
        found |= hold_codes(question, catalog, on)
        found |= {code for one in question.procedure.prerequisites for code in passes(question, one, start)}
    return found


def treats(question: Question) -> bool:
    return "procedure" in [phase.kind for phase in question.procedure.phases]


def numbs(question: Question) -> bool:
    return "numbing" in [phase.kind for phase in question.procedure.phases]


def area_codes(question: Question) -> set[Reason]:
    """Count the groups of areas; the face, the eyes and the neck form a group."""
    treated = set(question.areas or question.procedure.areas)
    groups = {"face" if area in {"FACE", "PERIORBITAL", "NECK"} else area for area in treated}
    if len(groups) < 2 or not treats(question):
        return set()
    found: set[Reason] = set()
    if question.location.policy.one_area_per_visit:
        found.add(("one_area_per_visit", "S12"))
    if "FACE" in treated:
        treated.discard("PERIORBITAL")
    surface = sum(SURFACES[area] for area in treated)
    if numbs(question) and surface > question.location.policy.anaesthetic_area_cm2:
        found.add(("anaesthetic_area", "S12"))
    return found


def numbing_codes(question: Question) -> set[Reason]:
    """Tell by each minute of the visit whether numbing is too short or too long before the needling."""
    now, creams, needling = 0, [], []
    for phase in question.procedure.phases:
        starts = now if phase.at_minute is None else phase.at_minute
        now = starts + phase.minutes
        if phase.kind == "numbing":
            creams.append((phase, starts, now))
        if phase.kind == "procedure":
            needling.append(starts)
    found: set[Reason] = set()
    for phase, on, off in creams:
        if needling and on < min(needling):
            works = min(off, *needling) - on
            if phase.min_minutes is not None and works < phase.min_minutes:
                found.add(("numbing_too_short", None))
            last = max(end for _, begin, end in creams if begin < min(needling))
            if min(needling) - last > question.location.policy.numbing_gap_minutes:
                found.add(("numbing_too_long", None))
    return found


def hold_codes(question: Question, catalog: Catalog, on: date) -> set[Reason]:
    """Return the rules of the holds that block on a date."""
    blocking = [rule for rule in standing(question, catalog, on) if rule.blocks]
    return {("medical_hold", rule.rule_id) for rule in blocking}


def standing(question: Question, catalog: Catalog, on: date) -> list[HoldRule]:
    """Return the rules of the holds in force on a date, whether they block or advise."""
    patient, rules = question.patient, catalog.hold_rules
    if patient is None or not treats(question):
        return []
    held = [(hold, rules[hold.code]) for hold in patient.medical_holds if hold.code in rules]
    found = [rule for hold, rule in held if in_force(hold, rule, on) and concerns(hold, question)]
    if too_young(question, rules, on):
        found.append(rules["under_age"])
    return [rule for rule in found if numbs(question) or not rule.numbing_only]


def in_force(hold: MedicalHold, rule: HoldRule, on: date) -> bool:
    over = hold.resolved_on is not None or hold.earliest_on is not None
    if hold.resolved_on is not None and (on - hold.resolved_on).days < rule.days_after_resolved:
        over = False
    if hold.earliest_on is not None and on < hold.earliest_on:
        over = False
    return not hold.signed_off and hold.opened_on <= on and not over


def concerns(hold: MedicalHold, question: Question) -> bool:
    treated = covered(question.areas or question.procedure.areas)
    return not hold.areas or not treated or bool(covered(hold.areas) & treated)


def too_young(question: Question, rules: dict[str, HoldRule], on: date) -> bool:
    rule, patient = rules.get("under_age"), question.patient
    if rule is None or rule.minimum_age is None or patient is None or patient.born_on is None:
        return False
    if any(hold.code == "under_age" and hold.signed_off for hold in patient.medical_holds):
        return False
    born = patient.born_on
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) < rule.minimum_age


def passes(question: Question, wanted: Prerequisite, start: int) -> set[Reason]:
    """Return the refusal of a prerequisite, or nothing when an earlier visit fulfils it."""
    arrival, zone = from_tick(start), question.location.zone
    said = set()
    for session in with_talks_elsewhere(question, wanted):
        if session.ends is None or (
            session.family != wanted.family and wanted.family not in session.requires
        ):
            continue
        good_from, last = good(question, wanted, session)
        if from_tick(session.ends) > arrival or not counts(question, wanted, session):
            continue
        if arrival.astimezone(zone).date() > last:
            said.add("prerequisite_expired")
        elif arrival < good_from:
            said.add("cooling_off")
        else:
            return set()
    if "cooling_off" in said:
        return {("cooling_off", "H12")}
    return {("prerequisite_expired" if said else "prerequisite_missing", "H11")}


def with_talks_elsewhere(question: Question, wanted: Prerequisite) -> list[Session]:
    """Return the sessions, with a consultation elsewhere as a visit of the family that ends at midnight."""
    found, zone = [], question.location.zone
    for session in question.patient.sessions if question.patient else ():
        if session.event == "consultation" and wanted.family in session.counts_like:
            midnight = datetime.combine(session.on + timedelta(days=1), time(), zone)
            ends = int(midnight.timestamp()) // 300
            found.append(replace(session, family=wanted.family, ends=ends))
        else:
            found.append(session)
    return found


def counts(question: Question, wanted: Prerequisite, session: Session) -> bool:
    """Return whether a visit counts as the prerequisite; a booked treatment needs its own too."""
    if session.family == wanted.family or session.performed:
        return True
    ends, zone = from_tick(session.ends or 0), question.location.zone
    for other in with_talks_elsewhere(question, wanted):
        is_one = other.family == wanted.family or wanted.family in other.requires
        if other.ends is None or not is_one or other.ends >= (session.ends or 0):
            continue
        good_from, last = good(question, wanted, other)
        if good_from <= ends and ends.astimezone(zone).date() <= last and counts(question, wanted, other):
            return True
    return False


def good(question: Question, wanted: Prerequisite, session: Session) -> tuple[datetime, date]:
    """Return the instant from which and the date until which a visit fulfils the prerequisite."""
    policy, ends = question.location.policy, from_tick(session.ends or 0)
    if session.family != wanted.family:
        return ends, months_later(session.on, policy.consultation_renewal_months)
    hours, days = wanted.min_hours_before, wanted.valid_days
    hours = policy.cooling_off_hours if hours is None else hours
    days = policy.consultation_valid_days if days is None else days
    return ends + timedelta(hours=hours), session.on + timedelta(days=days)


def months_later(on: date, months: int) -> date:
    """Return the same day of a later month, or the month's last day where it is shorter."""
    year, month = on.year, on.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for day in range(on.day, 0, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError


def covered(areas: Iterable[str]) -> set[str]:
    return {a for area in areas for a in (("FACE", "PERIORBITAL") if area == "FACE" else (area,))}


def _matches(matcher: Matcher, session: Session) -> set[str] | None:
    """Return the areas in which a session matches ({"*"}: anywhere), None when it does not."""
    template = session.course.template.code if session.course and session.course.template else None
    if matcher.family is not None and matcher.family not in (session.family, *session.counts_like):
        return None
    if matcher.procedure not in (None, session.procedure) or matcher.template not in (None, template):
        return None
    if matcher.event not in (None, session.event):
        return None
    own = covered(session.areas) or {"*"}
    if not matcher.areas:
        return own
    wanted = covered(matcher.areas)
    return wanted if own == {"*"} else (own & wanted) or None


def deciding(earlier: Session, later: Session, rules: Iterable[SpacingRule]) -> list[SpacingRule]:
    """Return the deciding rules: a template's, else a procedure's, else all others."""
    fitting = []
    for rule in rules:
        first, second = _matches(rule.after, earlier), _matches(rule.before, later)
        if first is None or second is None:
            continue
        if rule.scope == "patient" or first & second or "*" in first | second:
            fitting.append(rule)
    templates = [rule for rule in fitting if rule.after.template or rule.before.template]
    procedures = [rule for rule in fitting if rule.after.procedure or rule.before.procedure]
    return templates or procedures or fitting


def days_of(rule: SpacingRule, kind: str, question: Question) -> int:
    """Return a rule's floor, or its minimum with the days that the patient's skin adds between sessions."""
    days = rule.floor_days if kind == "floor" else rule.min_days
    dark = question.patient is not None and question.patient.skin_type in {4, 5, 6}
    if kind == "min" and days and dark and not (rule.after.event or rule.before.event):
        days += question.location.policy.skin_type_extra_days
    return days


def wanted_session(question: Question, on: date) -> Session:
    procedure, areas = question.procedure, question.areas or question.procedure.areas
    return Session(
        None, on, procedure.code, procedure.family, procedure.counts_as, areas, course=question.course
    )


def spacing_codes(question: Question, rules: tuple[SpacingRule, ...], on: date) -> set[Reason]:
    """Return the codes and rules of spacing that refuse a date."""
    wanted, codes = wanted_session(question, on), set[Reason]()
    for session in question.patient.sessions if question.patient else ():
        gap = abs((on - session.on).days)
        moved_near = question.moves and session.on > on and session.appointment_id and not session.performed
        for earlier, later in orders(session, wanted):
            strictest = deciding(earlier, later, rules)
            floor = max((days_of(rule, "floor", question) for rule in strictest), default=0)
            for kind in ("floor",) if moved_near and gap >= floor else ("floor", "min"):
                largest = max((days_of(rule, kind, question) for rule in strictest), default=0)
                decides = [rule for rule in strictest if days_of(rule, kind, question) == largest][:1]
                for rule in decides if gap < largest else ():
                    washout = "washout" if rule.after.event or rule.before.event else "spacing"
                    codes.add((f"{washout}_{kind}", rule.code))
    return codes


def orders(one: Session, two: Session) -> Iterator[tuple[Session, Session]]:
    """Yield two sessions as the earlier and the later session, in both orders when they share a date."""
    if one.on <= two.on:
        yield one, two
    if two.on <= one.on:
        yield two, one
