//! The declaration that `init` writes.

/// Where editors find the schema.
pub(super) const SCHEMA: &str = "plimsoll.schema.json";

/// Returns a declaration to start from, which builds on these baselines.
pub fn starter(baselines: &[&str]) -> String {
    format!(
        "\
# yaml-language-server: $schema={SCHEMA}
# `plimsoll schema > {SCHEMA}` writes the file that lets an editor complete and check this one.
#
# `plimsoll plan` shows what differs from this and what putting it right costs; nothing changes
# before `plimsoll apply`.
version: 1

# Shipped baselines, or ./files; later ones win, and this file wins over all of them.
extends: [{}]

# The daemon's file, daemon.json. Keys that are not named here are left alone.
daemon:
  settings:
    # Containers go on running while the daemon restarts.
    live-restore: true
    # Logs do not fill the disk. Holds for containers that are created from now on.
    log-driver: json-file
    log-opts: {{ max-size: 10m, max-file: \"3\" }}
  # Keys that must not be there.
  absent: [debug]

# What must hold for containers. Each entry selects some with `match`; for one rule, the last
# entry that selects a container wins. A rule is `true`, `off`, or its parameters.
containers:
  - name: every-container
    rules:
      container.pids-limit: {{ max: 1024 }}
  # - name: edge
  #   match: {{ image: \"nginx:*\", labels: {{ tier: edge }} }}
  #   rules:
  #     container.pids-limit: {{ max: 200, severity: high }}

# Accepted deviations, each with a reason, an owner and its last day.
waivers: []
# - id: W-1
#   rule: container.pids-limit
#   match: {{ name: legacy-ftp }}
#   reason: one process per connection until the new server is in place
#   owner: netops
#   expires: 2026-12-31             # by severity 365, 180, 90 or 30 days ahead at most

# How far plimsoll goes by itself: live < restart < recreate < evict < outage < loss.
limits:
  ceiling: {{ apply: restart, enforce: live }}
",
        baselines.join(", ")
    )
}
