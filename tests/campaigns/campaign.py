"""One campaign from the first buyer to the audit, on a system of its own that is gone afterwards."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from devstack.stack import Stack
from devstack.supervisor import Supervisor
from tests import templates
from tests.campaigns import audit, schedule
from tests.campaigns.fire import Fire
from tests.campaigns.people import Buyer, Log, Owner, Reader, addresses
from tests.campaigns.records import Purchase, Record
from tests.customer import Shop, until

OWNERS, READERS = 2, 2  # who work and read all the time
BEFORE = 120.0  # seconds in which the owners' own workspaces must be there
# How long after the last fault the faults' own ends, the buyers and the system may take.
BURN_OUT_SECONDS, CALM_SECONDS, SETTLE_SECONDS = 300.0, 300.0, 600.0
SUBSCRIPTION = """
SELECT s.id FROM billing_subscription s JOIN tenants_tenant t ON t.id = s.tenant_id
WHERE t.owner_email = %s
"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a campaign is asked for."""

    minutes: float
    seed: int
    rate: float  # buyers a minute
    backlog: int  # events each time
    strangers: int  # slow connections each time

    @property
    def longest(self) -> float:
        """The seconds after which it is ended from outside, whatever it does."""
        buyers = self.minutes * self.rate
        after = BURN_OUT_SECONDS + CALM_SECONDS + SETTLE_SECONDS
        return 600 + self.minutes * 60 + after + buyers * 2  # the first: to start on a busy machine


@dataclass
class Campaign:
    """One run of it; `record` fills as it goes on."""

    plan: Plan
    folder: Path
    say: Callable[[str], None]
    record: Record = field(init=False)
    log: Log = field(default_factory=Log)
    stack: Stack | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.record = Record(minutes=self.plan.minutes, seed=self.plan.seed)

    def run(self) -> None:
        """Do all of it; the system has ended when this returns or raises."""
        self.stack = stack = templates.ready_to_sell(self.folder, TRUSTED_PROXIES="1")
        try:
            owners = [self._owner(stack, number) for number in range(OWNERS)]
            with self._looked_after(stack):
                self._burn(stack, owners)
                self._calm(stack)
            self._judge(stack)
        finally:
            stack.close()

    def forget(self) -> None:
        """Remove what the system left: its logs, mails and data."""
        if self.stack is not None:
            self.stack.forget()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _burn(self, stack: Stack, owners: list[tuple[Owner, str]]) -> None:
        faults = schedule.plan(minutes=self.plan.minutes, seed=self.plan.seed)
        self.record.planned = len(faults)
        fire = Fire(
            stack,
            subscription_id=_subscription(stack, owners[0][0].purchase),
            purchases=self.record.purchases,
            backlog=self.plan.backlog,
            strangers=self.plan.strangers,
            happenings=self.record.happenings,
        )
        self.say(f"{len(faults)} faults in {self.plan.minutes:g} minutes, seed {self.plan.seed}.")
        for owner, host in owners:
            self._send(owner.work, host)
        for number in range(READERS):
            self._send(Reader(Shop(stack), self.log, addresses(50_000 + number)).read)
        try:
            fire.light(faults)
            self._let_buyers_come(stack)
            fire.burn_out(within=BURN_OUT_SECONDS)
        finally:
            fire.douse()

    def _let_buyers_come(self, stack: Stack) -> None:
        began = time.monotonic()
        moments = schedule.arrivals(
            minutes=self.plan.minutes, rate=self.plan.rate, seed=self.plan.seed
        )
        for number, moment in enumerate(moments):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            purchase = self._purchase(number)
            self._send(Buyer(Shop(stack), self.log, purchase.address, purchase).buy)
        time.sleep(max(0.0, began + self.plan.minutes * 60 - time.monotonic()))

    def _calm(self, stack: Stack) -> None:
        """Wait for the buyers, send everybody home, and let what is due be done."""
        self.say("The last fault is undone; now all must come to rest.")
        deadline = time.monotonic() + CALM_SECONDS
        while any(each.paid_at is None for each in self.record.purchases):
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
        self.record.ending.unrest = audit.settle(
            stack, self.record.purchases, patience=SETTLE_SECONDS
        )
        self.log.over.set()
        for thread in self._threads:
            thread.join(max(0.0, deadline + SETTLE_SECONDS - time.monotonic()))

    def _judge(self, stack: Stack) -> None:
        self.say("The audit.")
        _mend(stack)
        self.record.answers = list(self.log.answers)
        audit.look(self.record, stack, Log())

    @contextmanager
    def _looked_after(self, stack: Stack) -> Iterator[None]:
        """Have what dies started again, as a platform does."""
        supervisor = Supervisor(stack, say=self.say, changed=lambda: None)
        supervisor.start()
        try:
            yield
        finally:
            self.log.over.set()
            supervisor.finish()

    def _owner(self, stack: Stack, number: int) -> tuple[Owner, str]:
        """Let somebody buy and sign in before anything burns; return them with their host."""
        log, shop = Log(), Shop(stack)
        purchase = self._purchase(40_000 + number, under_fire=False)
        Buyer(shop, log, purchase.address, purchase).buy()
        [(_moment, mail)] = until(lambda: audit.welcome_mails(stack)[purchase.email], within=BEFORE)
        owner = Owner(shop, self.log, purchase.address, purchase)
        host = audit.signups(stack)[purchase.session_id].host
        purchase.signed_in = owner.sign_in(mail, host)
        assert purchase.signed_in, purchase.told
        return owner, host

    def _purchase(self, number: int, *, under_fire: bool = True) -> Purchase:
        label = f"fire-{self.plan.seed}-{number}"
        purchase = Purchase(
            email=f"eleni@{label}.example", subdomain=label, address=addresses(number),
            under_fire=under_fire,
        )  # fmt: skip
        self.record.purchases.append(purchase)
        return purchase

    def _send(self, act: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def _subscription(stack: Stack, purchase: Purchase) -> str:
    """Return the subscription of an owner, which is mirrored a moment after the door is open."""

    def found() -> str | None:
        with psycopg.connect(stack.database_url) as database:
            row = database.execute(SUBSCRIPTION, [purchase.email]).fetchone()
        return None if row is None else str(row[0])

    return until(found, within=BEFORE)


def _mend(stack: Stack) -> None:
    """Start what does not run: the audit is of what was kept, not of who happens to be up."""
    for name in stack.ours:
        running = stack.running.get(name)
        if running is not None and running.exit_code is not None:
            stack.kill_part(name)
        if name not in stack.running:
            stack.start_part(name)
    stack.wait_ready()
