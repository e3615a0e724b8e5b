"""SQL that puts off all constraints, and leaves the next migration to do as declared."""
