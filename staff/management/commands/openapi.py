"""`manage.py openapi`: keep docs/openapi/ equal to what is served."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

DOCUMENTS = {
    "public.yaml": settings.PUBLIC_SCHEMA_URLCONF,
    "tenant.yaml": settings.TENANT_URLCONF,
}


class Command(BaseCommand):
    help = "Write the OpenAPI documents of the public and the tenant API to docs/openapi/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only tell whether they are true")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = settings.BASE_DIR / "docs" / "openapi"
        for name, urlconf in DOCUMENTS.items():
            document = _render(urlconf)
            path = folder / name
            if not options["check"]:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(document)
                self.stdout.write(f"wrote {path.relative_to(settings.BASE_DIR)}")
            elif not path.exists() or path.read_bytes() != document:
                raise CommandError(f"docs/openapi/{name} is out of date: run `manage.py openapi`.")


def _render(urlconf: str) -> bytes:
    schema = SchemaGenerator(urlconf=urlconf).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # untyped there
    validate_schema(schema)  # type: ignore[no-untyped-call]  # untyped there
    rendered: bytes = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]  # untyped there
    return rendered
