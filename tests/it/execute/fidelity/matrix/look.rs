//! What is to be seen of containers: what the engine says, and what the kernel says on their
//! host and inside of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Wrong,
    settings::{Own, Which, differences},
    shapes::{Edit, Shape, State},
};
use crate::lab::Host;

pub(super) struct Look {
    pub(super) inspects: BTreeMap<String, Value>,
    facts: BTreeMap<String, BTreeSet<String>>,
}

/// Reads lines with a name and the ID of its first process. All of a container in few commands:
/// there are many containers.
const FACTS: &str = r#"
while read -r name pid; do
    echo "= $name"
    ( cd /proc/$pid && grep -aH '' status limits oom_score_adj mountinfo cmdline environ \
        root/etc/hosts root/etc/resolv.conf )
    for space in cgroup ipc mnt net pid user uts; do
        [ /proc/$pid/ns/$space -ef /proc/1/ns/$space ] || echo "own $space"
        [ /proc/$pid/ns/$space -ef /proc/$provider/ns/$space ] && echo "provider's $space"
    done
    readlink /proc/$pid/cwd | sed 's/^/directory:/'
    nsenter -t $pid -u sh -c 'echo "name:$(hostname) $(cat /proc/sys/kernel/domainname)"'
    [ /proc/$pid/ns/net -ef /proc/1/ns/net ] || nsenter -t $pid -n sh -c '
        ip -o link | sed "s/^[0-9]*: /link:/; s/@if[0-9]*//"
        ip -o address | sed "s/^[0-9]*: /address:/"
        ip route | sed "s/^/route:/"; ip -6 route | sed "s/^/route:/"'
    while IFS=: read -r number kind path; do
        cd "/sys/fs/cgroup/$kind$path" 2>/dev/null || continue
        echo "cgroup:$kind $path"
        case $kind in
        '') grep -H '' memory.max memory.swap.max memory.low pids.max cpu.max cpu.weight \
            cpuset.cpus cpuset.mems io.bfq.weight ;;
        memory) grep -H '' memory.limit_in_bytes memory.memsw.limit_in_bytes \
            memory.soft_limit_in_bytes memory.swappiness memory.oom_control ;;
        pids) grep -H '' pids.max ;;
        cpuset) grep -H '' cpuset.cpus cpuset.mems ;;
        cpu,cpuacct | cpu) grep -H '' cpu.shares cpu.cfs_quota_us cpu.cfs_period_us ;;
        devices) grep -H '' devices.list ;;
        blkio) grep -H '' blkio.bfq.weight blkio.throttle.read_bps_device ;;
        esac 2>/dev/null
    done </proc/$pid/cgroup
done
"#;

/// Of the facts about a process, those that a container decides.
const OF_STATUS: &[&str] = &["Cap", "NoNewPrivs:", "Seccomp:", "Uid:", "Gid:", "Groups:"];

impl Look {
    pub(super) fn at(host: &Host, shapes: &[Shape]) -> Self {
        let names: Vec<String> = shapes.iter().map(Shape::container).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let command = [&["container", "inspect"], names.as_slice()].concat();
        let replies: Vec<Value> = serde_json::from_str(&host.docker(&command)).unwrap();
        let inspects: BTreeMap<String, Value> =
            names.iter().map(|it| (*it).to_owned()).zip(replies).collect();
        let facts = facts(host, shapes, &inspects);
        Self { inspects, facts }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.inspects.values().filter_map(|it| it["Id"].as_str())
    }

    /// The very same containers are in office, and as they were.
    pub(super) fn is_unchanged_in(
        &self,
        after: &Self,
        shapes: &[Shape],
        when: &str,
        wrong: &mut Wrong,
    ) {
        for shape in shapes {
            let name = shape.container();
            let (was, is) = (&self.inspects[&name], &after.inspects[&name]);
            for path in differences(shape, was, is, Which::Old) {
                wrong.tell(shape, when, &path);
            }
            compare(shape, self.facts(shape), after.facts(shape), when, wrong);
        }
    }

    /// Others are in office that differ in the edit and in nothing else.
    pub(super) fn is_edited_in(
        &self,
        after: &Self,
        shapes: &[Shape],
        when: &str,
        wrong: &mut Wrong,
    ) {
        for shape in shapes {
            let name = shape.container();
            let (was, is) = (&self.inspects[&name], &after.inspects[&name]);
            if was["Id"] == is["Id"] {
                wrong.tell(shape, when, "it is the old one");
            }
            if !shape.edit.is_in(is) {
                wrong.tell(shape, when, "the edit itself is missing");
            }
            for path in differences(shape, was, is, Which::Twin) {
                wrong.tell(shape, when, &path);
            }
            let (about, value) = match shape.edit {
                Edit::Pids => ("pids.max:", "pids.max:321"),
                Edit::NoNewPrivileges => ("status:NoNewPrivs:", "status:NoNewPrivs:\t1"),
            };
            let without = |facts: &BTreeSet<String>| -> BTreeSet<String> {
                facts.iter().filter(|it| !it.starts_with(about)).cloned().collect()
            };
            let facts = after.facts(shape);
            if shape.state == State::Running && !facts.contains(value) {
                wrong.tell(shape, when, "the kernel knows nothing of the edit");
            }
            compare(shape, &without(self.facts(shape)), &without(facts), when, wrong);
        }
    }

