//! From rules of the audit system, as `auditctl -l` shows them and as files under `/etc/audit`
//! spell them, to what they watch.

use crate::model::audit::{Accesses, AuditRule, AuditState, Target};

/// What a text of rules comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AuditText {
    pub rules: Vec<AuditRule>,
    /// What it sets by `-e`.
    pub state: AuditState,
}

/// System calls without which a list of some does not tell of an access.
const CALLS: [(char, &[&str]); 4] = [
    ('r', &["openat"]),
    ('w', &["openat", "unlinkat", "renameat2"]),
    ('x', &["execve"]),
    ('a', &["fchmodat", "fchownat"]),
];

/// Reads rules, line by line, in their order. Lines that say something else say nothing.
pub fn audit_text(text: &str) -> AuditText {
    let mut read = AuditText::default();
    // A rule of the list `task` decides when a process starts, before all others.
    let mut for_processes = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let line = Line::read(line);
        match line.verb {
            Some(Verb::Enable(state)) => read.state = state,
            Some(Verb::Clear) => read.rules.clear(),
            Some(Verb::Remove) => {
                read.rules.retain(|it| it.target != line.target || it.never != line.never);
            }
            Some(Verb::Add { first }) if line.list == List::Exit => {
                let at = if first { 0 } else { read.rules.len() };
                read.rules.insert(at, line.into_rule());
            }
            Some(Verb::Add { .. }) if line.list == List::Task && line.never => {
                for_processes.push(line.into_rule());
            }
            Some(Verb::Add { .. }) | None => {}
        }
    }
    for_processes.append(&mut read.rules);
    read.rules = for_processes;
    read
}

/// Returns the state that `auditctl -s` tells.
pub fn audit_state(status: &str) -> Option<AuditState> {
    let mut words = status.split(|it: char| it.is_whitespace() || it == '=');
    words.find(|it| *it == "enabled")?;
    state(words.next()?)
}

fn state(word: &str) -> Option<AuditState> {
    match word {
        "0" => Some(AuditState::Off),
        "1" => Some(AuditState::On),
        "2" => Some(AuditState::Locked),
        _ => None,
    }
}

enum Verb {
    Add { first: bool },
    Remove,
    Clear,
    Enable(AuditState),
}

#[derive(PartialEq, Eq)]
enum List {
    Exit,
    Task,
    Other,
}

struct Line {
    verb: Option<Verb>,
    list: List,
    never: bool,
    target: Target,
    accesses: Option<Accesses>,
    calls: Vec<String>,
    limits: Vec<String>,
}

impl Line {
    fn read(line: &str) -> Self {
        let mut read = Self {
            verb: None,
            list: List::Exit,
            never: false,
            target: Target::Everything,
            accesses: None,
            calls: Vec::new(),
            limits: Vec::new(),
        };
        let mut words = line.split_whitespace();
        while let Some(option) = words.next() {
            if option == "-D" {
                // With a key, those with that key alone; which they are is not remembered.
                read.verb = (!line.contains("-k")).then_some(Verb::Clear);
                continue;
            }
            let Some(value) = words.next() else { break };
            match option {
                "-w" | "-W" => {
                    read.target = Target::Tree(path(value));
                    let is_new = option == "-w";
                    read.verb =
                        Some(if is_new { Verb::Add { first: false } } else { Verb::Remove });
                }
                "-a" | "-A" | "-d" => {
                    read.chosen(value);
                    read.verb = Some(match option {
                        "-d" => Verb::Remove,
                        option => Verb::Add { first: option == "-A" },
                    });
                }
                "-p" => read.accesses = Some(Accesses::of(value)),
                "-e" => read.verb = state(value).map(Verb::Enable),
                "-S" => read.calls.extend(value.split(',').map(str::to_owned)),
                "-F" => read.field(value),
                "-C" => read.limits.push(value.to_owned()),
                _ => {}
            }
        }
        read
    }

    /// Reads list and action, which stand in either order.
    fn chosen(&mut self, value: &str) {
        self.list = List::Other;
        for word in value.split(',') {
            match word {
                "exit" => self.list = List::Exit,
                "task" => self.list = List::Task,
                "never" => self.never = true,
                _ => {}
            }
        }
    }

    fn field(&mut self, field: &str) {
        const NATIVE: &str = if cfg!(target_pointer_width = "32") { "b32" } else { "b64" };
        match field.split_once('=') {
            Some(("path", it)) => self.target = Target::Alone(path(it)),
            Some(("dir", it)) => self.target = Target::Tree(path(it)),
            Some(("perm", it)) => self.accesses = Some(Accesses::of(it)),
            Some(("key", _)) => {}
            Some(("arch", it)) if it == NATIVE => {}
            _ => self.limits.push(field.to_owned()),
        }
    }

