"""What a person sees: a line for each step, something that moves meanwhile, a box at the end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from devstack.processes import PartFailed

TITLE_WIDTH = 44


class Screen:
    """Writes to the terminal, or plain lines where there is none. Safe to use from any thread."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        self._console = Console(highlight=False)
        self._mover = threading.Lock()

    def heading(self, text: str) -> None:
        """Name what follows."""
        self._print(Text(f"\n{text}", style="bold"))

    def note(self, text: str) -> None:
        """Say something in passing."""
        self._print(Text(f"• {text}", style="yellow"))

    def plain(self, text: str) -> None:
        """Show text as it is."""
        self._print(Text(text))

    def step(self, title: str, act: Callable[[], object]) -> None:
        """Show a step as going on while `act` runs, then as done with its time, or as failed."""
        self.timed(title, lambda: _stopwatch(act))

    def timed(self, title: str, act: Callable[[], float]) -> float:
        """The same for a step that knows its own time; returns that, in seconds."""
        started = time.monotonic()
        try:
            with self._moving(title):
                seconds = act()
        except Exception:
            self._line("✗", "bold red", title, time.monotonic() - started)
            raise
        self._line("✓", "green", title, seconds)
        return seconds

    def failure(self, failed: PartFailed) -> None:
        """Show what went wrong: the reason, the end of the log, and what may help."""
        self._print(Text(f"\n{failed}", style="bold red"))
        if failed.log_tail:
            self._print(Text(f"The end of {failed.log}:", style="bold"))
            self._print(Text("  " + failed.log_tail.replace("\n", "\n  "), style="dim"))
        self._print(Text(f"Hint: {failed.hint}"))

    def box(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values to click on or to copy."""
        if not self._console.is_terminal:
            self.heading(title)
            for name, value in rows:
                self.plain(f"  {name:<18} {value}")
            return
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        for name, value in rows:
            table.add_row(name, Text(value, style=f"link {value}" if "://" in value else ""))
        self._console.print(Panel(table, title=title, border_style="green", expand=False))

    @contextmanager
    def _moving(self, title: str) -> Iterator[None]:
        """Have something move meanwhile; of two steps at once, for the one that came first."""
        if not (self._console.is_terminal and self._mover.acquire(blocking=False)):
            yield
            return
        progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
            console=self._console, transient=True,
        )  # fmt: skip
        try:
            with progress:
                progress.add_task(title, total=None)
                yield
        finally:
            self._mover.release()

    def _line(self, mark: str, style: str, title: str, seconds: float) -> None:
        text = Text.assemble((mark, style), f" {title:<{TITLE_WIDTH}} ", (duration(seconds), "dim"))
        self._print(text)

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def _stopwatch(act: Callable[[], object]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


def duration(seconds: float) -> str:
    """Say a time as a person reads it."""
    return f"{seconds * 1000:5.0f} ms" if seconds < 1 else f"{seconds:6.1f} s"
