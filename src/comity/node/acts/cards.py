"""Members' cards in the collection that others pull them from."""

from __future__ import annotations

from comity.handling import Channel
from comity.holdings import Holdings, Peer
from comity.node.flow import Sharing, read, receive
from comity.node.wiring import Node
from comity.share.card import card_bytes, cards_collection
from comity.share.receive import take

__all__ = ["publish_cards"]


def publish_cards(node: Node) -> None:
    """Serve our own card and those of the originators of what we hold from others.

    Who pulls through us can then verify their labels. The cards of other members that we know
    are nobody's business.
    """
    with node.store.read() as tx:
        wanted = _originators(tx) | {node.member_id}
        peers = [peer for peer in tx.peers() if peer.member.id in wanted]
        missing = [card_bytes(peer.member) for peer in peers if not _served(tx, node, peer)]
        collection = next(
            one for one in tx.collections() if one.id == cards_collection(node.member_id)
        )
    sharing = Sharing(
        collection=collection,
        channel=Channel.OWN,
        sender=node.member_id,
        actor=f"{node.member_id}/node",
    )
    for card in missing:
        receive(node, read(card, "card"), sharing, take)


def _originators(tx: Holdings) -> set[str]:
    return {member for row in tx.handlings() for member in row.handling.originators}


def _served(tx: Holdings, node: Node, peer: Peer) -> bool:
    identity = peer.member.identity_id
    held = tx.newest(cards_collection(node.member_id), [identity]).get(identity)
    return held == card_bytes(peer.member)
