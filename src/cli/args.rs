//! What may be typed: clap structs and nothing else.

use std::{num::NonZeroUsize, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use plimsoll::model::class::Class;

const EXAMPLES: &str = "\
Examples:
  plimsoll init       write a commented plimsoll.yaml to start from
  plimsoll plan       show what differs, and what putting it right would cost
  plimsoll apply      do it, after asking
  plimsoll rollback   take the last run back

Exit codes: 0 done or in sync, 2 differences, 4 partly done, 5 undone,
6 refused, 65 declaration invalid, 69 engine unreachable, 75 locked,
77 permission missing.";

/// Declares how a Docker host must be set up, shows what differs and what putting it right would
/// cost, does it without losing anything, and keeps it so.
#[derive(Debug, Parser)]
#[command(
    version,
    before_long_help = EXAMPLES,
    after_help = EXAMPLES,
    arg_required_else_help = true,
    subcommand_required = true,
    infer_subcommands = false
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Declaration; else ./plimsoll.yaml, upwards to the repository's root, else
    /// /etc/plimsoll/plimsoll.yaml.
    #[arg(short, long, global = true, value_name = "PATH", env = "PLIMSOLL_FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Docker endpoint: unix:///run/docker.sock or tcp://host:port.
    #[arg(short = 'H', long, global = true, value_name = "ENDPOINT", env = "PLIMSOLL_HOST")]
    pub(crate) host: Option<String>,

    /// What standard output carries.
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text, env = "PLIMSOLL_OUTPUT")]
    pub(crate) output: Output,

    /// Where runs are remembered; those on another engine than the usual one in a directory
    /// of its own inside.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "/var/lib/plimsoll",
        env = "PLIMSOLL_STATE_DIR"
    )]
    pub(crate) state_dir: PathBuf,

    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, env = "PLIMSOLL_COLOR")]
    pub(crate) color: Color,

    /// Say only what matters most; no progress.
    #[arg(short, long, global = true, env = "PLIMSOLL_QUIET")]
    pub(crate) quiet: bool,

    /// Never ask.
    #[arg(long, global = true, env = "PLIMSOLL_NO_INPUT")]
    pub(crate) no_input: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    /// One document, at the end.
    Json,
    /// What happens as it happens, an object a line: of apply, enforce and rollback.
    Ndjson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented declaration to start from.
    Init(InitArgs),
    /// Print a declaration of this host as it is, under which nothing is to be done.
    Import(ImportArgs),
    /// Check a declaration; needs no Docker.
    Validate(ValidateArgs),
    /// Show what differs and what putting it right would cost; changes nothing.
    Plan(PlanArgs),
    /// Do what the plan says, verify it, and take back what fails.
    Apply(ApplyArgs),
    /// Take a run back: replaced containers return with all that was in them.
    Rollback(RollbackArgs),
    /// Keep the host as declared, within ceilings: once, or at intervals.
    Enforce(EnforceArgs),
    /// In sync? Last run, held changes, kept containers.
    Status(StatusArgs),
    /// List the rules, or those of a baseline.
    Rules(RulesArgs),
    /// Explain a rule, a daemon key or what would happen to an object.
    Explain(ExplainArgs),
    /// Print the JSON Schema of a declaration, for editors.
    Schema,
    /// Print completions for a shell.
    Completions(CompletionsArgs),
    /// Print the version.
    Version,
    /// Watch over a run; `apply` and `enforce` start it.
    #[command(hide = true)]
    Watcher(WatcherArgs),
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// File to write; an existing one is never overwritten.
    #[arg(default_value = "plimsoll.yaml")]
    pub(crate) path: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Shipped baselines to build on; what fails today under them is waived until a day.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) baseline: Vec<String>,
    /// How long the waivers hold: so many days (90d), or up to a day (2027-02-24).
    #[arg(long, value_name = "DAYS|DATE", default_value = "90d")]
    pub(crate) until: Until,
    /// Who answers for the waivers.
    #[arg(long, value_name = "NAME", default_value = "to be named")]
    pub(crate) owner: String,
}

