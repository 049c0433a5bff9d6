"""Bytes to values and back: STIX 2.1, TAXII messages, plain lists, patterns. Pure, with bounds."""
