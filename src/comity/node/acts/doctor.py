"""`doctor`: what is wrong with a node, and what to do about it. It looks and changes nothing."""

from __future__ import annotations

import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from comity.errors import ComityError
from comity.handling import read_label
from comity.handling.labels import verify_label
from comity.holdings import Holdings
from comity.holdings.processes import is_gone
from comity.model.ids import CREATED
from comity.model.time import format_time, parse_time
from comity.node.acts.log import verify_directory
from comity.node.acts.members import own_card
from comity.node.wiring import Node, open_node

__all__ = ["Diagnosis", "Finding", "Severity", "examine", "examine_directory"]

_MINUTE: Final = 60_000_000
_LITTLE_SPACE: Final = 1 << 30
_NO_SPACE: Final = 100 << 20
_MOST_LABELS: Final = 10_000


class Severity(StrEnum):
    """A fault must be mended, a warning looked at, a notice known."""

    FAULT = "fault"
    WARNING = "warning"
    NOTICE = "notice"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found: a stable code, what it is, what to do."""

    code: str
    message: str
    advice: str
    severity: Severity


class Diagnosis(msgspec.Struct, frozen=True):
    """What was found; `ok` unless there is a fault."""

    ok: bool
    findings: tuple[Finding, ...]


Check = Callable[[Node], Iterator[Finding]]


def examine_directory(directory: Path) -> Diagnosis:
    """Look at the node in a directory; that it cannot be opened is a finding, too."""
    try:
        node = open_node(directory)
    except ComityError as why:
        return _diagnosis([_of_error(why)])
    try:
        return examine(node)
    finally:
        node.close()


def examine(node: Node) -> Diagnosis:
    """Look at an open node: settings, files, clock, store, log, members, what waits."""
    findings: list[Finding] = []
    for check in _CHECKS:
        try:
            findings.extend(check(node))
        except ComityError as why:
            findings.append(_of_error(why))
    return _diagnosis(findings)


def _diagnosis(findings: list[Finding]) -> Diagnosis:
    ranked = sorted(findings, key=lambda one: list(Severity).index(one.severity))
    return Diagnosis(not any(one.severity is Severity.FAULT for one in ranked), tuple(ranked))


def _of_error(why: ComityError) -> Finding:
    where = "" if why.where is None else f" ({why.where})"
    return _fault(why.code, why.message + where, why.advice)


def _fault(code: str, message: str, advice: str) -> Finding:
    return Finding(code=code, message=message, advice=advice, severity=Severity.FAULT)


def _warning(code: str, message: str, advice: str) -> Finding:
    return Finding(code=code, message=message, advice=advice, severity=Severity.WARNING)


def _notice(code: str, message: str, advice: str) -> Finding:
    return Finding(code=code, message=message, advice=advice, severity=Severity.NOTICE)


# -------------------------------------------------------------------------------- the directory


def _files(node: Node) -> Iterator[Finding]:
    """Keys, settings, store and secrets are for their owner alone."""
    folder = node.directory
    secret = folder / "admin.secret"
    own = [folder, folder / "keys", *sorted((folder / "keys").iterdir()), folder / "comity.toml"]
    for path in (*own, secret, *sorted(folder.glob("*.sqlite3*"))):
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            mode = "700" if path.is_dir() else "600"
            yield _fault("exposed-file", f"others can read {path}", f"Run `chmod {mode} {path}`.")
    if secret.exists():
        yield _notice(
            "secret-file",
            f"the first administrator's secret still lies in {secret}",
            "Put it into a safe place, and delete the file.",
        )


def _space(node: Node) -> Iterator[Finding]:
    free = shutil.disk_usage(node.directory).free
    if free < _LITTLE_SPACE:
        finding = _fault if free < _NO_SPACE else _warning
        yield finding(
            "disk-space",
            f"the disk has {free >> 20:,} MB left",
            "Make room: a full disk refuses every share and every read.",
        )


def _clock(node: Node) -> Iterator[Finding]:
    """Expiry and the order of collections go by the clock."""
    now = node.now()
    with node.store.read() as tx:
        size = tx.journal_size()
        newest = tx.journal_rows(size - 1, 1) if size else ()
    last = max((row.at for _, row in newest), default=parse_time(CREATED))
    if last > now + _MINUTE:
        yield _fault(
            "clock-behind",
            f"the clock says {format_time(now)}, but something was done at {format_time(last)}",
            "Set the machine's clock, and let it be kept by NTP.",
        )


# ----------------------------------------------------------------------------- the log, the jobs


def _keys(node: Node) -> Iterator[Finding]:
    card = own_card(node)
    for use, key in node.keys.items():
        if card.keys.get(use) != key.verifier.encode():
            yield _fault(
                "wrong-key",
                f"the {use} key is not the one that this member's card names",
                "Put the key file back from your backup: others know this member by the card.",
            )


def _log(node: Node) -> Iterator[Finding]:
    for problem in verify_directory(node, None, None).problems:
        yield _fault(
            problem.code,
            f"the log does not verify: {problem.message} ({problem.where})",
            "Stop the node, keep a copy of its directory, and look for another copy that went on.",
        )
    with node.store.read() as tx:
        newest = tx.checkpoint()
        waiting = tx.journal_rows(0 if newest is None else newest[0], 1)
        rows = tx.journal_size() - (0 if newest is None else newest[0])
    if any(row.at < node.now() - _MINUTE for _, row in waiting):
        yield _warning(
            "log-behind",
            f"{rows:,} journal rows wait for a checkpoint, some for more than a minute",
            "Serve the node, or run any command that writes: each brings the log up to date.",
        )


def _leases(node: Node) -> Iterator[Finding]:
    with node.store.read() as tx:
        leases = tx.leases()
    for lease in leases:
        if is_gone(lease.holder) or lease.expires_at < node.now():
            yield _notice(
                "stale-lease",
                f"a process that ended, or hangs, was last to do the job {lease.name!r}",
                "Nothing: the next process that needs it takes it over.",
            )


# ------------------------------------------------------------------------ members, what waits


def _members(node: Node) -> Iterator[Finding]:
    with node.store.read() as tx:
        peers = [peer for peer in tx.peers() if peer.member.id != node.member_id]
    for peer in peers:
        name = peer.member.name
        if not peer.known:
            yield _notice(
                "member-not-vouched",
                f"the card of {name} was only seen through another member",
                "Compare its keys with the member itself, then enter it with `comity peer add`.",
            )
        elif not peer.member.url:
            yield _notice(
                "peer-without-address",
                f"no address is entered for {name}, so nothing is pulled from it",
                "Enter it with `comity peer add DIR URL --member FILE`.",
            )
        elif peer.token is None:
            yield _notice(
                "peer-without-token",
                f"no token of {name} is entered, so its node does not let us in",
                "Ask it for one, then `comity peer add` it with --token-file.",
            )


def _labels(node: Node) -> Iterator[Finding]:
    """Labels that say nothing, because nobody whose key we know vouches for them."""
    with node.store.read() as tx:
        doubted = Counter(_doubted(node, tx))
        names = {peer.member.id: peer.member.name for peer in tx.peers()}
    for member, count in sorted(doubted.items()):
        yield _warning(
            "label-not-verified",
            f"{count:,} labels by {names.get(member, member)} could not be verified, so the "
            "objects under them keep the strictest reading",
            "Enter that member's card with `comity peer add`, then `comity sync --full`.",
        )


def _doubted(node: Node, tx: Holdings) -> Iterator[str]:
    """Who signed each label that is not served and does not verify."""
    verify = node.label_verifier(tx)
    for version in tx.unserved_labels(_MOST_LABELS):
        document = msgspec.json.decode(version.raw, type=dict[str, object])
        label = read_label(document)
        handling = tx.handling(label.handling_id)
        if handling is None or not verify_label(document, label, verify):
            yield label.labelled_by


def _conflicts(node: Node) -> Iterator[Finding]:
    with node.store.read() as tx:
        conflicts = tx.conflicts()
    if conflicts:
        first = conflicts[0]
        yield _warning(
            "conflicts",
            f"{len(conflicts):,} objects came with other content under an id and version that is "
            f"held, {first.id} the first",
            "Ask the originators which one stands; a new version of the object settles it.",
        )


_CHECKS: Final[tuple[Check, ...]] = (
    _files,
    _space,
    _clock,
    _keys,
    _log,
    _leases,
    _members,
    _labels,
    _conflicts,
)
