"""What a node can be asked to do beside the flow itself: one module a matter."""
