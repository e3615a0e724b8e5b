"""A process that exports and imports a small workspace, then a large one; prints how much it grew.

python -m tests.archives.measured <folder> <small> <large>     → KiB by export and by import
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import django


def peak() -> int:
    """Return the most memory that this process has had at a time, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from public_apps.tenants.archives import importer, writer
    from public_apps.tenants.lookup import named

    folder, small, large = sys.argv[1:]
    grown = {}
    for label in (small, large):
        tenant = named(label)
        assert tenant
        path = Path(folder) / f"{label}.zip"
        before = peak()
        writer.export(tenant, to=path)
        between = peak()
        importer.import_archive(path, label=f"{label}-too")
        grown = {"export": between - before, "import": peak() - between}
    sys.stdout.write(json.dumps(grown))
