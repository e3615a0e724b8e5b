"""An index by an operator class that lies in a schema of extensions."""
