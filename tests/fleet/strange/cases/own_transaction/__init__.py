"""SQL that begins and commits by itself."""
