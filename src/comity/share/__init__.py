"""SHARE: taking objects in, serving them over TAXII, pulling them from peers."""
