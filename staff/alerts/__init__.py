"""What is watched without anybody asking: by the worker, and the worker itself by the web."""
