#!/bin/sh
# Installs the server into a folder of its own. The Dockerfile runs this same script.
set -eu

usage() {
    cat <<'USAGE'
usage: install.sh FOLDER [--python PROGRAM] [--torch-index URL] [--wheel FILE]

Makes a virtual environment in FOLDER, which must be empty or not exist yet, installs task2vec with
its server into it, and checks that it runs.

  --python PROGRAM   the Python to build on, 3.11 or later (default: python3)
  --torch-index URL  take torch and torchvision from this package index, such as
                     https://download.pytorch.org/whl/cpu; default: pip's own choice
  --wheel FILE       install this wheel; default: one built from the source around this script
USAGE
}

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 2
}

source_tree=$(cd "$(dirname "$0")/.." && pwd)
folder='' python=python3 torch_index='' wheel=''
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --python | --torch-index | --wheel)
            [ $# -ge 2 ] || fail "$1 needs a value"
            case $1 in
                --python) python=$2 ;;
                --torch-index) torch_index=$2 ;;
                --wheel) wheel=$2 ;;
            esac
            shift 2 ;;
        -*) fail "there is no option $1; see --help" ;;
        *)
            [ -z "$folder" ] || fail "one FOLDER, got '$folder' and '$1'"
            folder=$1
            shift ;;
    esac
done

[ -n "$folder" ] || fail 'which FOLDER? See --help'
[ ! -e "$folder" ] || [ -d "$folder" ] || fail "'$folder' is not a folder"
# What lies in the folder may be somebody's store: nothing is overwritten.
[ -z "$(ls -A "$folder" 2>/dev/null)" ] || fail "'$folder' is not empty; name an empty folder"
[ -z "$wheel" ] || [ -f "$wheel" ] || fail "there is no wheel '$wheel'"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "'$python' must be Python 3.11 or later; name one with --python"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$python" -m venv "$folder"
pip() {
    "$folder/bin/python" -m pip --disable-pip-version-check "$@"
}
if [ -z "$wheel" ]; then
    pip wheel --quiet --no-deps --wheel-dir "$scratch" "$source_tree"
    wheel=$(find "$scratch" -name 'task2vec-*.whl')
fi
if [ -n "$torch_index" ]; then
    # In a step of its own and from this index alone: beside another index, pip would take whichever
    # build has the higher version.
    pip install --quiet --index-url "$torch_index" torch torchvision
fi
pip install --quiet "$wheel[server]"

"$folder/bin/task2vec" --help >"$scratch/help"
"$folder/bin/task2vec" doctor --store "$scratch/no-store"
printf 'Installed. Start the server with: %s/bin/task2vec serve\n' "$folder"
