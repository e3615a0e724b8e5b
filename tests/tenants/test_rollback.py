"""A bad release is taken back by deploying the one before, and comes again when it is mended."""

from __future__ import annotations

import psycopg

from devstack.stack import Stack
from tests.customer import Order, Shop
from tests.tenants.test_fleet import NEXT, has_notices

SHAPE = """
    SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' OR table_schema ~ '^t_' ORDER BY 1, 2, 3
"""
MARKS = "SELECT schema_name, migrations_fingerprint FROM tenants_tenant ORDER BY id"
GRANTS = "SELECT group_id, permission_id FROM auth_group_permissions ORDER BY 1, 2"


def ask(stack: Stack, query: str) -> list[tuple[object, ...]]:
    """Look into the database."""
    with psycopg.connect(stack.database_url) as database:
        return database.execute(query.encode()).fetchall()


def test_the_release_before_deploys_serves_sells_and_goes_forward_again(own_system: Stack) -> None:
    shop = Shop(own_system)
    old_customer = shop.buy()
    old_customer.set_password()
    forward = own_system.manage("migrate_fleet", environ=NEXT)
    assert forward.returncode == 0, forward.stderr
    before = {query: ask(own_system, query) for query in (SHAPE, MARKS, GRANTS)}

    back = own_system.manage("migrate_fleet")
    assert back.returncode == 0, back.stdout + back.stderr
    assert "ahead of this release" in back.stdout
    # The worker may have built a spare of its own release meanwhile; what was there is as it was.
    assert all(set(then) <= set(ask(own_system, query)) for query, then in before.items())
    plan = own_system.manage("migrate_fleet", "--plan")
    assert (plan.returncode, "broken" in plan.stdout) == (0, False)
    assert "A newer release was rolled back" in own_system.manage("doctor").stdout

    assert old_customer.token()
    new_customer = shop.buy(Order())
    new_customer.set_password()
    assert new_customer.token()
    schemas = {row["subdomain"]: row["schema"] for row in shop.tenants()}
    old, new = schemas[old_customer.order.subdomain], schemas[new_customer.order.subdomain]
    assert (has_notices(own_system, old), has_notices(own_system, new)) == (True, False)

    own_system.stop_part("worker")  # it would build spares of its release for as long as it lives
    again = own_system.manage("migrate_fleet", environ=NEXT)
    assert again.returncode == 0, again.stderr
    assert has_notices(own_system, new)
    assert old_customer.token()
    assert new_customer.token()
    assert "0 migrated" in own_system.manage("migrate_fleet", environ=NEXT).stdout
