//! Where a program could go on writing once its root file system is read-only.

use std::collections::BTreeSet;

use super::host_path;

/// Programs and settings of the image are below these: a tmpfs would hide them.
const OF_THE_IMAGE: &[&str] = &[
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr",
];
/// Too much of the image is right in these.
const TOO_WIDE: &[&str] = &["/", "/home", "/mnt", "/opt", "/root", "/srv", "/var", "/var/lib"];

/// Returns the directory at which a tmpfs takes what is written at this path, which may be a
/// directory itself; nothing where the tmpfs would hide files of the image.
pub fn tmpfs_for(path: &str, is_directory: bool) -> Option<String> {
    let path = host_path::clean(path);
    let directory = if is_directory {
        path
    } else {
        path.rfind('/').map(|slash| path[..slash.max(1)].to_owned())?
    };
    let hides = directory != "/dev/shm"
        && (TOO_WIDE.contains(&directory.as_str())
            || OF_THE_IMAGE.iter().any(|top| host_path::is_within(&directory, top)));
    (!hides).then_some(directory)
}

/// Returns whether a path lies right below `/` and is nothing of the image's there: a directory
/// could be a tmpfs itself, a file has none that could take it.
pub fn is_at_root(path: &str) -> bool {
    host_path::clean(path).rfind('/') == Some(0) && tmpfs_for(path, true).is_some()
}

/// Where changed paths could be written to, and which of them have no such place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Directories for a tmpfs or a volume, none inside another.
    pub directories: Vec<String>,
    /// Right below `/`, files or empty directories: the engine does not say which.
    pub at_root: Vec<String>,
    /// Whose directory holds files of the image.
    pub of_the_image: Vec<String>,
}

/// Returns the places of many paths. A path with another one below it is a directory.
pub fn places(paths: &[String]) -> Places {
    let above: BTreeSet<&str> = paths
        .iter()
        .flat_map(|path| path.match_indices('/').map(|(slash, _)| &path[..slash]))
        .collect();
    let mut wanted = BTreeSet::new();
    let (mut at_root, mut of_the_image) = (Vec::new(), Vec::new());
    for path in paths {
        match tmpfs_for(path, above.contains(path.as_str())) {
            Some(directory) => {
                wanted.insert(directory);
            }
            None if is_at_root(path) => at_root.push(path.clone()),
            None => of_the_image.push(path.clone()),
        }
    }
    let mut directories: Vec<String> = Vec::new();
    // Sorted, so that what is above comes first.
    for directory in wanted {
        if !directories.iter().any(|it| host_path::is_within(&directory, it)) {
            directories.push(directory);
        }
    }
    Places { directories, at_root, of_the_image }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tmpfs_takes_a_file_and_hides_nothing_of_the_image() {
        for (path, is_directory, place) in [
            ("/run/nginx.pid", false, Some("/run")),
            ("/var/cache/nginx/client_temp", true, Some("/var/cache/nginx/client_temp")),
            ("/var/lib/app", true, Some("/var/lib/app")),
            ("/var/lib/dpkg", false, None),
            ("/etc/passwd", false, None),
            ("/usr/local/bin/tool", false, None),
            ("/pid", false, None),
            ("/cache", true, Some("/cache")),
            ("relative", false, None),
        ] {
            assert_eq!(tmpfs_for(path, is_directory).as_deref(), place, "{path}");
        }
    }

    #[test]
    fn many_paths_share_few_places() {
        let paths = [
            "/app/data",
            "/app/data/a",
            "/app/data/sub",
            "/app/data/sub/b",
            "/beat",
            "/etc/motd",
            "/run/app.pid",
            "/srv",
        ];
        let places = places(&paths.map(str::to_owned));
        assert_eq!(places.directories, ["/app/data", "/run"]);
        assert_eq!(places.at_root, ["/beat"]);
        assert_eq!(places.of_the_image, ["/etc/motd", "/srv"]);
    }
}
