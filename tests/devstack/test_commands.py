"""The commands in bin/, as typed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from devstack import pgbinaries, ports, postgres, run_directory
from devstack.processes import ROOT

TOOLS = ("bash", "cat", "cksum", "dirname", "mkdir", "tr")


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """A machine with the plainest tools and no Python."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found, name
        (tools / name).symlink_to(found)
    return {"PATH": str(tools)}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the commands need, in a path with spaces, with no environment yet."""
    checkout = tmp_path / "new concierge"
    shutil.copytree(ROOT / "bin", checkout / "bin")
    for name in ("requirements-uv.txt", "requirements.txt", "requirements-demo.txt"):
        (checkout / name).touch()
    return checkout


def run(
    command: Path, *arguments: str, environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments], env=environ, capture_output=True, text=True, check=False, cwd="/"
    )


def test_without_a_python_the_newcomer_is_told_what_to_install(
    checkout: Path, bare: dict[str, str]
) -> None:
    done = run(checkout / "bin" / "demo", environ=bare)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_a_python_that_is_too_old_or_only_pretends_is_passed_over(
    checkout: Path, bare: dict[str, str]
) -> None:
    shim = Path(bare["PATH"]) / "python3.12"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.12: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    done = run(checkout / "bin" / "demo", environ=bare)
    assert done.returncode == 1
    assert "pyenv" not in done.stderr
    assert "needs Python 3.11 or newer" in done.stderr


def test_a_failed_installation_shows_the_end_of_its_log_and_is_tried_again(
    checkout: Path, tmp_path: Path
) -> None:
    (checkout / "requirements-demo.txt").write_text("./no-such-package\n")
    environ = {**os.environ, "CONCIERGE_STATE": str(tmp_path / "state")}
    for _ in range(2):
        done = run(checkout / "bin" / "demo", environ=environ)
        assert done.returncode == 1
        assert "no-such-package" in done.stderr
        assert "Installing the packages failed" in done.stderr
        assert (tmp_path / "state" / "install.log").exists()


@pytest.mark.parametrize(
    ("requirement", "because"),
    [
        (
            "six==1.17.0 --hash=sha256:" + "0" * 64,
            "No package index can be reached, or it holds nothing. PIP_INDEX_URL names another one.",
        ),
        ("-r gone.txt", "ERROR: Could not open requirements file"),
    ],
    ids=["no index", "a lock that is broken"],
)
def test_why_an_installation_failed_is_said_as_the_installers_said_it(
    checkout: Path, tmp_path: Path, requirement: str, because: str
) -> None:
    (checkout / "requirements-demo.txt").write_text(f"{requirement}\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    nowhere = {
        "CONCIERGE_STATE": str(tmp_path / "state"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"http://127.0.0.1:{ports.free()}/simple",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }
    done = run(checkout / "bin" / "demo", environ={**environ, **nowhere})
    assert done.returncode == 1
    assert because in done.stderr.split("Installing the packages failed")[1]


def test_a_folder_that_cannot_be_written_is_named(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environ = {**os.environ, "CONCIERGE_STATE": str(tmp_path / "file" / "state")}
    done = run(checkout / "bin" / "demo", environ=environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"The folder {tmp_path}/file/state can't be made. CONCIERGE_STATE names another one.\n"
    )


def test_help_tells_the_ways_to_run_it() -> None:
    done = run(ROOT / "bin" / "demo", "--help", environ=dict(os.environ))
    assert done.returncode == 0
    assert "--once" in done.stdout
    assert "--no-journey" in done.stdout


def test_a_taken_port_is_named_instead_of_a_traceback(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    environ = {**outside, "CONCIERGE_STATE": str(tmp_path), "PORT": "nonsense"}
    done = run(ROOT / "bin" / "demo", "--once", environ=environ)
    assert (done.returncode, done.stdout) == (1, "PORT=nonsense is not a port number.\n")


def test_a_part_that_cannot_start_is_shown_with_its_log_and_stops_all(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    # Nothing listens there: the release step cannot reach its database.
    url = f"postgresql://nobody@127.0.0.1:{ports.free()}/nothing"
    environ = {**outside, "CONCIERGE_STATE": str(tmp_path), "DATABASE_URL": url}
    done = run(ROOT / "bin" / "demo", "--once", environ=environ)
    assert done.returncode == 1
    assert "✓ Mail catcher serves" in done.stdout
    assert "✗ Migrations applied" in done.stdout
    assert "connection failed" in done.stdout
    assert "Hint: Does the database at DATABASE_URL answer" in done.stdout
    assert not (tmp_path / "demo.json").exists()


def test_bin_test_with_arguments_runs_pytest_alone_on_a_database_of_its_own(tmp_path: Path) -> None:
    environ = {**os.environ, "CONCIERGE_STATE": str(tmp_path)}
    environ.pop("DATABASE_URL")
    this = f"{Path(__file__).relative_to(ROOT)}::test_help_tells_the_ways_to_run_it"
    done = run(ROOT / "bin" / "test", this, "-q", environ=environ)
    assert done.returncode == 0, done.stdout
    assert "PostgreSQL serves" in done.stdout
    assert "1 passed" in done.stdout
    assert "Format" not in done.stdout


@pytest.mark.parametrize("lanes", [(), ("-n", "2")], ids=["one by one", "side by side"])
def test_bin_test_ends_its_tests_when_it_is_told_to_end(
    tmp_path: Path, lanes: tuple[str, ...]
) -> None:
    environ = {**os.environ, "CONCIERGE_STATE": str(tmp_path)}
    waiting = tmp_path / "test_waiting.py"
    waiting.write_text(
        "import json, os, time\n"
        "def test_waits():\n"
        f"    open({str(tmp_path / 'pid')!r}, 'w').write(json.dumps(os.getpid()))\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [ROOT / "bin" / "test", *lanes, str(waiting)], env=environ, stdout=subprocess.DEVNULL
    )
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(json.loads((tmp_path / "pid").read_text()), 0)


def test_keys_of_two_modes_are_told_in_one_sentence_with_a_hint_that_fits(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    mixed = {
        "STRIPE_SECRET_KEY": "sk_live_" + "a" * 24,
        "STRIPE_PUBLISHABLE_KEY": "pk_test_" + "a" * 24,
    }
    environ = {**outside, **mixed, "CONCIERGE_STATE": str(tmp_path)}
    done = run(ROOT / "bin" / "demo", "--once", environ=environ)
    assert done.returncode == 1
    assert "STRIPE_PUBLISHABLE_KEY and STRIPE_SECRET_KEY are of different modes" in done.stdout
    assert "Hint: That setting comes from the environment" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "is full"), (errno.EROFS, "is read-only")]
)
def test_a_disk_that_takes_nothing_is_said_in_one_sentence(
    tmp_path: Path, number: int, words: str
) -> None:
    refusal = run_directory.disk_refusal(OSError(number, os.strerror(number)), tmp_path)
    assert refusal == f"{tmp_path} {words}: CONCIERGE_STATE names another folder."
    assert run_directory.disk_refusal(OSError(errno.ENOENT, "gone"), tmp_path) is None
    full = postgres.failure(pgbinaries.NoPostgres(os.strerror(errno.ENOSPC)), tmp_path / "log")
    assert "the disk is full" in str(full) or number != errno.ENOSPC
