"""What a run takes from its environment, and what it leaves there."""

from __future__ import annotations

from devstack import environment


def test_what_a_demo_told_a_shell_is_known_again_and_what_was_changed_since_is_given() -> None:
    told = environment.marked({"DATABASE_URL": "postgresql://demo", "TENANT_POOL_SIZE": "5"})
    shell = {"PATH": "/bin", **told, "TENANT_POOL_SIZE": "9", "STRIPE_CURRENCY": "usd"}
    given = environment.without_demo(shell)
    assert given == {"PATH": "/bin", "TENANT_POOL_SIZE": "9", "STRIPE_CURRENCY": "usd"}
    assert environment.without_demo(given) == given


def test_tests_and_stand_ins_see_nobodys_real_keys() -> None:
    given = {"PATH": "/bin", "STRIPE_SECRET_KEY": "sk_live_x", "ANYMAIL_KEY": "x", "PORT": "1"}
    assert environment.without_settings(given) == {"PATH": "/bin"}


def test_systems_of_one_run_share_texts_and_nothing_else() -> None:
    given = {"PATH": "/bin", "STRIPE_SECRET_KEY": "sk_live_x", "PLAN_TEXTS": "/run/texts"}
    assert environment.for_a_system(given) == {"PATH": "/bin", "PLAN_TEXTS": "/run/texts"}
    assert environment.without_settings(given) == {"PATH": "/bin"}
