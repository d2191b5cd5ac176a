//! What the kernel enforces is what the engine shows.

use crate::{
    model::{
        container::{ContainerSpec, Seccomp},
        detail::Detail,
        field::Field,
        finding::{Severity, Verdict},
        process::{KernelLimit, ProcessDetails, ProcessFacts},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct KernelTruth;

static META: Meta = Meta {
    id: "container.kernel-truth",
    title: "The kernel enforces on containers what the engine shows",
    severity: Severity::High,
    docs: "
## Checks
Of a running container's first process, that the kernel (`/proc/PID`, its control groups) holds it to no less than the engine shows: `no-new-privileges`, a seccomp filter and the AppArmor profile where the container asks for them, no capability beyond those it was given, a user that is not root, user IDs that are others on the host where the daemon maps them, and its limits of memory and processes.
It applies to runtimes that start containers as processes of the host's kernel, such as `runc`.

## Why
What the engine shows is what was asked for. A profile that was unloaded, a limit that the kernel could not set, an option that the runtime ignored, and what somebody changed by hand are all invisible there.

## What a fix may break
Nothing is changed: a restart of the container sets everything up anew, and interrupts it.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "{HostConfig: {SecurityOpt: [no-new-privileges], PidsLimit: 50}, Kernel: {no-new-privileges: true, pids: 50}}",
        },
        Example::Passes { params: "{}", object: "{HostConfig: {Memory: 67108865}, Kernel: {memory: 67108864}}" },
        Example::Passes { params: "{}", object: "{AppArmorProfile: docker-default, Kernel: {apparmor: docker-default (enforce)}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {SecurityOpt: [no-new-privileges]}, Kernel: {}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {SecurityOpt: ['seccomp={}']}, Kernel: {seccomp: 0}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {CapDrop: [ALL]}, Kernel: {}}" },
        Example::Fails { params: "{}", object: "{AppArmorProfile: docker-default, Kernel: {apparmor: unconfined}}" },
        Example::Fails { params: "{}", object: "{AppArmorProfile: web, Kernel: {apparmor: web (complain)}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {Memory: 67108864}, Kernel: {memory: -1}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {PidsLimit: 50}, Kernel: {pids: 5000}}" },
        Example::Fails { params: "{}", object: "{Config: {User: '1000'}, Kernel: {uid: 100000, root-is: 100000}}" },
        Example::Fails { params: "{}", object: "{Kernel: {root-is: 0}}" },
        Example::Unknown { params: "{}", object: "{HostConfig: {PidsLimit: 50}, Kernel: {}}" },
        Example::Unknown { params: "{}", object: "{HostConfig: {Runtime: runsc}, Kernel: {}}" },
        Example::Unknown { params: "{}", object: "State: {Status: running}" },
        Example::NotApplicable { params: "{}", object: "State: {Status: exited}" },
    ],
};

/// Runtimes whose containers are processes of the host's kernel.
const OF_THIS_KERNEL: [&str; 6] =
    ["crun", "io.containerd.runc.v1", "io.containerd.runc.v2", "nvidia", "runc", "youki"];

impl Rule for KernelTruth {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Process]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.state.has_processes() {
            return Verdict::NotApplicable("it does not run");
        }
        let runtime = match container.defaulted.runtime.as_str() {
            "" => container.engine.default_runtime.as_str(),
            own => own,
        };
        if !OF_THIS_KERNEL.contains(&runtime) {
            let why =
                format!("what the runtime {runtime:?} enforces is not to be seen from outside");
            return Verdict::Unknown(why);
        }
        let process = match &container.process {
            Field::Set(process) => process,
            Field::Unknown(why) => return Verdict::Unknown((*why).into()),
            Field::Inherited(_) => return Verdict::Unknown("it was not looked at".into()),
        };
        let Some(details) = &process.details else {
            return Verdict::Unknown("its process was not looked at in detail".into());
        };
        let mut told = Told::default();
        told.of_process(container, process, details);
        told.of_apparmor(container, details);
        told.of_user_ids(container, details);
        told.limit("memory", container.memory_bytes, details.memory);
        told.limit("pids", container.pids_limit, details.pids);
        told.verdict(&container.name)
    }
}

