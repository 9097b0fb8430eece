#!/usr/bin/env bash
# Tests and measures the CUDA kernels on a machine that has an NVIDIA GPU but no .NET.
#
#   gpu-check.sh pack [OUT.tar.xz]       where .NET is: tests and benchmarks with .NET in them; less than 60 MB
#   gpu-check.sh run [FOLDER] [options]  where the GPU is: FOLDER is unpacked or holds the archive; a report and raw numbers come out
#
#     --out FOLDER      where the report goes (gpu-check-report)
#     --device I        number of the GPU (0)
#     --rounds R        rounds of every measurement (50; 1 on the software device)
#     --only LIST       of tests,torch,kernels,sanitizer, with commas
#     --seconds S       most time of each step (600)
#     --compile MODE    of torch.compile: default, reduce-overhead, max-autotune, none
#
# The run uses, where they are there, nvidia-smi, NVRTC, compute-sanitizer, and python3 (or $PYTHON) with PyTorch; what is missing is named in
# the report and left out. With INFERENCEGUARD_CUDA_DIR it tries itself on the software device in that folder.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
most_bytes=60000000

fail() {
  printf 'gpu-check: %s\n' "$*" >&2
  exit 1
}

# ---- pack ------------------------------------------------------------------------------------------------------------------------------

publish() { # PROJECT FOLDER [PROPERTY …]
  dotnet publish "$root/$1" -c Release -r linux-x64 --self-contained -m:1 -v quiet -nologo \
    --artifacts-path "$build/dotnet" -o "$stage/$2" -p:DebugType=none "${@:3}"
}

pack() {
  root=$(cd "$here/.." && pwd)
  build=$root/artifacts/gpu-check-build stage=$root/artifacts/gpu-check-build/gpu-check
  local out=${1:-$root/artifacts/gpu-check/gpu-check.tar.xz} bytes file
  command -v dotnet >/dev/null || fail 'packing needs the .NET SDK'
  mkdir -p "$(dirname "$out")"
  out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
  rm -rf "$stage"
  publish tests/InferenceGuard.Tests tests -p:CarryTests=true
  publish benchmarks benchmarks -p:LlamaBackend=none
  # What neither a test of kernels nor a measurement of them loads: plots, ONNX Runtime, code coverage, debuggers.
  (
    cd "$stage"
    rm -rf benchmarks/{models,amd64,arm64,x86} tests/{Microsoft.CodeCoverage,InstrumentationEngine,x64,x86,arm64,amd64}
    rm -f {tests,benchmarks}/{libSkiaSharp.so,libHarfBuzzSharp.so,*onnxruntime.*,libonnxruntime*,libcapstone.so,libmscordaccore.so,libmscordbi.so,createdump,libcoreclrtraceptprovider.so,*.xml}
    # Both programs bring .NET: what is equal is stored once.
    while IFS= read -r file; do
      if cmp -s "tests/$file" "benchmarks/$file"; then ln -f "tests/$file" "benchmarks/$file"; fi
    done < <(cd benchmarks && find . -type f)
  )
  # Tests look for the repository upwards from where they lie, and for what they need of it there.
  : >"$stage/tests/InferenceGuard.sln"
  cp -r "$root/kernels" "$stage/tests/kernels"
  cp "$here/gpu-check.sh" "$here/gpu_check_torch.py" "$stage/"
  printf '%s of %s\n' "$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)" "$(date -u +%Y-%m-%d)" >"$stage/version.txt"
  XZ_OPT=-9 tar -C "$build" --owner=0 --group=0 -cJf "$out" gpu-check
  bytes=$(stat -c %s "$out")
  printf '%s: %d MB packed, %d MB unpacked\n' "$out" $((bytes / 1000000)) "$(du -sm --apparent-size "$stage" | cut -f1)"
  ((bytes < most_bytes)) || fail "the archive has $bytes bytes; it must stay below $most_bytes to be carried"
}

# ---- run -------------------------------------------------------------------------------------------------------------------------------

say() { printf '%s\n' "$*" | tee -a "$report"; }

