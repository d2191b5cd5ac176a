//! In which container a process runs, by what its kernel shows it. The engine may be another one
//! than the one that is asked.

/// Files that the engine mounts into every container from a directory named after its ID.
const MOUNTED: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/// Returns the ID, or the first twelve digits of it where nothing but the host name tells; from
/// `/proc/self/mountinfo`, `/proc/self/cgroup` and the host name.
pub fn own_container(mountinfo: &str, cgroup: &str, hostname: &str) -> Option<String> {
    let hostname = hostname.trim();
    by_mounts(mountinfo)
        .or_else(|| by_cgroup(cgroup))
        .or_else(|| (hostname.len() == 12 && is_hexadecimal(hostname)).then_some(hostname))
        .map(str::to_owned)
}

/// On the engine's own host, paths of other containers are among the mounts too: the shared memory
/// of those that share it. Only what is mounted where a container has it counts.
fn by_mounts(mountinfo: &str) -> Option<&str> {
    mountinfo.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        if !MOUNTED.contains(&point) {
            return None;
        }
        root.rsplit('/').nth(1).filter(|it| is_id(it))
    })
}

/// `4:memory:/docker/ID`, `0::/system.slice/docker-ID.scope`; the innermost where engines run
/// within engines.
fn by_cgroup(cgroup: &str) -> Option<&str> {
    cgroup.lines().find_map(|line| line.rsplit(['/', '-', '.']).find(|it| is_id(it)))
}

fn is_id(word: &str) -> bool {
    word.len() == 64 && is_hexadecimal(word)
}

fn is_hexadecimal(word: &str) -> bool {
    word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn mount(root: &str, point: &str) -> String {
        format!("22 1 8:1 / / rw - overlay overlay rw\n42 41 254:1 {root} {point} rw - ext4 /dev/x")
    }

    #[test]
    fn the_id_is_found_where_the_engine_leaves_it() {
        let found = |mounts: &str, cgroup: &str| own_container(mounts, cgroup, "web-1");
        let id = Some(ID.to_owned());
        for data in ["/var/lib/docker", "", "/srv/a-b"] {
            let root = format!("{data}/containers/{ID}/resolv.conf");
            assert_eq!(found(&mount(&root, "/etc/resolv.conf"), "0::/"), id);
        }
        let other = "f".repeat(64);
        for cgroup in [
            format!("4:memory:/docker/{ID}\n"),
            format!("0::/system.slice/docker-{ID}.scope\n"),
            format!("12:pids:/docker/{other}/docker/{ID}\n"),
        ] {
            assert_eq!(found("", &cgroup), id, "{cgroup}");
        }
        assert_eq!(own_container("", "0::/\n", &ID[..12]).as_deref(), Some(&ID[..12]));
    }

    #[test]
    fn a_plain_process_is_in_none_whatever_its_host_carries() {
        let shm = format!("/var/lib/docker/containers/{ID}/mounts/shm");
        for mounts in [mount("/", &shm), mount(&shm, "/mnt"), mount("/etc/hosts", "/etc/hosts")] {
            assert_eq!(own_container(&mounts, "0::/user.slice/session-1.scope", "docker-1"), None);
        }
        for hostname in ["0123456789AB", "0123456789abc", "", "host"] {
            assert_eq!(own_container("", "", hostname), None);
        }
    }
}
