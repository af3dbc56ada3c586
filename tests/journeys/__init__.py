"""Journeys of patients on the default catalogue: whole stories over HTTP, with the dates of 2027."""
