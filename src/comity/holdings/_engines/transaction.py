"""One transaction, made of its parts."""

from __future__ import annotations

from comity.holdings._engines.jobs import JobsPart
from comity.holdings._engines.journal import JournalPart
from comity.holdings._engines.pages import PagesPart
from comity.holdings._engines.puts import PutsPart
from comity.holdings._engines.registry import RegistryPart

__all__ = ["Transaction"]


class Transaction(PutsPart, PagesPart, RegistryPart, JournalPart, JobsPart):
    """`comity.holdings.Holdings`, on one connection."""
