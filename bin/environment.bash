# Sourced by the commands beside it: finds a Python, makes .venv once, and keeps it in step with the
# pinned requirements. Needs bash and Python >= 3.11; works as root, as anyone, and from anywhere.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
state=${CONCIERGE_STATE:-$root/var}
case $state in /*) ;; *) state=$PWD/$state ;; esac
venv=$root/.venv

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Each candidate is run, not only found: pyenv's shims exist for Pythons that are not switched on.
find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3.14 python3 python; do
        if "$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            python=$(command -v "$name")
            return
        fi
    done
    fail "New Concierge needs Python 3.11 or newer, and none was found on PATH." \
        "On Debian or Ubuntu:  apt-get install python3 python3-venv"
}

venv_works() {
    "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

has_pip() {
    "$@" -m pip --version >/dev/null 2>&1
}

# Debian splits ensurepip off into python3-venv; without it, the system's own pip can still fill .venv.
make_venv() {
    if "$python" -c 'import ensurepip' >/dev/null 2>&1; then
        "$python" -m venv --clear "$venv"
    elif has_pip "$python"; then
        "$python" -m venv --clear --without-pip "$venv"
    else
        echo "This Python can make no environment: it has neither ensurepip nor pip." >&2
        echo "On Debian or Ubuntu:  apt-get install python3-venv" >&2
        return 1
    fi
}

install_all() {
    local arguments=() file
    for file in "$@"; do arguments+=(-r "$root/$file"); done
    venv_works || make_venv || return 1
    local pip=("$venv/bin/python" -m pip)
    has_pip "$venv/bin/python" || pip=("$python" -m pip --python "$venv/bin/python")
    "${pip[@]}" install --disable-pip-version-check --no-input --progress-bar off \
        --require-hashes "${arguments[@]}"
}

# What is installed is known by the checksum of what asked for it.
fingerprint() {
    local file
    for file in "$@"; do cksum <"$root/$file"; done | tr '\n ' '-.'
}

# Shows that something is going on until the process ends, then answers with its status.
wait_for() {
    local pid=$1 log=$2 status=0 marks='|/-\' turn=0
    while [[ -t 1 ]] && kill -0 "$pid" 2>/dev/null; do
        printf '\r%s Installing packages … %s (%ss) ' "${marks:turn++%4:1}" \
            "$(grep -c '^Collecting ' "$log" || true)" "$SECONDS"
        sleep 0.2
    done
    [[ -t 1 ]] && printf '\r\033[K'
    wait "$pid" || status=$?
    return "$status"
}

# environment FILE...: afterwards "$venv/bin/python" has exactly these requirement files installed.
environment() {
    local wanted stamp log pid count status=0
    wanted=$(fingerprint "$@")
    stamp=$venv/.installed-$#
    [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && venv_works && return
    find_python
    mkdir -p "$state"
    log=$state/pip.log
    # The lock is this very file, so that nothing stale can be left behind; it ends with its holder.
    exec 9<"${BASH_SOURCE[0]}"
    "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    if ! { [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && venv_works; }; then
        [[ -t 1 ]] || echo "Installing packages into .venv (only the first time) …"
        SECONDS=0
        install_all "$@" >"$log" 2>&1 &
        pid=$!
        trap 'kill_tree "$pid"; exit 130' INT TERM HUP
        wait_for "$pid" "$log" || status=$?
        trap - INT TERM HUP
        if ((status)); then
            tail -n 25 "$log" >&2
            fail "" "Installing the packages failed (above: the end of $log)." \
                "Is a package index reachable? 'pip download Django' tells; then start again."
        fi
        # What asks for the first of these files only has all that it needs, too.
        for ((count = 1; count <= $#; count++)); do
            fingerprint "${@:1:count}" >"$venv/.installed-$count"
        done
        printf '✓ %-44s %6s s\n' "Packages installed" "$SECONDS"
    fi
    exec 9<&-
}

# The subshell that installs and the pip that it runs: both must go when we are told to.
kill_tree() {
    local child
    for child in $(children_of "$1"); do kill "$child" 2>/dev/null || true; done
    kill "$1" 2>/dev/null || true
}

children_of() {
    cat "/proc/$1/task/$1/children" 2>/dev/null || pgrep -P "$1" 2>/dev/null || true
}