    fn into_rule(self) -> AuditRule {
        let mut accesses = self.accesses.unwrap_or(Accesses::ALL);
        let calls: Vec<&str> = self.calls.iter().map(String::as_str).collect();
        if !calls.is_empty() && !calls.contains(&"all") {
            for (letter, needed) in CALLS {
                if !needed.iter().all(|it| calls.contains(it)) {
                    accesses = accesses.without(Accesses::of(&letter.to_string()));
                }
            }
        }
        AuditRule {
            never: self.never,
            target: self.target,
            accesses,
            limited_to: (!self.limits.is_empty()).then(|| self.limits.join(" ")),
        }
    }
}

fn path(text: &str) -> String {
    match text.trim_matches('"').trim_end_matches('/') {
        "" => "/".to_owned(),
        path => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit::{Audit, SaidBy};

    /// What is watched of `/etc/docker`, a directory, and of a file in it.
    fn watched(text: &str) -> (String, String) {
        let AuditText { rules, state } = audit_text(text);
        let audit = Audit { said_by: SaidBy::Kernel, state, rules, loads_folder: true };
        let of = |path, is_directory| audit.watched(path, is_directory).to_string();
        (of("/etc/docker", true), of("/etc/docker/daemon.json", false))
    }

    #[track_caller]
    fn check(text: &str, directory: &str, file: &str) {
        assert_eq!(watched(text), (directory.to_owned(), file.to_owned()), "{text}");
    }

    #[test]
    fn both_spellings_watch_what_they_name_and_what_is_below() {
        check("-w /etc/docker -p wa -k docker", "wa", "wa");
        check("-w /etc/docker/ -k docker", "rwxa", "rwxa");
        check("-w / -p w", "w", "w");
        check("-a always,exit -F arch=b64 -F dir=/etc/docker -F perm=wa -F key=docker", "wa", "wa");
        check("-a exit,always -F path=/etc/docker/daemon.json -F perm=war -k docker", "", "rwa");
        check("-w /etc/docker/daemon.json -p wa", "", "wa");
    }

    #[test]
    fn longer_and_shorter_names_are_others() {
        check("-w /etc/dock -p wa", "", "");
        check("-w /etc/docker/daemon.json.bak -p wa", "", "");
        // The directory's own inode, and nothing in it.
        check("-a always,exit -F path=/etc/docker -F perm=wa", "", "");
    }

    #[test]
    fn limits_comments_and_other_lists_are_no_watches() {
        check("# -w /etc/docker -p wa", "", "");
        check("-a always,exit -F dir=/etc/docker -F perm=wa -F auid>=1000", "", "");
        check("-a always,exit -F arch=b32 -F dir=/etc/docker -F perm=wa", "", "");
        check("-a always,user -F dir=/etc/docker", "", "");
        check("-a always,exit -F arch=b64 -S open -F dir=/etc/docker", "", "");
        let calls = "openat,unlinkat,renameat2,fchmodat,fchownat";
        check(&format!("-a always,exit -S {calls} -F dir=/etc/docker -F perm=wa"), "wa", "wa");
    }

    #[test]
    fn what_an_earlier_rule_leaves_out_is_not_watched() {
        check("-a never,exit -F dir=/etc/docker\n-w /etc/docker -p wa", "", "");
        check("-w /etc/docker -p wa\n-a never,exit -F dir=/etc/docker", "wa", "wa");
        check("-w /etc/docker -p wa\n-A exit,never -F path=/etc/docker/daemon.json", "wa", "");
        check("-w /etc/docker -p wa\n-a task,never", "", "");
        check("-a never,exit -F dir=/etc/docker -F perm=w\n-w /etc/docker -p wa", "a", "a");
    }

    #[test]
    fn what_is_taken_back_is_gone() {
        check("-w /etc/docker -p wa\n-W /etc/docker -p wa", "", "");
        check("-w /etc/docker -p wa\n-D", "", "");
        check("-D\n-w /etc/docker -p wa", "wa", "wa");
    }

    #[test]
    fn state_is_told_in_two_ways() {
        assert_eq!(audit_state("enabled 2\nfailure 1\n"), Some(AuditState::Locked));
        assert_eq!(audit_state("AUDIT_STATUS: enabled=0 flag=1"), Some(AuditState::Off));
        assert_eq!(audit_state("no such thing"), None);
        assert_eq!(audit_text("-e 2").state, AuditState::Locked);
    }
}
