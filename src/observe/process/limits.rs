//! Limits of a process, as its control groups have them.

use std::{fs, path::PathBuf};

use super::Proc;
use crate::model::process::KernelLimit;

/// Version 1 shows the largest number of whole pages where there is no limit; pages have up to
/// 64 KiB.
const NO_LIMIT_V1: i64 = i64::MAX / 65_536 * 65_536;

impl Proc {
    /// Returns the limit that this controller sets; `None` if it cannot be read.
    pub(super) fn limit(&self, cgroups: &str, controller: &str, v1: &str) -> Option<KernelLimit> {
        let mount = self.0.parent()?.join("sys/fs/cgroup");
        let groups: Vec<(&str, &str)> = cgroups
            .lines()
            .filter_map(|line| {
                let mut parts = line.splitn(3, ':').skip(1);
                Some((parts.next()?, parts.next()?.trim_start_matches('/')))
            })
            .collect();
        let has = |controllers: &str| controllers.split(',').any(|it| it == controller);
        if let Some((_, group)) = groups.iter().find(|it| has(it.0)) {
            return read(mount.join(controller).join(group).join(v1)).ok();
        }
        // No group of version 1: the kernel has the controller in version 2, or not at all.
        let Some((_, group)) = groups.iter().find(|it| it.0.is_empty()) else {
            return (!groups.is_empty()).then_some(KernelLimit::None);
        };
        let hybrid = mount.join("unified");
        let folder = if hybrid.is_dir() { hybrid } else { mount }.join(group);
        match read(folder.join(format!("{controller}.max"))) {
            Ok(limit) => Some(limit),
            Err(error) => {
                let is_without = error.kind() == std::io::ErrorKind::NotFound && folder.is_dir();
                is_without.then_some(KernelLimit::None)
            }
        }
    }

    /// Returns the AppArmor profile with its mode, or what another security module says of the
    /// process.
    pub(super) fn security_label(&self, pid: u32) -> Option<String> {
        let label = ["attr/apparmor/current", "attr/current"]
            .iter()
            .find_map(|it| self.text(pid, it).ok())?;
        let label = label.trim_matches(['\0', '\n']).to_owned();
        (!label.is_empty()).then_some(label)
    }
}

fn read(file: PathBuf) -> std::io::Result<KernelLimit> {
    let text = fs::read_to_string(file)?;
    match text.trim() {
        "max" => Ok(KernelLimit::None),
        number => {
            let limit: i64 = number.parse().map_err(std::io::Error::other)?;
            Ok(if limit >= NO_LIMIT_V1 { KernelLimit::None } else { KernelLimit::Most(limit) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::scratch::Scratch;

    const V1: &str = "5:memory:/docker/1f0c\n4:pids:/docker/1f0c\n0::/docker/1f0c\n";

    fn limits(scratch: &Scratch, cgroups: &str) -> [Option<KernelLimit>; 2] {
        let proc = Proc::new(scratch.path("proc"));
        [("memory", "memory.limit_in_bytes"), ("pids", "pids.max")]
            .map(|(controller, v1)| proc.limit(cgroups, controller, v1))
    }

    #[test]
    fn limits_of_version_1_are_read_from_each_controller() {
        let scratch = Scratch::new();
        let file = "sys/fs/cgroup/memory/docker/1f0c/memory.limit_in_bytes";
        scratch.file(file, "67108864\n");
        scratch.file("sys/fs/cgroup/pids/docker/1f0c/pids.max", "max\n");
        let most = Some(KernelLimit::Most(67_108_864));
        assert_eq!(limits(&scratch, V1), [most, Some(KernelLimit::None)]);
        scratch.file(file, "9223372036854771712\n");
        assert_eq!(limits(&scratch, V1)[0], Some(KernelLimit::None));
        scratch.file(file, "many\n");
        assert_eq!(limits(&scratch, V1)[0], None);
    }

    #[test]
    fn limits_of_version_2_are_read_from_one_group() {
        let scratch = Scratch::new();
        let group = "0::/system.slice/docker-1f0c.scope\n";
        assert_eq!(limits(&scratch, group), [None, None]);
        scratch.file("sys/fs/cgroup/system.slice/docker-1f0c.scope/memory.max", "4096\n");
        let read = [Some(KernelLimit::Most(4096)), Some(KernelLimit::None)];
        assert_eq!(limits(&scratch, group), read);
    }

    #[test]
    fn controller_that_the_kernel_has_not_limits_nothing() {
        let scratch = Scratch::new();
        assert_eq!(limits(&scratch, "3:cpu,cpuacct:/docker/1f0c\n"), [Some(KernelLimit::None); 2]);
        assert_eq!(limits(&scratch, ""), [None; 2]);
        assert_eq!(limits(&scratch, V1), [None; 2]);
    }
}
