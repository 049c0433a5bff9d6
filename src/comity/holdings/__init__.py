"""What this node keeps."""
