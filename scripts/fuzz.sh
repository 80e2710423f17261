#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Fuzzes parsers with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, guided by coverage:
#   scripts/fuzz.sh all|TARGET... [--runs N] [--minutes M]
# One target after another, each until N inputs (10^6) or M minutes (45), whichever comes first. Needs Debian's clang-14
# and libclang-rt-14-dev. What it finds lies in build/fuzz/found/TARGET; the last figures are printed.
set -euo pipefail
cd "$(dirname "$0")/.."
all=(npz chip mapping assembly program mlir onnx)
runs=1000000 minutes=45 targets=()
while (($#)); do
  case $1 in
    --runs) runs=$2; shift 2 ;;
    --minutes) minutes=$2; shift 2 ;;
    all) targets=("${all[@]}"); shift ;;
    *) targets+=("$1"); shift ;;
  esac
done
((${#targets[@]})) || { sed -n '3,7s/^# //p' "$0"; exit 2; }

[[ -f build/fuzz/build.ninja ]] || cmake --preset fuzz >/dev/null
ninja -C build/fuzz "${targets[@]/#/fuzz-}" arsis-fuzz-programs
# Memory of MLIR's arenas is poisoned by our half of the code and used by Debian's, which knows nothing of it.
export ASAN_OPTIONS=allow_user_poisoning=0:detect_leaks=0:detect_odr_violation=0
export UBSAN_OPTIONS=print_stacktrace=1

status=0
for target in "${targets[@]}"; do
  kept=tests/fuzz/corpus/$target grown=build/fuzz/corpus/$target found=build/fuzz/found/$target
  seeds=()
  for folder in "$kept" $([[ $target == program ]] && echo build/fuzz/tests/fuzz/program); do
    [[ -d $folder ]] && seeds+=("$folder")
  done
  mkdir -p "$grown" "$found"
  # -fork would hide the figures; a crash ends the target, and is there to be mended first.
  build/fuzz/bin/fuzz-"$target" -runs="$runs" -max_total_time=$((minutes * 60)) -timeout=60 -rss_limit_mb=4096 \
    -malloc_limit_mb=2048 -max_len=16384 -print_final_stats=1 -dict="tests/fuzz/corpus/$target.dict" \
    -artifact_prefix="$found/" "$grown" "${seeds[@]}" 2>"$found/log" || status=1
  grep -aE "cov:|stat::|SUMMARY|ERROR: " "$found/log" | tail -8 | sed "s/^/$target: /"
done
exit $status
