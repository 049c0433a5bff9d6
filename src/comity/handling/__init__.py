"""The two gates `admit` and `release`, and the rules they ask. Pure: time is an argument."""

from comity.handling.arrival import Arrival, Channel, Terms
from comity.handling.decide import decide, disclose
from comity.handling.gates import (
    Admission,
    Admitted,
    Grant,
    HandlingRow,
    Page,
    Released,
    Row,
    admit,
    grant,
    judge,
    release,
)
from comity.handling.labels import Cover, Label, Unsigned, make_labels, read_label, verify_label
from comity.handling.markings import Reading, read_marking, unresolved
from comity.handling.terms import Handling, join, read_handling
from comity.handling.types import Act, DataClass, Decision, Facts, Policy, Reader, Reason, Standing

__all__ = [
    "Act",
    "Admission",
    "Admitted",
    "Arrival",
    "Channel",
    "Cover",
    "DataClass",
    "Decision",
    "Facts",
    "Grant",
    "Handling",
    "HandlingRow",
    "Label",
    "Page",
    "Policy",
    "Reader",
    "Reading",
    "Reason",
    "Released",
    "Row",
    "Standing",
    "Terms",
    "Unsigned",
    "admit",
    "decide",
    "disclose",
    "grant",
    "join",
    "judge",
    "make_labels",
    "read_handling",
    "read_label",
    "read_marking",
    "release",
    "unresolved",
    "verify_label",
]
