# Sourced by the commands beside it: finds a Python, makes .venv once, and keeps it in step with the
# pinned requirements. Needs bash and Python >= 3.11; works as root, as anyone, and from anywhere.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
state=${CONCIERGE_STATE:-$root/var}
case $state in /*) ;; *) state=$PWD/$state ;; esac
venv=$root/.venv
# Compiled once and kept beside the run's other files. Containers often forbid that, and then each of a
# run's hundreds of processes compiles Django anew: four times as long to start.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=${PYTHONPYCACHEPREFIX:-$state/pycache}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Each candidate is run, not only found: pyenv's shims exist for Pythons that are not switched on.
# CI tries 3.11 to 3.14. A newer one is taken where there is no other, and said.
find_python() {
    local name
    for name in python3.13 python3.12 python3.14 python3.11 python3 python; do
        if "$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            python=$(command -v "$name")
            "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 15))' ||
                echo "$("$python" --version) is newer than any that was tried: 3.11 to 3.14 are." >&2
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

# uv installs, for it is many times faster; where it has no wheel, or meets an index or a proxy that only
# pip is set up for, pip does. Both take the same files and refuse what the hashes do not name.
install_all() {
    local arguments=() file
    for file in "$@"; do arguments+=(-r "$root/$file"); done
    venv_works || make_venv || return 1
    local pip=("$venv/bin/python" -m pip)
    has_pip "$venv/bin/python" || pip=("$python" -m pip --python "$venv/bin/python")
    local options=(--disable-pip-version-check --no-input --progress-bar off --require-hashes)
    if "${pip[@]}" install "${options[@]}" --only-binary :all: -r "$root/requirements-uv.txt"; then
        use_pips_index "${pip[@]}"
        "$venv/bin/python" -m uv pip install --python "$venv/bin/python" --no-progress \
            --require-hashes "${arguments[@]}" && return
    fi
    echo "uv could not install them: pip tries."
    "${pip[@]}" install "${options[@]}" "${arguments[@]}"
}

# uv does not read pip's configuration: whoever has set an index for pip means every installer.
use_pips_index() {
    local settings
    settings=$("$@" config list 2>/dev/null) || return 0
    export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$(pip_setting index-url "$settings")}
    export UV_INDEX=${UV_INDEX:-$(pip_setting extra-index-url "$settings")}
    export UV_INSECURE_HOST=${UV_INSECURE_HOST:-$(pip_setting trusted-host "$settings")}
    export SSL_CERT_FILE=${SSL_CERT_FILE:-$(pip_setting cert "$settings")}
    # What is taken is decided by the hashes: any index of the list may serve it.
    export UV_INDEX_STRATEGY=${UV_INDEX_STRATEGY:-unsafe-best-match}
    local name
    for name in UV_DEFAULT_INDEX UV_INDEX UV_INSECURE_HOST SSL_CERT_FILE; do
        [[ -n ${!name} ]] || unset "$name"
    done
}

# pip prints its settings as `global.index-url='https://…'`, the environment's last: the last one counts.
pip_setting() {
    sed -n "s/^[^=]*\\.$1='\\(.*\\)'\$/\\1/p" <<<"$2" | tail -n 1
}

# Says in one sentence what went wrong, from what the installers wrote.
why_it_failed() {
    local log=$1
    if grep -qiE 'no space left on device|disk quota exceeded' "$log"; then
        echo "The disk is full: $venv and the installer's cache need about 1.5 GB."
    elif grep -qiE 'read-only file system|permission denied' "$log"; then
        echo "$venv can't be written."
    elif grep -qiE 'THESE PACKAGES DO NOT MATCH THE HASHES|hash mismatch' "$log"; then
        echo "The index served another file than the one that was locked: the hashes differ."
    elif grep -qiE 'dns error|failed to resolve|name resolution|name or service not known|connection refused|error sending request|network is unreachable|timed out|from versions: none' "$log"; then
        echo "No package index can be reached, or it holds nothing. PIP_INDEX_URL names another one."
    else
        grep -E '^ *(ERROR|error|×)' "$log" | tail -n 3
    fi
}

# What is installed is known by the checksum of what asked for it.
fingerprint() {
    local file
    for file in "$@"; do cksum <"$root/$file"; done | tr '\n ' '-.'
}

# Shows that something is going on until the process ends, then answers with its status.
wait_for() {
    local pid=$1 status=0 marks='|/-\' turn=0
    while [[ -t 1 ]] && kill -0 "$pid" 2>/dev/null; do
        printf '\r%s Installing packages … (%ss) ' "${marks:turn++%4:1}" "$SECONDS"
        sleep 0.2
    done
    [[ -t 1 ]] && printf '\r\033[K'
    wait "$pid" || status=$?
    return "$status"
}

# environment FILE...: afterwards "$venv/bin/python" has exactly these requirement files installed.
environment() {
    local wanted stamp log pid count status=0
    set -- requirements-uv.txt "$@"
    wanted=$(fingerprint "$@")
    stamp=$venv/.installed-$#
    [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && venv_works && return
    find_python
    mkdir -p "$state" 2>/dev/null || fail "The folder $state can't be made. CONCIERGE_STATE names another one."
    log=$state/install.log
    { : >"$log"; } 2>/dev/null || fail "$log can't be written. CONCIERGE_STATE names another folder."
    # The lock is this very file, so that nothing stale can be left behind; it ends with its holder.
    exec 9<"${BASH_SOURCE[0]}"
    "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    if ! { [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && venv_works; }; then
        [[ -t 1 ]] || echo "Installing packages into .venv (only the first time) …"
        SECONDS=0
        install_all "${@:2}" >"$log" 2>&1 &
        pid=$!
        trap 'kill_tree "$pid"; exit 130' INT TERM HUP
        wait_for "$pid" || status=$?
        trap - INT TERM HUP
        if ((status)); then
            tail -n 25 "$log" >&2
            fail "" "Installing the packages failed (above: the end of $log)." "$(why_it_failed "$log")"
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
