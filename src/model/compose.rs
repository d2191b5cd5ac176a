//! Compose's own words on a container, from the labels it leaves, and the command that starts
//! the same service again.

use std::{borrow::Cow, collections::BTreeMap};

pub const PROJECT: &str = "com.docker.compose.project";

/// Names that Compose looks for by itself, with the name of what it lays over.
const DEFAULT_FILES: &[(&str, &str)] = &[
    ("compose.yaml", "compose.override.yaml"),
    ("compose.yml", "compose.override.yml"),
    ("docker-compose.yaml", "docker-compose.override.yaml"),
    ("docker-compose.yml", "docker-compose.override.yml"),
];

/// Where a Compose project comes from, as its labels say. Paths are those of the machine on which
/// Compose was called, which need not be this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    pub project: &'a str,
    /// Empty if it is not said.
    pub working_dir: &'a str,
    /// Relative ones (Compose before 2) are meant from the working directory.
    pub files: Vec<&'a str>,
    env_files: Vec<&'a str>,
    is_v1: bool,
}

impl<'a> Origin<'a> {
    /// Returns `None` for a container that Compose did not start.
    pub fn from_labels(labels: &'a BTreeMap<String, String>) -> Option<Self> {
        let get = |key: &str| labels.get(key).map(String::as_str).unwrap_or_default();
        let list = |key: &str| get(key).split(',').filter(|it| !it.is_empty()).collect();
        Some(Self {
            project: labels.get(PROJECT)?,
            working_dir: get("com.docker.compose.project.working_dir"),
            files: list("com.docker.compose.project.config_files"),
            env_files: list("com.docker.compose.project.environment_file"),
            is_v1: get("com.docker.compose.version").starts_with("1."),
        })
    }

    /// Returns the files with their folder.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        self.files.iter().map(|file| match file.starts_with('/') {
            true => (*file).to_owned(),
            false => format!("{}/{file}", self.working_dir),
        })
    }

    /// Returns a command line for a shell, with everything that Compose does not find by itself
    /// in its folder.
    pub fn command(&self, words: &str) -> String {
        let mut line = String::new();
        if !self.working_dir.is_empty() {
            line = format!("cd {} && ", shell_word(self.working_dir));
        }
        line.push_str(if self.is_v1 { "docker-compose" } else { "docker compose" });
        if self.project != default_project(self.working_dir) {
            line.push_str(" -p ");
            line.push_str(&shell_word(self.project));
        }
        if !self.finds_files() {
            for file in &self.files {
                line.push_str(" -f ");
                line.push_str(&shell_word(self.short(file)));
            }
        }
        for file in self.env_files.iter().map(|it| self.short(it)).filter(|it| *it != ".env") {
            line.push_str(" --env-file ");
            line.push_str(&shell_word(file));
        }
        line.push(' ');
        line.push_str(words);
        line
    }

    fn short<'b>(&self, file: &'b str) -> &'b str {
        let within = file.strip_prefix(self.working_dir).and_then(|it| it.strip_prefix('/'));
        within.filter(|_| !self.working_dir.is_empty()).unwrap_or(file)
    }

    fn finds_files(&self) -> bool {
        let files: Vec<&str> = self.files.iter().map(|it| self.short(it)).collect();
        match files.as_slice() {
            [] => true,
            [one] => DEFAULT_FILES.iter().any(|it| it.0 == *one),
            [one, over] => DEFAULT_FILES.contains(&(*one, *over)),
            _ => false,
        }
    }
}

/// Returns the project's name that Compose makes of a folder's.
fn default_project(working_dir: &str) -> String {
    let folder = working_dir.rsplit('/').next().unwrap_or_default().to_lowercase();
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    folder.chars().filter(allowed).collect::<String>().trim_start_matches(['-', '_']).to_owned()
}

/// Quotes a word for a shell where that is needed.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let key = |key: &str| format!("com.docker.compose.{key}");
        pairs.iter().map(|(name, it)| (key(name), (*it).to_owned())).collect()
    }

    #[test]
    fn command_names_what_compose_does_not_find_by_itself() {
        let at = |project: &str, dir: &str, files: &str| {
            let labels = labels(&[
                ("project", project),
                ("project.working_dir", dir),
                ("project.config_files", files),
            ]);
            Origin::from_labels(&labels).unwrap().command("up -d web")
        };
        for (project, dir, files, expected) in [
            (
                "shop",
                "/srv/shop",
                "/srv/shop/compose.yaml",
                "cd /srv/shop && docker compose up -d web",
            ),
            (
                "shop",
                "/srv/My Shop",
                "/srv/My Shop/docker-compose.yml,/srv/My Shop/docker-compose.override.yml",
                "cd '/srv/My Shop' && docker compose -p shop up -d web",
            ),
            ("myshop", "/srv/My Shop", "", "cd '/srv/My Shop' && docker compose up -d web"),
            (
                "shop",
                "/srv/shop",
                "/srv/shop/prod.yaml,/etc/shop.yaml",
                "cd /srv/shop && docker compose -f prod.yaml -f /etc/shop.yaml up -d web",
            ),
            ("shop", "", "", "docker compose -p shop up -d web"),
        ] {
            assert_eq!(at(project, dir, files), expected);
        }
    }

    #[test]
    fn old_compose_is_called_by_its_old_name() {
        let labels = labels(&[
            ("project", "shop"),
            ("version", "1.29.2"),
            ("project.working_dir", "/srv/shop"),
            ("project.config_files", "docker-compose.yml"),
            ("project.environment_file", "/srv/shop/.env,/srv/shop/prod.env"),
        ]);
        let origin = Origin::from_labels(&labels).unwrap();
        assert_eq!(origin.command("ps"), "cd /srv/shop && docker-compose --env-file prod.env ps");
        assert_eq!(origin.paths().collect::<Vec<_>>(), ["/srv/shop/docker-compose.yml"]);
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(shell_word("/srv/shop"), "/srv/shop");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_word(""), "''");
    }
}
