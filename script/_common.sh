# What the scripts of this folder share. Sourced, never run: puts the caller at the top of the project.
set -euo pipefail
unset CDPATH
unset PYTHONDONTWRITEBYTECODE # compiling everything anew takes each process of tests and checks five seconds
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$(basename "$0"): $*"
    exit 1
}

# install_packages PURPOSE PACKAGE...: Debian packages; where they can't be installed, names them and stops.
install_packages() {
    local purpose=$1 sudo=()
    shift
    local by_hand="apt-get install $*"
    if ! command -v apt-get >/dev/null; then
        die "missing: $purpose. This system has no apt-get: install what Debian calls $*. Then run this again."
    fi
    if [[ $EUID -ne 0 ]]; then
        # Without a terminal nobody can type sudo's password.
        if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
            sudo=(sudo)
        else
            die "missing: $purpose. Ask an administrator of this machine to run '$by_hand'. Then run this again."
        fi
    fi
    say "Installing by apt-get, which may take minutes ($purpose): $*"
    local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@"; } >/dev/null </dev/null ||
        die "$purpose could not be installed (see above). Run this by hand and then try again: $by_hand"
}

# run_where_called COMMAND ARGUMENT...: manage.py's command, where names of files mean what they mean to the caller.
run_where_called() {
    local project=$PWD
    [[ -x .venv/bin/python ]] || die "the program is not set up here. Run script/bootstrap first."
    cd "$OLDPWD"
    umask 077
    exec "$project/.venv/bin/python" "$project/manage.py" "$@"
}
