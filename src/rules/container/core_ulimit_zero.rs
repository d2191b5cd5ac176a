//! No memory of programs on disk.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct CoreUlimitZero;

static META: Meta = Meta {
    id: "container.core-ulimit-zero",
    title: "Containers leave no core dumps",
    severity: Severity::Low,
    docs: "
## Checks
That the hard limit on core dumps is 0, be it the container's own ulimit or the daemon's default.

## Why
The dump of a program that crashed holds everything it had in memory, keys and passwords among it.

## What a fix may break
Nothing is changed: whoever looks for the cause of a crash may want the dump.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "HostConfig: {Ulimits: [{Name: core, Soft: 0, Hard: 0}]}",
        },
        Example::Fails {
            params: "{}",
            object: "HostConfig: {Ulimits: [{Name: core, Soft: 0, Hard: -1}]}",
        },
        Example::Fails { params: "{}", object: "{}" },
    ],
};

impl Rule for CoreUlimitZero {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let core = container.defaulted.ulimits.iter().find(|it| it.name == "core");
        let seen = match core.map(|it| it.hard) {
            Some(0) => return Verdict::Pass,
            Some(-1) => "unlimited".to_owned(),
            Some(hard) => hard.to_string(),
            None => "what the daemon's process has".to_owned(),
        };
        let advice = "start it with `--ulimit core=0`, or declare the daemon's \
                      `default-ulimits: { core: { Name: core, Hard: 0, Soft: 0 } }`";
        fails_by_hand("ulimits", seen, "core=0", advice)
    }
}
