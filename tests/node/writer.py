"""A process that shares into a node, for tests that need several.

    python -m tests.node.writer DIR COLLECTION FIRST COUNT

Shares COUNT made-up indicators, numbered from FIRST on, a few at a time.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import msgspec
from tests.node.world import indicator

from comity.model.marking import Tlp
from comity.node.acts.share import Asked, share_objects
from comity.node.wiring import Node, open_node

BATCH: Final = 40


def write(node: Node, collection: str, first: int, count: int) -> None:
    """Share so many indicators, each batch with a caveat that other batches have, too."""
    for start in range(first, first + count, BATCH):
        objects = [indicator(n) for n in range(start, min(start + BATCH, first + count))]
        asked = Asked(tlp=Tlp.GREEN, caveats=(f"batch {start // BATCH % 5}",))
        bundle = msgspec.json.encode({"type": "bundle", "objects": objects})
        said = share_objects(node, bundle, collection, asked, actor=node.operator)
        assert said["new"] == len(objects)


if __name__ == "__main__":
    opened = open_node(Path(sys.argv[1]))
    write(opened, sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    opened.close()
