//! Asks for the rules of the audit system: the kernel where that can be, else the files.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
};

use super::rooted::{Root, is_absent};
use crate::{
    model::audit::{Audit, AuditRule, SaidBy, Target},
    sources::audit_rules::{AuditText, audit_state, audit_text},
};

const PROGRAMS: [&str; 2] = ["/usr/sbin/auditctl", "/sbin/auditctl"];
const FOLDER: &str = "/etc/audit/rules.d";
const FILE: &str = "/etc/audit/audit.rules";

/// Looks, or says why nobody could. Blocks.
pub(super) fn look(root: &Root) -> Result<Audit, String> {
    let mut audit = match ask(root) {
        Ok(audit) => audit,
        Err(why) => read(root, why)?,
    };
    // A rule goes by where its path led when it was made.
    for AuditRule { target, .. } in &mut audit.rules {
        match target {
            Target::Everything => {}
            Target::Tree(path) | Target::Alone(path) => {
                if let Ok(resolved) = root.resolve(Path::new(path)) {
                    *path = resolved.display().to_string();
                }
            }
        }
    }
    Ok(audit)
}

/// Asks the kernel, by the program that is there for it.
fn ask(root: &Root) -> Result<Audit, String> {
    if !root.is_ours() {
        return Err("this run has another root directory than the daemon, and no `auditctl`".into());
    }
    let program = PROGRAMS.into_iter().find(|it| Path::new(it).exists());
    let program = program.ok_or("there is no `auditctl` on this host")?;
    let state = run(program, &["-s"])?;
    let state = audit_state(&state).ok_or("`auditctl -s` does not tell whether auditing is on")?;
    let AuditText { rules, .. } = audit_text(&run(program, &["-l"])?);
    let loads_folder = Path::new(FOLDER).is_dir();
    Ok(Audit { said_by: SaidBy::Kernel, state, rules, loads_folder })
}

/// Runs a program of this host's that only tells, and returns what it says.
pub(super) fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let line = format!("`{program} {}`", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{line}: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let why = text.lines().next().unwrap_or("it says nothing").trim();
        return Err(format!("{line} fails: {why}"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads what the next start would load.
fn read(root: &Root, why: String) -> Result<Audit, String> {
    let refused = |path: &Path, error: io::Error| {
        format!("{why}; {} cannot be read: {error}", path.display())
    };
    let mut files = match root.find(Path::new(FOLDER)).and_then(fs::read_dir) {
        Ok(entries) => {
            let names = entries.flatten().map(|entry| Path::new(FOLDER).join(entry.file_name()));
            names.filter(|path| path.extension().is_some_and(|it| it == "rules")).collect()
        }
        Err(error) if is_absent(&error) => Vec::new(),
        Err(error) => return Err(refused(Path::new(FOLDER), error)),
    };
    files.sort();
    // It is made from the others, where there are any.
    if files.is_empty() {
        files.push(FILE.into());
    }
    let mut text = String::new();
    for path in files {
        match root.find(&path).and_then(fs::read_to_string) {
            Ok(more) => text = text + &more + "\n",
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(refused(&path, error)),
        }
    }
    let AuditText { rules, state } = audit_text(&text);
    Ok(Audit { said_by: SaidBy::Files(why), state, rules, loads_folder: false })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn files_have_their_say_in_order_and_links_lead_on() {
        let scratch = Scratch::new();
        scratch.directory("usr/lib/systemd/system");
        symlink("usr/lib", scratch.path("lib")).unwrap();
        scratch.file("etc/audit/audit.rules", "-w /etc/docker -p wa\n");
        let root = Root::new(scratch.path(""));
        let watched = |path: &str| look(&root).unwrap().watched(path, false).to_string();
        assert_eq!(watched("/etc/docker/daemon.json"), "wa");
        scratch.file("etc/audit/rules.d/10-base.rules", "-D\n");
        scratch.file("etc/audit/rules.d/plimsoll.rules", "-w /lib/systemd/system -p wa\n");
        scratch.file("etc/audit/rules.d/notes.txt", "-w / -p wa\n");
        assert_eq!(watched("/usr/lib/systemd/system/docker.service"), "wa");
        assert_eq!(watched("/etc/docker/daemon.json"), "");
        let audit = look(&root).unwrap();
        assert!(matches!(audit.said_by, SaidBy::Files(why) if why.contains("auditctl")));
    }

    #[test]
    fn no_files_are_no_rules() {
        let scratch = Scratch::new();
        assert!(look(&Root::new(scratch.path(""))).unwrap().rules.is_empty());
    }
}
