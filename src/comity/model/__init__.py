"""Frozen values and closed vocabularies. Ground floor: imports errors, the standard library, msgspec."""
