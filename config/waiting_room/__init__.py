"""Where requests wait until they are whole, and answers until they are read: on no thread."""