/// The end of something, as typed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Days(u16),
    Day(Date),
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(days) = text.strip_suffix('d').and_then(|days| days.parse().ok()) {
            return Ok(Self::Days(days));
        }
        text.parse().map(Self::Day).map_err(|_| "neither days (90d) nor a day (2027-02-24)".into())
    }
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Declarations; else the one that `plan` would take.
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Narrow {
    /// Only objects of this address, such as container/web or daemon/*.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) only: Vec<String>,
    /// Leave out objects of this address.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) exclude: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Exit with 2 when there are differences.
    #[arg(long, env = "PLIMSOLL_DETAILED_EXITCODE")]
    pub(crate) detailed_exitcode: bool,
    /// Show daemon.json as a unified diff.
    #[arg(long)]
    pub(crate) full_diff: bool,
    /// Show the summary alone.
    #[arg(long, conflicts_with = "full_diff")]
    pub(crate) summary: bool,
    /// List objects that are in sync, too.
    #[arg(long)]
    pub(crate) show_unchanged: bool,
    /// Plan as if this class were allowed.
    #[arg(long, value_name = "CLASS", value_parser = parse_class)]
    pub(crate) allow: Option<Class>,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Do not ask; bounded by the ceiling (restart, or what the declaration says).
    #[arg(long, env = "PLIMSOLL_YES")]
    pub(crate) yes: bool,
    /// Raise the ceiling for this run.
    #[arg(long, value_name = "CLASS", value_parser = parse_class)]
    pub(crate) allow: Option<Class>,
    /// Show daemon.json as a unified diff.
    #[arg(long)]
    pub(crate) full_diff: bool,
    /// Refuse plans with more changes than this.
    #[arg(long, value_name = "N")]
    pub(crate) max_changes: Option<usize>,
    /// Try again what was undone before, though the declaration has not moved.
    #[arg(long)]
    pub(crate) retry: bool,
    /// Change so many containers side by side, none with one that it depends on.
    #[arg(long, value_name = "N", default_value = "1", env = "PLIMSOLL_PARALLEL")]
    pub(crate) parallel: NonZeroUsize,
    /// Begin nothing more after so many failures.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) max_failures: NonZeroUsize,
    /// Go on with the next container however many failed.
    #[arg(long, conflicts_with = "max_failures")]
    pub(crate) keep_going: bool,
    /// Wait this long for another run to end.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    pub(crate) lock_timeout: Duration,
    #[command(flatten)]
    pub(crate) gate: GateArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct GateArgs {
    /// How long a replaced container must stay up before it counts as good.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s", env = "PLIMSOLL_QUIET_PERIOD")]
    pub(crate) quiet_period: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct EnforceArgs {
    /// Look and act once, then exit: for timers.
    #[arg(long, required_unless_present = "interval", conflicts_with = "interval")]
    pub(crate) once: bool,
    /// Stay and look again after this long, such as 5m.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) interval: Option<Duration>,
    /// Raise the ceiling.
    #[arg(long, value_name = "CLASS", value_parser = parse_class)]
    pub(crate) allow: Option<Class>,
    /// Wait this long for another run to end.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    pub(crate) lock_timeout: Duration,
    #[command(flatten)]
    pub(crate) gate: GateArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WatcherArgs {
    #[command(flatten)]
    pub(crate) gate: GateArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// Number of the run; else the last one of which something is left to take back.
    pub(crate) run: Option<u64>,
    /// Only objects of this address, such as container/web.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) only: Vec<String>,
    /// Do not ask.
    #[arg(long, env = "PLIMSOLL_YES")]
    pub(crate) yes: bool,
    /// Wait this long for another run to end.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    pub(crate) lock_timeout: Duration,
    #[command(flatten)]
    pub(crate) gate: GateArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {}

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// Only the rules that this shipped baseline asks for.
    #[arg(long, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
    /// The edition of the standard that the baseline follows; the newest if left out.
    #[arg(long, value_name = "EDITION", requires = "baseline")]
    pub(crate) edition: Option<String>,
    /// What has changed since another edition of the baseline, or since an older plimsoll: a file
    /// that its `rules -o json` printed.
    #[arg(long, value_name = "VERSION")]
    pub(crate) changed_since: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A rule (container.no-privileged), a key (daemon/icc) or an object (container/web).
    pub(crate) subject: String,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    pub(crate) shell: clap_complete::Shell,
}

fn parse_class(word: &str) -> Result<Class, String> {
    Class::ALL.into_iter().find(|class| class.word() == word).ok_or_else(|| {
        let words: Vec<_> = Class::ALL.iter().map(|class| class.word()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

/// Reads `90s`, `5m`, `1h30m`; a number without a unit is refused, since nobody agrees on it.
fn parse_duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| format!("`{text}` is not a duration such as 30s or 5m"))?;
    Duration::try_from(span).map_err(|_| "a duration cannot be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(parse_duration("15").is_err());
        assert!(parse_duration("-5s").is_err());
    }
}
