"""An app of jobs that misbehave, for a worker of its own."""
