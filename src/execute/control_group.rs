//! Limits as the kernel has them: those of the control group of a container's first process.
//!
//! Inspect tells what the engine has stored. The two part where a value is stored and not
//! applied, so where the process is on this machine, both are read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::seen::Seen;

/// What version 1 shows where there is no limit: the largest number of whole pages.
const NO_LIMIT_V1: i64 = i64::MAX / 4096 * 4096;

/// Where one container's limits are.
pub(super) struct ControlGroup {
    /// `/sys/fs/cgroup` outside of tests.
    mount: PathBuf,
    /// `/proc/PID/cgroup`
    membership: String,
}

impl ControlGroup {
    /// `None` if it has no processes, or they cannot be looked at from here.
    pub(super) fn of(seen: &Seen) -> Option<Self> {
        Self::below(Path::new("/"), seen)
    }

    fn below(root: &Path, seen: &Seen) -> Option<Self> {
        let pid = seen.0["State"]["Pid"].as_u64().filter(|pid| *pid != 0)?;
        let membership = fs::read_to_string(root.join(format!("proc/{pid}/cgroup"))).ok()?;
        // A process ID seen from another namespace is somebody else's here.
        let is_its_own = !seen.id().is_empty() && membership.contains(seen.id());
        is_its_own.then(|| Self { mount: root.join("sys/fs/cgroup"), membership })
    }

    /// Compares with the members of an update that limit something. Returns those that the kernel
    /// has otherwise; `None` if not one of them could be read.
    pub(super) fn wrong(&self, body: &Value) -> Option<Vec<&'static str>> {
        let mut wrong = Vec::new();
        let mut is_read = false;
        for member in ["PidsLimit", "Memory", "MemorySwap"] {
            // Zero leaves things as they are.
            let Some(asked) = body[member].as_i64().filter(|it| *it != 0) else { continue };
            let Some(real) = self.limit(member, body["Memory"].as_i64()) else { continue };
            is_read = true;
            // Memory is limited in whole pages.
            let is_so = real == asked.max(-1) || (asked > 4096 && real == asked / 4096 * 4096);
            if !is_so {
                wrong.push(member);
            }
        }
        is_read.then_some(wrong)
    }

    /// Returns the bytes in use that cannot simply be given back.
    pub(super) fn memory_used(&self) -> Option<u64> {
        let (folder, usage) = match self.group(|it| it.split(',').any(|it| it == "memory")) {
            Some(group) => (self.mount.join("memory").join(group), "memory.usage_in_bytes"),
            None => (self.mount.join(self.group(str::is_empty)?), "memory.current"),
        };
        let usage = u64::try_from(number(&folder.join(usage))?).ok()?;
        let stat = fs::read_to_string(folder.join("memory.stat")).ok()?;
        let of = |name: &str| {
            stat.lines().filter_map(|it| it.split_once(' ')).find(|it| it.0 == name)?.1.parse().ok()
        };
        let reclaimable: Option<u64> = of("total_inactive_file").or_else(|| of("inactive_file"));
        Some(usage.saturating_sub(reclaimable.unwrap_or_default()))
    }

    /// Returns a limit in the words of `HostConfig`, -1 for none; `None` if it cannot be read.
    fn limit(&self, member: &str, memory: Option<i64>) -> Option<i64> {
        let (controller, v1, v2) = match member {
            "PidsLimit" => ("pids", "pids.max", "pids.max"),
            "Memory" => ("memory", "memory.limit_in_bytes", "memory.max"),
            _ => ("memory", "memory.memsw.limit_in_bytes", "memory.swap.max"),
        };
        if let Some(group) = self.group(|it| it.split(',').any(|it| it == controller)) {
            let limit = number(&self.mount.join(controller).join(group).join(v1))?;
            return Some(if limit >= NO_LIMIT_V1 { -1 } else { limit });
        }
        let limit = number(&self.mount.join(self.group(str::is_empty)?).join(v2))?;
        // Version 2 counts swap alone, the engine counts memory in.
        match member {
            "MemorySwap" if limit >= 0 => memory.map(|memory| memory + limit),
            _ => Some(limit),
        }
    }

    fn group(&self, is_it: impl Fn(&str) -> bool) -> Option<&str> {
        self.membership.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            is_it(controllers).then(|| path.trim_start_matches('/'))
        })
    }
}

