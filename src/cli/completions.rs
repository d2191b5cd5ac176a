//! `plimsoll completions SHELL`.

use clap::CommandFactory;

use crate::{
    args::{Cli, CompletionsArgs},
    exit::Exit,
    failure::Failure,
    output,
};

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut to_type(), "plimsoll", &mut script);
    output::print(&script)?;
    Ok(Exit::Success)
}

/// The command line without what nobody types, which some shells would offer all the same.
fn to_type() -> clap::Command {
    let all = Cli::command();
    let visible = all.get_subcommands().filter(|it| !it.is_hide_set()).cloned();
    clap::Command::new("plimsoll")
        .version(env!("CARGO_PKG_VERSION"))
        .args(all.get_arguments().cloned())
        .subcommands(visible)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn no_shell_offers_what_nobody_types() {
        for shell in clap_complete::Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut to_type(), "plimsoll", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("rollback") && script.contains("state-dir"), "{shell}");
            assert!(!script.contains("watcher"), "{shell}");
        }
    }
}