    fn facts(&self, shape: &Shape) -> &BTreeSet<String> {
        const NOTHING: &BTreeSet<String> = &BTreeSet::new();
        let facts = self.facts.get(&shape.container()).unwrap_or(NOTHING);
        assert_eq!(facts.len() > 20, shape.state == State::Running, "{}: {facts:?}", shape.name);
        facts
    }
}

fn compare(
    shape: &Shape,
    was: &BTreeSet<String>,
    is: &BTreeSet<String>,
    when: &str,
    wrong: &mut Wrong,
) {
    for fact in was.difference(is) {
        wrong.tell(shape, when, &format!("gone: {fact}"));
    }
    for fact in is.difference(was) {
        wrong.tell(shape, when, &format!("come: {fact}"));
    }
}

/// Returns what is to be seen of each running container.
fn facts(
    host: &Host,
    shapes: &[Shape],
    inspects: &BTreeMap<String, Value>,
) -> BTreeMap<String, BTreeSet<String>> {
    let running = shapes.iter().filter(|it| inspects[&it.container()]["State"]["Pid"] != 0);
    let running: Vec<&Shape> = running.collect();
    let pid = |name: &str| {
        let pid = host.docker(&["inspect", "--format", "{{.State.Pid}}", name]);
        format!("{}={pid}\n", name.trim_start_matches("fid-"))
    };
    let mut script = pid("fid-provider") + &pid("fid-peer") + "set +e\n" + FACTS;
    let mut input = String::new();
    for shape in running {
        let name = shape.container();
        let pid = &inspects[&name]["State"]["Pid"];
        input.push_str(&format!("{name} {pid}\n"));
        let quoted = shape.inside.replace('\'', r"'\''");
        if !quoted.is_empty() {
            script.push_str(&format!(
                "echo '= {name}'\n\
                 nsenter -t {pid} -m -u -i -n -p -r -w/ sh -c '{quoted}' 2>&1 | sed 's/^/inside:/'\n"
            ));
        }
        for found in shape.found_as {
            script.push_str(&format!(
                "echo '= {name}'\n\
                 nsenter -t $peer -m -n -r nslookup {found} 2>&1 | sed '1,2d; s/^/{found}:/'\n"
            ));
        }
    }
    let output = host.run_with_input(&["sh", "-c", &script], &input).ok();
    let mut facts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, lines) in output.split("= fid-").filter_map(|it| it.split_once('\n')) {
        let name = format!("fid-{name}");
        let of_it = of_container(&inspects[&name], lines);
        facts.entry(name).or_default().extend(of_it);
    }
    facts
}

/// Returns the facts among the lines, with the container's own values hidden.
fn of_container(inspect: &Value, lines: &str) -> Vec<String> {
    let own = Own::of(inspect);
    let mut facts = Vec::new();
    let mut interfaces = Vec::new();
    for line in lines.lines() {
        let Some((about, said)) = line.split_once(':') else {
            facts.push(line.to_owned());
            continue;
        };
        match about {
            "status" if !OF_STATUS.iter().any(|it| said.starts_with(it)) => {}
            // Chosen by the kernel, never by the container.
            "address" | "route" if said.contains("fe80:") => {}
            "environ" | "cmdline" => {
                let words = said.split('\0').filter(|it| !it.is_empty());
                facts.extend(words.map(|word| own.hide(&format!("{about}:{word}"))));
            }
            "mountinfo" => facts.push(own.hide(&format!("mount:{}", mount(said)))),
            "link" => {
                let interface = said.split(':').next().unwrap_or_default();
                if let Some(network) = network_of(inspect, said) {
                    interfaces.push((interface.to_owned(), network));
                }
                facts.push(own.hide(line));
            }
            _ => facts.push(own.hide(line)),
        }
    }
    // Which network gets which number is up to the engine, at each start.
    let about_networks =
        |fact: &str| ["link:", "address:", "route:"].iter().any(|it| fact.starts_with(it));
    for fact in facts.iter_mut().filter(|it| about_networks(it)) {
        for (interface, network) in &interfaces {
            *fact = fact.replace(interface, &format!("<{network}>"));
        }
    }
    facts
}

fn network_of(inspect: &Value, link: &str) -> Option<String> {
    let networks = inspect["NetworkSettings"]["Networks"].as_object()?;
    let has_mac = |endpoint: &Value| {
        let mac = endpoint["MacAddress"].as_str().unwrap_or_default();
        !mac.is_empty() && link.contains(mac)
    };
    networks.iter().find(|(_, endpoint)| has_mac(endpoint)).map(|(network, _)| network.clone())
}

/// A line of `mountinfo` without its numbers, without the layers of the image, and without what a
/// tmpfs takes over from the folder below it, which the first start makes.
fn mount(line: &str) -> String {
    let mut words: Vec<&str> = line
        .split(' ')
        .skip(3)
        .map(|word| match word.split_once(':') {
            Some((kind @ ("shared" | "master" | "propagate_from"), _)) => kind,
            _ => word,
        })
        .collect();
    if let Some(at) = words.iter().position(|it| *it == "overlay") {
        words.truncate(at + 1);
    }
    words.join(" ").replace("tmpfs tmpfs rw,mode=755", "tmpfs tmpfs rw")
}
