//! Whether this program itself runs in a container, and in which.

use std::fs;

/// Returns the ID of the container that this process runs in. It can belong to another engine.
pub fn own_container() -> Option<String> {
    let files = ["/proc/self/mountinfo", "/proc/self/cgroup"];
    files.iter().filter_map(|path| fs::read_to_string(path).ok()).find_map(|text| named_in(&text))
}

/// The engine mounts `…/containers/ID/hostname` into every container, and cgroup v1 has the ID at
/// the end of a path.
fn named_in(text: &str) -> Option<String> {
    let of_mounts = text.split("/containers/").skip(1);
    let of_cgroups = text.split(['/', '-']).skip(1);
    of_mounts.chain(of_cgroups).find_map(|rest| {
        let id: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        (id.len() == 64).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_where_the_engine_leaves_it() {
        let id = "0123456789abcdef".repeat(4);
        let mount =
            format!("42 41 254:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw");
        assert_eq!(named_in(&mount), Some(id.clone()));
        assert_eq!(named_in(&format!("4:memory:/docker/{id}\n")), Some(id.clone()));
        assert_eq!(named_in(&format!("0::/system.slice/docker-{id}.scope\n")), Some(id));
    }

    #[test]
    fn a_plain_process_is_in_none() {
        assert_eq!(
            named_in("0::/user.slice/session-1.scope\n22 1 8:1 / / rw - ext4 /dev/sda1 rw"),
            None
        );
    }
}
