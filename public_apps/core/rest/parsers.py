"""Reading what the API is sent."""

from __future__ import annotations

from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class JSON(JSONParser):
    """JSON of any depth that Python can follow; deeper nesting is the client's fault, not ours."""

    def parse(self, stream: IO[Any], *args: Any, **kwargs: Any) -> Any:
        """Return what the body says."""
        try:
            return super().parse(stream, *args, **kwargs)
        except RecursionError as error:
            raise ParseError(_("This JSON is nested too deeply.")) from error
