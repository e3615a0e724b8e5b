"""The faults themselves: each is begun, noted, and undone, whatever else happens."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil
import requests

from devstack.processes import Running
from devstack.stack import Stack
from tests.campaigns import strangers
from tests.campaigns.records import Happening, Purchase
from tests.campaigns.schedule import Fault, Kind
from tests.customer import Shop

# More than a part takes to end when it is told to (25 s for those who wait for their work).
END_SECONDS = 40.0
RETURN_SECONDS = 240.0  # a busy machine takes two minutes to start the web
COPIES = {"copies": 3, "shuffle": True, "delay_ms": 200}
RESENT = 5  # the payments whose events are sent once more
LOOK_SECONDS = 0.05


class NotUndone(Exception):
    """A part did not come back in time."""


@dataclass
class Fire:
    """Faults by the clock, each lane in a thread of its own; `douse()` ends all of them."""

    stack: Stack
    subscription_id: str  # that the backlog of events is about
    purchases: list[Purchase]
    backlog: int
    strangers: int
    happenings: list[Happening] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def light(self, faults: list[Fault]) -> None:
        """Begin; returns at once."""
        began = time.monotonic()
        for lane in sorted({fault.lane for fault in faults}):
            mine = [fault for fault in faults if fault.lane == lane]
            thread = threading.Thread(target=self._burn, args=(mine, began), daemon=True, name=lane)
            self._threads.append(thread)
            thread.start()

    def burn_out(self, *, within: float) -> None:
        """Wait until the last fault is undone, for so many seconds at most."""
        deadline = time.monotonic() + within
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def douse(self) -> None:
        """Undo at once what is under way, and begin nothing any more."""
        self._over.set()
        self.burn_out(within=END_SECONDS)

    def _burn(self, faults: list[Fault], began: float) -> None:
        for fault in faults:
            if self._over.wait(max(0.0, began + fault.at - time.monotonic())):
                return
            happening = Happening(
                kind=fault.kind, lane=fault.lane, planned=fault.at, began=time.time()
            )
            self.happenings.append(happening)
            try:
                happening.note = ACTS[fault.kind](self, fault) or ""
            except (NotUndone, OSError, psutil.Error) as error:  # requests' errors are OSErrors
                happening.went_wrong = f"{type(error).__name__}: {error}"
            happening.ended = time.time()

    # --- Ends of parts --------------------------------------------------------------------------

    def _killed(self, fault: Fault) -> None:
        victim = self._victim(fault.lane)
        os.killpg(victim.pid, signal.SIGKILL)
        self._returned(fault.lane, victim)

    def _told_to_end(self, fault: Fault) -> str:
        victim = self._victim(fault.lane)
        began = time.monotonic()
        victim.signal(signal.SIGTERM)
        if not self._within(END_SECONDS, lambda: victim.exit_code is not None):
            os.killpg(victim.pid, signal.SIGKILL)
        took = time.monotonic() - began
        self._returned(fault.lane, victim)
        return f"took {took:.1f} s to end"

    def _database_told_to_end(self, fault: Fault) -> None:
        """A server that is told to end waits for its clients, and lets nobody else in."""
        victim = self._victim(fault.lane)
        victim.signal(signal.SIGTERM)
        self._within(fault.seconds, lambda: victim.exit_code is not None)
        victim.signal(signal.SIGINT)  # now it ends their sessions
        if not self._within(END_SECONDS, lambda: victim.exit_code is not None):
            os.killpg(victim.pid, signal.SIGKILL)
        self._returned(fault.lane, victim)

    def _victim(self, name: str) -> Running:
        """Return the part that runs; wait for it if it is just being started again."""
        self._within(RETURN_SECONDS, lambda: self._runs(name) is not None)
        found = self._runs(name)
        if found is None:
            raise NotUndone(f"{name} did not run when it was its turn")
        return found

    def _runs(self, name: str) -> Running | None:
        running = self.stack.running.get(name)
        return running if running is not None and running.exit_code is None else None

    def _returned(self, name: str, victim: Running) -> None:
        """Wait until whoever looks after the parts has started it again, and is done with that."""

        def again() -> bool:
            return (self._runs(name) or victim) is not victim

        if not self._within(RETURN_SECONDS, again) and not self._over.is_set():
            raise NotUndone(f"{name} was not started again within {RETURN_SECONDS:.0f} s")
        if self.stack.guard.acquire(timeout=RETURN_SECONDS):
            self.stack.guard.release()

    def _within(self, seconds: float, held: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + seconds
        while not held():
            if time.monotonic() > deadline or self._over.wait(LOOK_SECONDS):
                return held()
        return True

    # --- Parts that hang ------------------------------------------------------------------------

    def _hung(self, fault: Fault) -> None:
        """The kernel takes connections; nobody says a word on them."""
        with self._stopped([self._victim(fault.lane).pid]):
            self._over.wait(fault.seconds)

    def _database_stopped(self, fault: Fault) -> str:
        server = self._victim(fault.lane).pid
        with self._stopped([server]):  # first, or it would go on to make sessions
            sessions = [each.pid for each in psutil.Process(server).children(recursive=True)]
            with self._stopped(sessions):
                self._over.wait(fault.seconds)
        return f"{len(sessions)} processes"

    @contextmanager
    def _stopped(self, pids: list[int]) -> Iterator[None]:
        """Stop processes for a while. If we are killed meanwhile, the watchdog lets them go on."""
        ours = {running.pid for running in self.stack.running.values()}
        try:
            for pid in pids:
                if pid not in ours:
                    self.stack.watchdog.watch(pid, signal.SIGCONT)
                _signal(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                _signal(pid, signal.SIGCONT)
                if pid not in ours:
                    self.stack.watchdog.forget(pid)

    # --- What comes from outside ----------------------------------------------------------------

    def _events_resent(self, fault: Fault) -> str:
        """Stripe delivers each event three times, in any order, and the newest once more later."""
        shop = Shop(self.stack)
        shop.control("delivery", COPIES).raise_for_status()
        try:
            self._over.wait(fault.seconds)
        finally:
            shop.control("delivery", {}).raise_for_status()
        paid = [each.session_id for each in self.purchases if each.paid_at is not None]
        resent = {event for session in paid[-RESENT:] for event in self._events_of(session)}
        for event in resent:
            shop.control(f"events/{event}/resend", {}).raise_for_status()
        return f"{len(resent)} once more"

    def _events_of(self, session_id: str) -> set[str]:
        url = f"{self.stack.mock_url}/_control/deliveries"
        listed = requests.get(url, params={"object_id": session_id}, timeout=30)
        listed.raise_for_status()
        return {str(each["event_id"]) for each in listed.json()}

    def _backlog(self, fault: Fault) -> str:
        shop = Shop(self.stack)
        about = {"type": "customer.subscription.updated", "object_id": self.subscription_id}
        for number in range(self.backlog):
            if self._over.is_set():
                return f"{number} events"
            shop.control("events", about).raise_for_status()
        return f"{self.backlog} events"

    def _strangers(self, fault: Fault) -> str:
        cut = strangers.come(
            self.stack.web_port, count=self.strangers, seconds=fault.seconds, over=self._over
        )
        return f"{self.strangers} connections, cut {cut} times"


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # a session may end between two looks
        os.kill(pid, number)


ACTS: dict[Kind, Callable[[Fire, Fault], str | None]] = {
    Kind.WORKER_KILLED: Fire._killed,
    Kind.WORKER_TOLD_TO_END: Fire._told_to_end,
    Kind.WEB_KILLED: Fire._killed,
    Kind.WEB_TOLD_TO_END: Fire._told_to_end,
    Kind.DATABASE_KILLED: Fire._killed,
    Kind.DATABASE_TOLD_TO_END: Fire._database_told_to_end,
    Kind.DATABASE_STOPPED: Fire._database_stopped,
    Kind.MAIL_HUNG: Fire._hung,
    Kind.EVENTS_RESENT: Fire._events_resent,
    Kind.BACKLOG: Fire._backlog,
    Kind.STRANGERS: Fire._strangers,
}
