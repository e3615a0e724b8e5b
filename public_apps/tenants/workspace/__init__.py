"""What a workspace is called, and which language it speaks first."""
