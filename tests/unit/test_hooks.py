"""docs/hooks.md is read from the code: whatever is offered there, and whoever listens, is found."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from devstack import generated, hooks, source


def code(root: Path, **modules: str) -> hooks.Code:
    """Return code of these modules; `staff__alerts` lies in staff/alerts.py."""
    for name, text in modules.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return hooks.Code(source.read(root))


def test_a_signal_is_told_with_its_comment_its_senders_and_who_listens(tmp_path: Path) -> None:
    found = code(
        tmp_path,
        billing__access="""
            from django.dispatch import Signal

            # Sent with `change`,
            # in its transaction.
            changed = Signal()
            class Change:
                def save(self):
                    if self:
                        changed.send(self)
        """,
        staff__mails="""
            from django.dispatch import receiver
            from billing import access

            @receiver(access.changed)
            def tell(sender, **_): ...
        """,
    )
    (hook,), others = found.signals()
    assert hook.name == "billing.access.changed"
    assert hook.promise == "Sent with `change`, in its transaction."
    assert hook.sent_by == {"billing.access.Change.save"}
    assert hook.listeners == [hooks.Listener("", "staff.mails.tell", "staff/mails.py")]
    assert others == []


def test_a_signal_to_which_nobody_listens_is_told_too(tmp_path: Path) -> None:
    found = code(
        tmp_path, billing__access="from django.dispatch import Signal\nchanged = Signal()\n"
    )
    assert "| `billing.access.changed` |  |  | nobody |" in hooks.page(found)


def test_signals_of_others_are_told_by_decorator_and_by_connect(tmp_path: Path) -> None:
    found = code(
        tmp_path,
        staff__apps="""
            from django.contrib.auth.signals import user_logged_in, user_logged_out
            from django.db.models.signals import post_migrate
            from django.dispatch import receiver
            from staff import groups
            import psycopg

            @receiver([user_logged_in, user_logged_out])
            def note(sender, **_): ...

            class StaffConfig:
                def ready(self):
                    post_migrate.connect(groups.bring_in_line)
                    psycopg.connect("no signal")
        """,
        staff__groups="def bring_in_line(sender, **_): ...\n",
    )
    ours, others = found.signals()
    assert ours == []
    assert [(each.name, [listener.who for listener in each.listeners]) for each in others] == [
        ("django.contrib.auth.signals.user_logged_in", ["staff.apps.note"]),
        ("django.contrib.auth.signals.user_logged_out", ["staff.apps.note"]),
        ("django.db.models.signals.post_migrate", ["staff.groups.bring_in_line"]),
    ]


def test_whoever_adds_themselves_to_a_list_is_told_with_what_for(tmp_path: Path) -> None:
    found = code(
        tmp_path,
        public_apps__core__mail="""
            _composers = {}
            _unrelated = 3

            def composes(kind):
                \"\"\"Register what a kind of mail says.\"\"\"
                def register(compose):
                    _composers[kind] = compose
                    return compose
                return register
        """,
        public_apps__core__health="""
            _checks = []

            def register(check):
                _checks.append(check)
        """,
        billing__mails="""
            from public_apps.core import mail
            LATE, DONE = "late", "done"

            @mail.composes(LATE)
            def late(): ...

            def at_run_time(kind):
                mail.composes(kind)
        """,
        billing__apps="""
            class BillingConfig:
                def ready(self):
                    from billing import pool
                    from public_apps.core import health
                    health.register(pool.is_stocked)
        """,
        billing__pool="def is_stocked(): ...\n",
    )
    health, mail = found.registries
    assert mail.promise == "Register what a kind of mail says."
    assert mail.listeners == [hooks.Listener("late", "billing.mails.late", "billing/mails.py")]
    assert health.listeners == [
        hooks.Listener("", "billing.pool.is_stocked", "billing/pool.py"),
    ]


def test_a_table_of_others_functions_is_told_and_one_of_ones_own_is_not(tmp_path: Path) -> None:
    found = code(
        tmp_path,
        billing__handlers="""
            from billing import invoices
            HANDLERS: dict[str, object] = {"invoice.paid": invoices.paid}
            def _own(): ...
            ACTIONS = {"do": _own}
        """,
        billing__invoices="def paid(): ...\n",
    )
    (table,) = found.tables()
    assert table.listeners == [
        hooks.Listener("invoice.paid", "billing.invoices.paid", "billing/invoices.py")
    ]


def test_a_job_is_told_with_its_clock_and_with_who_asks_for_it(tmp_path: Path) -> None:
    found = code(
        tmp_path,
        billing__tasks="""
            from public_apps.core import jobs

            @jobs.task("billing.settle", rank=1)
            def settle(): ...

            @jobs.periodic("billing.sweep", cron="* * * * *", rank=1)
            def sweep(timestamp):
                settle.defer()
        """,
        billing__checkout="""
            from public_apps.core import jobs

            def wake():
                jobs.defer_once("billing.settle", lock="x")
        """,
    )
    settle, sweep = found.jobs()
    assert settle.asked_by == {"billing.checkout.wake", "billing.tasks.sweep"}
    assert (settle.cron, sweep.cron) == ("", "* * * * *")
    assert sweep.does.file == "billing/tasks.py"


def test_what_is_no_hook_is_named_as_it_is_called_today() -> None:
    names = {f"{module.name}.{name}" for module in source.read() for name in module.names}
    assert names >= hooks.DECLARATIONS


def test_a_file_that_is_not_what_the_code_says_fails_with_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    assert generated.keep(path, made="as it is\n", by="devstack.page", arguments=[]) == 0
    assert path.read_text() == "as it is\n"
    assert generated.keep(path, made="as it is\n", by="devstack.page", arguments=["--check"]) == 0
    assert generated.keep(path, made="other\n", by="devstack.page", arguments=["--check"]) == 1
    shown = capsys.readouterr().out
    assert "-as it is\n+other\n" in shown
    assert "python -m devstack.page" in shown
    assert path.read_text() == "as it is\n", "a check writes nothing"
