# The checks that only read the code. To be sourced after environment.sh, in the checkout, with `ensure_venv dev` done.

check_code() {
  run "$VENV/bin/ruff" format --check . scripts/engine
  run "$VENV/bin/ruff" check . scripts/engine
  run "$VENV/bin/mypy"
  run "$VENV/bin/mypy" scripts/engine
  run "$VENV/bin/lint-imports" --no-logo
}
