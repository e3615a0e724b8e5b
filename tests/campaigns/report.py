"""A campaign's report, for programs and for people."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from devstack.run_directory import write_private
from tests.campaigns import judge
from tests.campaigns.records import Record

JSON, TEXT = "report.json", "report.txt"
SHOWN = 5  # cases of a broken invariant in the text; JSON has all
NAMES = {"ready": "paid to ready", "mailed": "paid to mailed", "answered": "an honest answer"}


def of(record: Record) -> dict[str, Any]:
    """Return the whole report in a form for JSON."""
    found = judge.figures(record)
    first = min((each.began for each in record.happenings), default=0.0)
    return {
        "seed": record.seed,
        "minutes": record.minutes,
        "machine": {"processors": os.cpu_count(), "python": platform.python_version()},
        "invariants": [asdict(each) for each in judge.invariants(record)],
        "seconds": found,
        "goals": [{**asdict(each), "met": each.met} for each in judge.goals(found)],
        "counts": judge.counts(record),
        "faults": [
            {
                **asdict(each),
                "began": round(each.began - first, 2),
                "ended": None if each.ended is None else round(each.ended - first, 2),
            }
            for each in record.happenings
        ],
        "purchases": [asdict(each) for each in record.purchases],
    }


def held(report: dict[str, Any]) -> bool:
    """Whether every invariant held."""
    return not any(each["broken"] for each in report["invariants"])


def goals_met(report: dict[str, Any]) -> bool:
    """Whether every goal of seconds was reached."""
    return all(each["met"] for each in report["goals"])


def as_text(report: dict[str, Any]) -> str:
    """Return what a person reads."""
    lines = [f"Campaign of {report['minutes']:g} minutes, seed {report['seed']}", "", "Faults"]
    for fault in report["faults"]:
        end = "never" if fault["ended"] is None else f"{fault['ended']:6.1f}"
        told = fault["went_wrong"] or fault["note"]
        lines.append(f"  {fault['began']:6.1f} to {end} s  {fault['kind']:<22} {told}".rstrip())
    lines += ["", "Invariants"]
    for each in report["invariants"]:
        lines.append(f"  {'✗' if each['broken'] else '✓'} {each['name']}")
        lines += [f"      {case}" for case in each["broken"][:SHOWN]]
        if more := len(each["broken"]) - SHOWN:
            lines += [f"      and {more} more"] if more > 0 else []
    lines += ["", "Seconds, without those in which PostgreSQL was down"]
    for name, found in report["seconds"].items():
        told = "  ".join(f"{share} {value:g}" for share, value in found.items()) or "none"
        lines.append(f"  {NAMES[name]:<18} {told}")
    for goal in report["goals"]:
        reached = "nothing measured" if goal["reached"] is None else f"{goal['reached']:g} s"
        mark = "met" if goal["met"] else "missed"
        lines.append(f"  {mark}: {goal['name']} at most {goal['most']:g} s ({reached})")
    lines += ["", "Counted", *_counted(report["counts"])]
    return "\n".join(lines) + "\n"


def write(report: dict[str, Any], text: str, folder: Path) -> None:
    """Put both forms into a folder, over those of the last campaign."""
    write_private(folder / JSON, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    write_private(folder / TEXT, text)


def _counted(counts: dict[str, Any]) -> list[str]:
    lines = []
    for name, value in counts.items():
        if isinstance(value, dict):
            lines.append(f"  {name}:")
            lines += [f"    {number:6}  {what}" for what, number in value.items()]
        else:
            lines.append(f"  {name}: {value}")
    return lines
