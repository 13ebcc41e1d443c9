# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced by run and test: brings a bare Debian 12 or Ubuntu 24.04 to a built program. Every step is skipped when done.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
PRESET=${MPO_PRESET:-release}
BIN=$ROOT/build/$PRESET/bin

# A second clone elsewhere finds what the first one compiled.
export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=true

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

install_packages() {
    local packages=(g++ cmake ninja-build ccache pkg-config python3-venv qt6-base-dev qt6-svg-dev libgl1-mesa-dev
        libqcustomplot-dev nlohmann-json3-dev libpcre2-dev libutf8proc-dev libsqlitecpp-dev libsqlite3-dev libcli11-dev libspdlog-dev libfmt-dev
        libyaml-cpp-dev zlib1g-dev libzstd-dev libssl-dev libcurl4-openssl-dev ca-certificates fonts-dejavu-core "${EXTRA_PACKAGES[@]}") missing=() package
    local optional=(qtkeychain-qt6-dev) # not every system has them; the program is built without what is not there
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "[1/4] Installing ${#missing[@]} system packages (a few hundred MB; some minutes) ..."
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "These packages are missing and neither root nor sudo is at hand: ${missing[*]}" >&2; exit 1; }
        sudo=(sudo)
    fi
    "${sudo[@]}" apt-get update -q
    for package in "${optional[@]}"; do
        apt-cache show "$package" >/dev/null 2>&1 && missing+=("$package")
    done
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

install_torch() {
    if [ -n "${TORCH_DIR:-}" ]; then
        [ -f "$TORCH_DIR/include/ATen/ATen.h" ] || { echo "TORCH_DIR=$TORCH_DIR holds no include/ATen/ATen.h; give the folder of LibTorch or site-packages/torch" >&2; exit 1; }
        return
    fi
    compgen -G "$ROOT/.venv/lib/python3*/site-packages/torch/include/ATen/ATen.h" >/dev/null && return
    say "[2/4] Installing LibTorch 2.13.0 into .venv (200 MB for the CPU, more with CUDA; some minutes) ..."
    local python=/usr/bin/python3
    [ -x $python ] || python=python3
    rm -rf "$ROOT/.venv"
    "$python" -m venv "$ROOT/.venv"
    "$ROOT/.venv/bin/pip" install --disable-pip-version-check torch==2.13.0
}

# Parquet and Arrow files are read with the C++ libraries in the wheel of pyarrow; without them the program builds too.
install_arrow() {
    [ -n "${ARROW_DIR:-}" ] && return
    compgen -G "$ROOT/.venv/lib/python3*/site-packages/pyarrow/include/arrow/api.h" >/dev/null && return
    say "[2/4] Installing Arrow 26.0.1 into .venv (50 MB) ..."
    local python=/usr/bin/python3
    [ -x $python ] || python=python3
    [ -x "$ROOT/.venv/bin/pip" ] || "$python" -m venv "$ROOT/.venv"
    "$ROOT/.venv/bin/pip" install --disable-pip-version-check --no-deps pyarrow==26.0.1 ||
        echo "Arrow could not be installed; the program is built without Parquet and Arrow files." >&2
}

build() { # build PRESET [targets]
    local preset=$1 jobs=${MPO_JOBS:-2} log=$ROOT/build/$1/configure.log
    shift
    export TORCH_DIR=${TORCH_DIR:-} MPO_WERROR=${MPO_WERROR:-OFF}
    mkdir -p "$(dirname "$log")"
    if [ ! -f "$ROOT/build/$preset/build.ninja" ]; then
        say "[3/4] Configuring ($preset) ..."
        cmake --preset "$preset" >"$log" 2>&1 || { tail -n 40 "$log" >&2; echo "Configuring failed; the whole output is in $log" >&2; exit 1; }
    fi
    say "[4/4] Building ($preset; the first time takes some minutes) ..."
    cmake --build "$ROOT/build/$preset" --parallel "$jobs" "${@/#/--target=}" >&2
}

install_packages
install_torch
install_arrow
