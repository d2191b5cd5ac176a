//! Where a flag of the daemon's command line was written down, as far as that can be found.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::rooted::Root;

/// Where units are, those that win first.
const UNIT_DIRECTORIES: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Files from which the packages' own start scripts take further arguments.
const OTHER_FILES: &[&str] =
    &["/etc/default/docker", "/etc/conf.d/docker", "/etc/sysconfig/docker"];

/// Returns the unit's own file, the one that wins, and its drop-ins.
pub(super) fn unit_files(root: &Root, unit: &str) -> BTreeSet<PathBuf> {
    let directories = UNIT_DIRECTORIES.iter().map(Path::new);
    let exists = |path: &PathBuf| root.find(path).is_ok_and(|it| it.symlink_metadata().is_ok());
    let own = directories.map(|it| it.join(unit)).find(exists);
    own.into_iter().chain(drop_ins(root, unit)).collect()
}

/// Returns the drop-ins of a unit, or of all units of a kind, such as `service`.
pub(super) fn drop_ins(root: &Root, unit: &str) -> Vec<PathBuf> {
    let directories = UNIT_DIRECTORIES.iter().map(|it| Path::new(it).join(format!("{unit}.d")));
    directories.flat_map(|it| configuration_files(root, &it)).collect()
}

/// Returns the texts of a unit and its drop-ins, in the order in which systemd reads them: of two
/// drop-ins with one name the directory decides, of the rest the last by name wins.
pub(super) fn unit_texts(root: &Root, unit: &str) -> Vec<String> {
    let directories = UNIT_DIRECTORIES.iter().map(Path::new);
    let own = directories.clone().find_map(|it| read(root, it.join(unit)));
    let mut drop_ins = BTreeMap::new();
    for directory in directories {
        for path in configuration_files(root, &directory.join(format!("{unit}.d"))) {
            if let Some(name) = path.file_name() {
                drop_ins.entry(name.to_owned()).or_insert(path);
            }
        }
    }
    let drop_ins = drop_ins.into_values().filter_map(|path| read(root, path));
    own.into_iter().chain(drop_ins).map(|(_, text)| text).collect()
}

/// Returns the files that a unit takes variables from.
pub(super) fn variable_files(root: &Root, unit: &str) -> BTreeSet<PathBuf> {
    let texts = unit_files(root, unit).into_iter().filter_map(|path| read(root, path));
    let texts: Vec<String> = texts.map(|(_, text)| text).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let named = lines.filter_map(|line| line.trim().strip_prefix("EnvironmentFile="));
    named.map(|path| PathBuf::from(path.trim_start_matches('-'))).collect()
}

/// Files that may hold the daemon's arguments, with their lines.
pub(super) struct Origins(Vec<(PathBuf, String)>);

impl Origins {
    /// Reads them: drop-ins of the unit, files it takes variables from, and the unit.
    pub(super) fn read(root: &Root, unit: Option<&str>) -> Self {
        let mut found = Vec::new();
        if let Some(unit) = unit {
            for directory in UNIT_DIRECTORIES {
                let drop_ins = Path::new(directory).join(format!("{unit}.d"));
                for path in configuration_files(root, &drop_ins) {
                    found.extend(read(root, path));
                }
            }
            let main = UNIT_DIRECTORIES
                .iter()
                .find_map(|directory| read(root, Path::new(directory).join(unit)));
            found.extend(main);
            let variables: Vec<_> = found
                .iter()
                .flat_map(|(_, text)| text.lines())
                .filter_map(|line| line.trim().strip_prefix("EnvironmentFile="))
                .filter_map(|path| read(root, path.trim_start_matches('-').into()))
                .collect();
            found.extend(variables);
        }
        found.extend(OTHER_FILES.iter().filter_map(|path| read(root, path.into())));
        Self(found)
    }

    /// Returns the first place that holds this argument: `docker.service:14`, with its folder.
    pub(super) fn of(&self, argument: &str) -> Option<String> {
        let word = argument.split(['=', ' ']).next()?;
        self.first(|line| holds(line, word))
    }

    /// Returns the first place that sets this variable.
    pub(super) fn of_variable(&self, name: &str) -> Option<String> {
        let assigned = format!("{name}=");
        self.first(|line| holds(line, &assigned))
    }

    fn first(&self, is_it: impl Fn(&str) -> bool) -> Option<String> {
        self.0.iter().find_map(|(path, text)| {
            let line = text.lines().position(&is_it)?;
            Some(format!("{}:{}", path.display(), line + 1))
        })
    }
}

fn configuration_files(root: &Root, directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = root.find(directory).and_then(fs::read_dir) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| directory.join(entry.file_name()))
        .filter(|path| path.extension().is_some_and(|it| it == "conf"))
        .collect();
    // Later names override earlier ones.
    paths.sort();
    paths.reverse();
    paths
}

fn read(root: &Root, path: PathBuf) -> Option<(PathBuf, String)> {
    let text = fs::read_to_string(root.find(&path).ok()?).ok()?;
    Some((path, text))
}

/// Whether the line, not a comment, holds the flag as a word of its own.
fn holds(line: &str, word: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with(['#', ';']) {
        return false;
    }
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let starts = before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '='));
        // A short flag and a variable have their value right behind them.
        let is_long = word.starts_with("--");
        let ends = after.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '-' | '_')));
        starts && (ends || !is_long)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn flags_are_found_where_they_were_written() {
        let scratch = Scratch::new();
        scratch.file(
            "lib/systemd/system/docker.service",
            "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n",
        );
        scratch.file(
            "etc/systemd/system/docker.service.d/10-log.conf",
            "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --log-driver=journald\n",
        );
        scratch.file(
            "etc/default/docker",
            "# --icc=true\nDOCKER_OPTS=\"--icc=false\"\nexport HTTP_PROXY=http://proxy\n",
        );
        let root = Root::new(scratch.path(""));
        let origins = Origins::read(&root, Some("docker.service"));
        let drop_in = "/etc/systemd/system/docker.service.d/10-log.conf";
        assert_eq!(origins.of("--log-driver=journald"), Some(format!("{drop_in}:3")));
        assert_eq!(origins.of("-H fd://"), Some(format!("{drop_in}:3")));
        assert_eq!(origins.of("--icc=false"), Some("/etc/default/docker:2".into()));
        assert_eq!(origins.of("--log-level debug"), None);
        assert_eq!(origins.of_variable("HTTP_PROXY"), Some("/etc/default/docker:3".into()));
        assert_eq!(origins.of_variable("PROXY"), None);
        assert_eq!(Origins::read(&root, None).of("-H fd://"), None);
    }
}
