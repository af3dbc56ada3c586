"""Invents the demo clinic's patients: common names, addresses at example.org, no phone."""

from datetime import date, timedelta
from typing import Any, Final

from schemas.patients import PatientSchema

_FIRST: Final = (
    "Ada", "Amara", "Anna", "Beatriz", "Camila", "Carla", "Chloe", "Clara", "Daniela", "Elena", "Emma",
    "Fatima", "Freya", "Grace", "Hannah", "Ines", "Isla", "Joana", "Julia", "Kofi", "Laura", "Leila", "Lena",
    "Lucas", "Maria", "Marta", "Maya", "Mia", "Miguel", "Nadia", "Nina", "Noor", "Olivia", "Omar", "Paula",
    "Priya", "Rita", "Rosa", "Ruth", "Sara", "Sofia", "Tara", "Teresa", "Tiago", "Uma", "Vera", "Yara",
)  # fmt: skip
_LAST: Final = (
    "Abbott", "Almeida", "Baker", "Barros", "Brooks", "Campos", "Carter", "Costa", "Diaz", "Dixon", "Evans",
    "Faria", "Fisher", "Garcia", "Gomes", "Hayes", "Hughes", "Ibrahim", "Jensen", "Khan", "Lopes", "Martin",
    "Mendes", "Moreau", "Nunes", "Okafor", "Osei", "Palmer", "Patel", "Pinto", "Quinn", "Ramos", "Reid",
    "Rivera", "Rossi", "Santos", "Shah", "Silva", "Stone", "Torres", "Vance", "Walsh", "Young",
)  # fmt: skip
_OLDEST: Final = date(1958, 3, 1)
_STEP_DAYS: Final = 4219
_YEARS: Final = 45


def external_id(number: int) -> str:
    """Give the id by which the filling finds a patient again."""
    return f"demo-{number:04}"


def patient(number: int) -> dict[str, Any]:
    """Give all fields of the patient with this number; names repeat only after 47 times 43 patients."""
    first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
    born_on = _OLDEST + timedelta(days=number * _STEP_DAYS % (_YEARS * 365))
    values: dict[str, Any] = PatientSchema().load(
        {
            "name": f"{first} {last}",
            "email": f"{first}.{last}.{number}@example.org",
            "born_on": born_on.isoformat(),
            "external_id": external_id(number),
        }
    )
    return values
