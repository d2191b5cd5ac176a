//! Nobody is spared when memory runs out.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoOomBypass;

static META: Meta = Meta {
    id: "container.no-oom-bypass",
    title: "Containers do not make the kernel spare them when memory runs out",
    severity: Severity::Medium,
    docs: "
## Checks
That `--oom-kill-disable` is given only together with a memory limit, `--oom-score-adj` is not below -500, and swap is not unlimited beside a memory limit.

## Why
A container that the kernel spares makes it kill others instead, the daemon or the host's services among them; one that swaps without limit takes the host's disk instead of its memory.

## What a fix may break
Nothing is changed: only its owner knows what must survive.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {OomKillDisable: true, Memory: 67108864, OomScoreAdj: -500}" },
        Example::Passes { params: "{}", object: "HostConfig: {MemorySwap: -1}" },
        Example::Fails { params: "{}", object: "HostConfig: {OomKillDisable: true}" },
        Example::Fails { params: "{}", object: "HostConfig: {OomScoreAdj: -1000}" },
        Example::Fails { params: "{}", object: "HostConfig: {Memory: 67108864, MemorySwap: -1}" },
    ],
};

impl Rule for NoOomBypass {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let is_limited = container.memory_bytes.is_some();
        let advice = "start it without that, and with as much memory as it needs";
        if container.oom_kill_disable && !is_limited {
            let want = "a memory limit beside it";
            return fails_by_hand("oom_kill_disable", "true", want, advice);
        }
        if container.oom_score_adj < -500 {
            let seen = container.oom_score_adj.to_string();
            return fails_by_hand("oom_score_adj", seen, "-500 or higher", advice);
        }
        if is_limited && container.memory_swap_bytes == -1 {
            return fails_by_hand("memswap_limit", "unlimited", "a limit", advice);
        }
        Verdict::Pass
    }
}
