"""An app with an operation of its own: what it does, the engine cannot foresee."""