# Every library that a step loads is looked for here and given to it alone.
libraries=
add_library_folder() { [[ :$libraries: == *":$1:"* ]] || libraries=${libraries:+$libraries:}$1; }

first_with() { # PATTERN FOLDER … → the first folder that has it
  local pattern=$1 folder
  shift
  for folder in "$@"; do
    if compgen -G "$folder/$pattern" >/dev/null; then
      printf '%s\n' "$folder"
      return
    fi
  done
}

find_tools() {
  if [[ -n ${INFERENCEGUARD_CUDA_DIR:-} ]]; then
    INFERENCEGUARD_CUDA_DIR=$(cd "$INFERENCEGUARD_CUDA_DIR" && pwd)
    export INFERENCEGUARD_CUDA_DIR
    unset INFERENCEGUARD_TEST_DEVICE
    is_software=1
    return
  fi
  is_software=0
  export INFERENCEGUARD_TEST_DEVICE=real
  local toolkits=(${CUDA_PATH:+"$CUDA_PATH"} ${CUDA_HOME:+"$CUDA_HOME"} /usr/local/cuda /usr/local/cuda-*) places=() loaded=() toolkit folder
  for toolkit in "${toolkits[@]}"; do places+=("$toolkit/lib64" "$toolkit/targets/x86_64-linux/lib"); done
  # PyTorch brings an NVRTC of its own.
  while IFS= read -r folder; do places+=("$folder"); done < <("$python" -c '
import glob, site, sys
for root in {*site.getsitepackages(), *sys.path}:
    print(*glob.glob(root + "/nvidia/*/lib"), sep="\n")' 2>/dev/null | sort -u | sed '/^$/d')
  IFS=: read -ra loaded <<<"${LD_LIBRARY_PATH:-}"
  folder=$(first_with 'libnvrtc.so.1[23]' "${loaded[@]}" "${places[@]}" /usr/lib/x86_64-linux-gnu /usr/lib64)
  if [[ -n $folder ]]; then
    add_library_folder "$folder"
    nvrtc=$(compgen -G "$folder/libnvrtc.so.1[23]" | tail -n 1)
  else
    missing+=('NVRTC (libnvrtc.so.12 or .13): the kernels can be compiled only if the loader finds it by itself')
  fi
  if ! { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | grep 'libcuda\.so\.1' >/dev/null; then
    folder=$(first_with libcuda.so.1 "${loaded[@]}" /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib/wsl/lib)
    if [[ -n $folder ]]; then add_library_folder "$folder"; else missing+=('the driver (libcuda.so.1)'); fi
  fi
  smi=$(command -v nvidia-smi || true)
  [[ -n $smi ]] || missing+=('nvidia-smi')
  folder=$(first_with compute-sanitizer "${toolkits[@]/%//bin}" "${toolkits[@]/%//compute-sanitizer}")
  sanitizer=$(command -v compute-sanitizer || printf '%s' "${folder:+$folder/compute-sanitizer}")
  [[ -n $sanitizer ]] || missing+=('compute-sanitizer: no search for bad accesses and races')
}

# Runs one of our programs: PROGRAM ARGUMENT …, at most $seconds.
ours() {
  chmod +x "$1" 2>/dev/null || true
  LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} INFERENCEGUARD_CACHE_DIR=$work/cache \
    TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 timeout "$seconds" "$@"
}

count() { # NAME LOG → the number after it in the runner's summary
  sed -n "s/^ *$1: *\([0-9][0-9]*\)\$/\1/p" "$2" | tail -n 1
}

# TITLE LOG COMMAND … : runs tests, reports their counts; a failure unless all ran and at least one passed.
run_tests() {
  local title=$1 log=$2 status=0 passed reason
  shift 2
  "$@" >"$log" 2>&1 || status=$?
  passed=$(count succeeded "$log")
  say "| $title | ${passed:-0} | $(count failed "$log" | grep . || echo –) | $(count skipped "$log" | grep . || echo –) | $(verdict "$status" "${passed:-0}") |"
  # Each skipped test is followed by its reason.
  while IFS= read -r reason; do missing+=("$reason"); done < <(
    sed -n '/^skipped /{n;s/^ *//p}' "$log" | sort | uniq -c | sed 's/^ *\([0-9]*\) \(.*\)/\2 (\1 tests skipped)/')
  if ((status != 0)) || ((${passed:-0} == 0)); then
    failures+=("$title: see $(basename "$log")")
    { grep -A 4 '^failed ' "$log" || tail -n 20 "$log"; } | head -n 40 >&2 || true
  fi
}

verdict() { # STATUS PASSED
  if (($1 == 124)); then
    echo "stopped after $seconds s"
  elif (($1 != 0)); then
    echo "**failed** ($1)"
  elif (($2 == 0)); then
    echo '**nothing ran**'
  else
    echo passed
  fi
}

step_tests() {
  say '' && say '## Tests' && say '' && say '| tests | passed | failed | skipped | |' && say '|---|---|---|---|---|'
  run_tests 'kernels and what drives them' "$out/tests.log" \
    ours "$folder/tests/InferenceGuard.Tests" --no-ansi --filter 'FullyQualifiedName~.Cuda.&FullyQualifiedName!~CheckedKernelTests'
}

# The tests of small shapes that reach every line, under a tool that looks for bad accesses and races.
step_sanitizer() {
  local runner=("$folder/tests/InferenceGuard.Tests" --no-ansi --filter TestCategory=CheckedKernels) tool log status summary
  say '' && say '## Accesses and races' && say ''
  if ((is_software)); then
    say '| tests | passed | failed | skipped | |' && say '|---|---|---|---|---|'
    INFERENCEGUARD_SOFTCUDA_CHECKED=1 run_tests "under the software device's detector" "$out/checked.log" ours "${runner[@]}"
    return
  fi
  if [[ -z $sanitizer ]]; then
    say 'compute-sanitizer is missing: not looked for.'
    return
  fi
  say '| compute-sanitizer | tests passed | what it says | |' && say '|---|---|---|---|'
  for tool in memcheck racecheck; do
    log=$out/$tool.log status=0
    chmod +x "${runner[0]}" 2>/dev/null || true
    ours "$sanitizer" --tool "$tool" --error-exitcode 86 "${runner[@]}" >"$log" 2>&1 || status=$?
    summary=$(grep -E '^=+ (ERROR|RACECHECK) SUMMARY' "$log" | tail -n 1 | sed 's/^=* //' || true)
    if [[ -z $summary ]] && grep -Eqi 'not supported|unable to|internal sanitizer error|no attachable process' "$log"; then
      summary=$(grep -E '^=+ ' "$log" | tail -n 1 | sed 's/^=* //' || true)
      say "| $tool | $(count succeeded "$log" | grep . || echo –) | ${summary:-nothing} | could not run ($status) |"
      missing+=("$tool, which could not run here: see $tool.log")
    else
      say "| $tool | $(count succeeded "$log" | grep . || echo 0) | ${summary:-no summary} | $(verdict "$status" "$(count succeeded "$log" | grep . || echo 0)") |"
      ((status == 0)) && [[ -n $summary ]] || failures+=("$tool: see $tool.log")
    fi
  done
}

step_torch() {
  if ! "$python" -c 'import torch' 2>/dev/null; then
    missing+=("PyTorch for $python: nothing to compare with")
    return
  fi
  local shapes=full status=0 others=("--device" "cuda")
  if ((is_software)); then shapes=small others=("--device" "cpu"); fi
  rm -f "$out/torch.json"
  # It stops compiling early enough to measure the rest.
  timeout "$seconds" "$python" "$folder/gpu_check_torch.py" --json "$out/torch.json" --rounds "$rounds" --shapes "$shapes" --compile "$compile" \
    --seconds $((seconds * 6 / 10)) "${others[@]}" >"$out/torch.log" 2>&1 || status=$?
  if ((status != 0)); then
    missing+=("some or all of PyTorch's times: $(tail -n 1 "$out/torch.log") ($status; see torch.log)")
  fi
}

step_kernels() {
  local status=0 arguments=(--json "$out/kernels.json" --rounds "$rounds")
  [[ ! -f $out/torch.json ]] || arguments+=(--against "$out/torch.json")
  say '' && say '## Times' && say ''
  ours "$folder/benchmarks/InferenceGuard.Benchmarks" kernels "${arguments[@]}" >"$out/kernels.md" 2>"$out/kernels.log" || status=$?
  if ((status == 0)); then
    say "$(cat "$out/kernels.md")"
    rm -f "$out/kernels.log" "$out/kernels.md"
  else
    say "The kernel benchmark failed ($status):" && say '' && say "    $(tail -n 3 "$out/kernels.log" | sed '2,$s/^/    /')"
    failures+=('the kernel benchmark: see kernels.log')
  fi
}

run() {
  local only=tests,torch,kernels,sanitizer step archive device=
  folder='' out=gpu-check-report rounds='' seconds=600 compile=default python=${PYTHON:-python3} smi='' sanitizer='' nvrtc='' missing=() failures=()
  while (($#)); do
    case $1 in
      --out) out=${2:?} && shift 2 ;;
      --device) device=${2:?} && shift 2 ;;
      --rounds) rounds=${2:?} && shift 2 ;;
      --only) only=${2:?} && shift 2 ;;
      --seconds) seconds=${2:?} && shift 2 ;;
      --compile) compile=${2:?} && shift 2 ;;
      -*) fail "there is no option $1" ;;
      *) folder=$1 && shift ;;
    esac
  done
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$out"
  out=$(cd "$out" && pwd) report=$out/report.md
  : >"$report"

  # From an unpacked folder, an archive, a folder with an archive, or a checkout whose artifacts/gpu-check has one of them.
  if [[ -z $folder ]]; then
    if [[ -d $here/tests && -f $here/version.txt ]]; then folder=$here; else folder=$here/../artifacts/gpu-check; fi
  fi
  if [[ ! -f $folder/version.txt ]]; then
    archive=$folder
    [[ -f $archive ]] || archive=$(find "$folder" -maxdepth 1 -name '*.tar.xz' 2>/dev/null | head -n 1 || true)
    [[ -n $archive ]] || fail "$folder holds neither an unpacked gpu-check nor an archive of one; make it with: gpu-check.sh pack"
    tar -C "$work" -xJf "$archive"
    folder=$work/gpu-check
  fi
  folder=$(cd "$folder" && pwd)

  find_tools
  [[ -n $rounds ]] || rounds=$((is_software ? 1 : 50))
  [[ -z $device ]] || export CUDA_VISIBLE_DEVICES=$device
  say "# GPU check, $(date -u +%Y-%m-%d)" && say ''
  say '| | |' && say '|---|---|'
  say "| packed | $(cat "$folder/version.txt") |"
  say "| command | \`gpu-check.sh ${command_line}\` |"
  if ((is_software)); then
    say '| device | the software device: times mean nothing |'
  elif [[ -n $smi ]]; then
    say "| card | $("$smi" ${device:+-i "$device"} --query-gpu=name,memory.total,driver_version,clocks.max.sm,clocks.max.mem --format=csv,noheader 2>&1 | head -n 1) (name, memory, driver, highest clocks) |"
  fi
  ((is_software)) || say "| NVRTC | ${nvrtc:-not found} |"
  [[ -z $sanitizer ]] || say "| compute-sanitizer | $("$sanitizer" --version 2>/dev/null | grep -i version | head -n 1 || true) |"

  for step in tests torch kernels sanitizer; do
    if [[ ,$only, == *",$step,"* ]]; then "step_$step"; fi
  done

  say '' && say '## Result' && say ''
  for step in "${missing[@]}"; do say "- missing: $step"; done
  for step in "${failures[@]}"; do say "- **failed**: $step"; done
  ((${#failures[@]} == 0)) || exit 1
  say "- nothing failed"
}

command_line=$*
case ${1:-} in
  pack) pack "${@:2}" ;;
  run) run "${@:2}" ;;
  *)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
