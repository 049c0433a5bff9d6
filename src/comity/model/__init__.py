"""Frozen values and closed vocabularies: errors, standard library and msgspec alone below."""
