"""An operation that is a project's own, among twenty of Django's."""
