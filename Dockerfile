# The action's image: Python, cargo with the wasm32 target, git, workerd, ci-wasm. Runs as root, as GitHub
# asks of actions.

FROM python:3.13-slim-trixie AS runtime
# gcc links the build scripts and proc macros of crates; binaryen is wasm-opt, for crates of workers-rs. The
# checkout belongs to another user than the container's.
# hadolint ignore=DL3008
RUN apt-get update -q \
 && apt-get install -q -y --no-install-recommends binaryen ca-certificates gcc git libc6-dev \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* \
 && git config --system --add safe.directory '*'
COPY scripts/provide-wasm32-target.sh scripts/progress.sh scripts/fetch_rustup_init.py scripts/download.py \
  scripts/pins.json /app/scripts/
# Builds run as another user, who may add the toolchain that a crate pins, and may not change the one that is
# here.
RUN /app/scripts/provide-wasm32-target.sh --rust-home /opt/rust --bin /usr/local/bin \
 && rm -rf /opt/rust/rustup/toolchains/*/share/doc /var/lib/apt/lists/* \
 && install -d -m 1777 /opt/rust/rustup/downloads /opt/rust/rustup/tmp /opt/rust/rustup/toolchains \
  /opt/rust/rustup/update-hashes
COPY requirements/action.txt requirements/edge.txt /app/requirements/
RUN python -m pip install --no-cache-dir --root-user-action=ignore --require-hashes \
  --requirement /app/requirements/action.txt --requirement /app/requirements/edge.txt

# What is built and fetched; nothing else of this stage is kept.
FROM runtime AS parts
COPY requirements/setup.txt /app/requirements/
RUN python -m pip install --no-cache-dir --root-user-action=ignore --require-hashes \
  --requirement /app/requirements/setup.txt
COPY scripts/fetch_npm_tarball.py /app/scripts/
RUN python /app/scripts/fetch_npm_tarball.py workerd esbuild d3-hierarchy d3-hierarchy-license
COPY scripts/build_analyzer.py /app/scripts/
COPY analyzer /app/analyzer
COPY ci_wasm /app/ci_wasm
RUN python /app/scripts/build_analyzer.py

FROM runtime
# HOME is the job's and shared with other actions: cargo keeps its registry elsewhere.
ENV CARGO_HOME=/opt/cargo
COPY --from=parts /app/.cache/workerd /app/.cache/workerd
COPY --from=parts /app/.cache/esbuild /app/.cache/esbuild
COPY --from=parts /app/ci_wasm /app/ci_wasm
COPY entrypoint.py /app/
# The base image leaves out the standard library's bytecode; compiling it in each run would take most of a
# second.
RUN python -m compileall -q -x '/(test|tests|idlelib|lib2to3)/' \
  "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" /app
ENTRYPOINT ["python", "-I", "/app/entrypoint.py"]