/// What came out so far.
#[derive(Default)]
struct Told {
    /// What the kernel has, and what the engine shows.
    weaker: Vec<(String, String)>,
    unread: Vec<&'static str>,
}

impl Told {
    fn of_process(
        &mut self,
        container: &ContainerSpec,
        process: &ProcessFacts,
        details: &ProcessDetails,
    ) {
        if container.defaulted.no_new_privileges == Some(true) && !process.no_new_privileges {
            self.differs("no-new-privileges off", "no-new-privileges");
        }
        // Without an option of its own, the kernel's word is all that other rules go by.
        let asks_filter =
            matches!(container.seccomp_option, Some(Seccomp::Builtin | Seccomp::Profile { .. }));
        if asks_filter && process.seccomp == 0 {
            self.differs("no seccomp filter", "a seccomp profile");
        }
        let given = container.capability_request.effective(container.privileged);
        let beyond: Vec<&str> = process.bounding.without(given).names().collect();
        if !container.privileged && !beyond.is_empty() {
            self.differs(format!("capabilities {}", beyond.join(", ")), "not given");
        }
        let asks_user = container.user.stated().is_some_and(|user| {
            let name = user.split(':').next().unwrap_or_default();
            name.parse::<u32>().is_ok_and(|uid| uid != 0)
        });
        if asks_user && process.uid == details.root_is.unwrap_or_default() {
            self.differs("runs as root", "another user");
        }
    }

    fn of_apparmor(&mut self, container: &ContainerSpec, details: &ProcessDetails) {
        let confinement = &container.confinement;
        let asked = match (&confinement.apparmor_option, confinement.apparmor_shown.as_str()) {
            (_, shown) if !shown.is_empty() => shown,
            (Some(option), _) => option,
            (None, _) => return,
        };
        if container.engine.apparmor != Some(true) || asked == "unconfined" {
            return;
        }
        let Some(label) = &details.apparmor else {
            return self.unread.push("its AppArmor profile cannot be read");
        };
        let (name, mode) = label.split_once(" (").unwrap_or((label, ""));
        // A profile can hand over to one below it, and several can hold at once.
        let is_asked = |it: &str| it == asked || it.starts_with(&format!("{asked}//"));
        let holds = name.split("//&").any(is_asked) && !mode.starts_with("complain");
        if !holds {
            self.differs(format!("AppArmor {label}"), asked);
        }
    }

    fn of_user_ids(&mut self, container: &ContainerSpec, details: &ProcessDetails) {
        let are_mapped =
            container.engine.maps_users == Some(true) && !container.confinement.host_userns;
        match details.root_is {
            _ if !are_mapped => {}
            Some(0) => self.differs("user IDs of the host", "user IDs of its own"),
            Some(_) => {}
            None => self.unread.push("what its user IDs are on the host cannot be read"),
        }
    }

    fn limit(&mut self, name: &'static str, asked: Option<i64>, real: Option<KernelLimit>) {
        let Some(asked) = asked else { return };
        match real {
            Some(KernelLimit::Most(most)) if most <= asked => {}
            Some(KernelLimit::Most(most)) => {
                self.differs(format!("{name} up to {most}"), asked.to_string());
            }
            Some(KernelLimit::None) => {
                self.differs(format!("{name} without limit"), asked.to_string());
            }
            None => self.unread.push(match name {
                "memory" => "its limit of memory cannot be read",
                _ => "its limit of processes cannot be read",
            }),
        }
    }

    fn differs(&mut self, real: impl Into<String>, shown: impl Into<String>) {
        self.weaker.push((real.into(), shown.into()));
    }

    fn verdict(self, name: &str) -> Verdict {
        let Self { weaker, unread } = self;
        if weaker.is_empty() {
            return match unread.is_empty() {
                true => Verdict::Pass,
                false => Verdict::Unknown(unread.join("; ")),
            };
        }
        let (real, shown): (Vec<String>, Vec<String>) = weaker.into_iter().unzip();
        let advice = format!(
            "`docker restart {name}` sets it up anew; if that changes nothing, the kernel cannot \
             do it or the profile is not loaded, and `docker info` may warn of it"
        );
        fails_by_hand("kernel", real.join("; "), shown.join("; "), advice)
    }
}