fn number(file: &Path) -> Option<i64> {
    match fs::read_to_string(file).ok()?.trim() {
        "max" => Some(-1),
        text => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use serde_json::json;

    use super::*;

    const ID: &str = "4c01db0b339c";

    /// A machine with one container, and files below `/sys/fs/cgroup`.
    fn machine(name: &str, membership: &str, files: &[(&str, &str)]) -> (PathBuf, Seen) {
        let root = env::temp_dir().join(format!("plimsoll-cgroup-{name}-{}", process::id()));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(root.join("proc/7/cgroup"), membership);
        for (path, text) in files {
            write(root.join("sys/fs/cgroup").join(path), text);
        }
        (root, Seen(json!({ "Id": ID, "State": { "Pid": 7 } })))
    }

    fn wrong(root: &Path, seen: &Seen, body: &Value) -> Option<Vec<&'static str>> {
        ControlGroup::below(root, seen).unwrap().wrong(body)
    }

    #[test]
    fn version_1_is_read_by_controller_even_beside_version_2() {
        let membership = "0::/docker/4c01db0b339c\n4:memory:/docker/4c01db0b339c\n\
                          8:pids:/docker/4c01db0b339c\n";
        let (root, seen) = machine(
            "v1",
            membership,
            &[
                ("memory/docker/4c01db0b339c/memory.limit_in_bytes", "67108864\n"),
                ("memory/docker/4c01db0b339c/memory.memsw.limit_in_bytes", "9223372036854771712\n"),
                ("memory/docker/4c01db0b339c/memory.usage_in_bytes", "10000\n"),
                (
                    "memory/docker/4c01db0b339c/memory.stat",
                    "inactive_file 1\ntotal_inactive_file 4000\n",
                ),
                ("pids/docker/4c01db0b339c/pids.max", "max\n"),
            ],
        );
        let ask = |body: Value| wrong(&root, &seen, &body).unwrap();
        assert!(ask(json!({ "Memory": 67_108_864, "MemorySwap": -1, "PidsLimit": -1 })).is_empty());
        assert!(ask(json!({ "Memory": 67_108_865 })).is_empty(), "whole pages");
        assert_eq!(
            ask(json!({ "Memory": 1 << 20, "MemorySwap": 2 << 20, "PidsLimit": 9 })),
            ["PidsLimit", "Memory", "MemorySwap"]
        );
        assert_eq!(ControlGroup::below(&root, &seen).unwrap().memory_used(), Some(6000));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn version_2_counts_swap_beside_memory() {
        let slice = "system.slice/docker-4c01db0b339c.scope";
        let (root, seen) = machine(
            "v2",
            &format!("0::/{slice}\n"),
            &[
                (&format!("{slice}/memory.max"), "67108864\n"),
                (&format!("{slice}/memory.swap.max"), "67108864\n"),
                (&format!("{slice}/pids.max"), "77\n"),
            ],
        );
        let ask = |body: Value| wrong(&root, &seen, &body).unwrap();
        let body = json!({ "Memory": 64 << 20, "MemorySwap": 128 << 20, "PidsLimit": 77 });
        assert!(ask(body).is_empty());
        assert_eq!(ask(json!({ "Memory": 64 << 20, "MemorySwap": -1 })), ["MemorySwap"]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_not_made_up() {
        let (root, seen) = machine("none", "0::/docker/4c01db0b339c\n", &[]);
        assert_eq!(wrong(&root, &seen, &json!({ "PidsLimit": 9 })), None);
        assert_eq!(wrong(&root, &seen, &json!({ "RestartPolicy": {} })), None);
        let other = Seen(json!({ "Id": "another", "State": { "Pid": 7 } }));
        assert!(ControlGroup::below(&root, &other).is_none(), "the number is somebody else's");
        let stopped = Seen(json!({ "Id": ID, "State": { "Pid": 0 } }));
        assert!(ControlGroup::below(&root, &stopped).is_none());
        fs::remove_dir_all(root).unwrap();
    }
}
