"""A node: the one place that knows all rooms, opens transactions and journals what happens."""
