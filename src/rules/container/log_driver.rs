//! What a container says is kept, and not for ever.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
        glob::Glob,
        size::Size,
    },
    rules::{Example, Meta, ParamError, Rule, fails, fails_by_hand},
};

pub struct LogDriver;

static META: Meta = Meta {
    id: "container.log-driver",
    title: "Containers log by an allowed driver, and not without end",
    severity: Severity::Medium,
    docs: "
## Checks
That the container logs at all (not `none`), by a driver that fits one of `allow` where that is given, and that what `json-file` keeps has a size (`max-size`).
`local` bounds what it keeps by itself.

## Why
Without a log nobody can tell what happened; a log without end fills the disk. A change of the daemon's defaults does not reach containers that are there already.

## What a fix may break
The container is replaced by one that keeps `max-size` in each of `max-file` files; older lines go.
A driver is never changed: where logs should go, only its owner knows.
",
    fix: Some(Class::Recreate),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {LogConfig: {Type: json-file, Config: {max-size: 10m}}}" },
        Example::Passes { params: "{}", object: "HostConfig: {LogConfig: {Type: local, Config: {}}}" },
        Example::Passes { params: "allow: [journald]", object: "HostConfig: {LogConfig: {Type: journald}}" },
        Example::Fails { params: "{}", object: r#"HostConfig: {LogConfig: {Type: json-file, Config: {max-file: "3"}}}"# },
        Example::Fails { params: "{}", object: "HostConfig: {LogConfig: {Type: none, Config: {}}}" },
        Example::Fails { params: "allow: [syslog]", object: "HostConfig: {LogConfig: {Type: local, Config: {}}}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

/// How containers log.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Names of drivers, with wildcards; without it every one but `none` passes.
    #[serde(default)]
    allow: Vec<Glob>,
    /// What a fix sets for `json-file`.
    #[serde(default = "ten_megabytes")]
    max_size: Size,
    /// How many files a fix lets it keep.
    #[serde(default = "three")]
    #[schemars(range(min = 1))]
    max_file: u32,
}

const fn ten_megabytes() -> Size {
    Size(10 << 20)
}

const fn three() -> u32 {
    3
}

impl Rule for LogDriver {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.max_size.0 < 1 {
            return Err(ParamError::new("max-size", "0 is no size for a log"));
        }
        if params.max_file < 1 {
            return Err(ParamError::new("max-file", "0 files keep nothing; the least is 1"));
        }
        Ok(())
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let Some(log) = &container.defaulted.log else {
            return Verdict::Unknown("how it logs is not known".into());
        };
        let driver = log.driver.as_str();
        let advice = "start it with another driver: `--log-driver NAME`";
        if driver == "none" {
            return fails_by_hand("logging", "none", "a log", advice);
        }
        if !params.allow.is_empty() && !params.allow.iter().any(|it| it.fits(driver)) {
            return fails_by_hand("logging", driver, params.allow.join(", "), advice);
        }
        let is_unbounded = |it: &String| it.starts_with('-') || it == "0";
        let bounded = log.options.get("max-size").is_some_and(|it| !is_unbounded(it));
        if driver != "json-file" || bounded {
            return Verdict::Pass;
        }
        let set = [
            ("max-size".to_owned(), params.max_size.to_string()),
            ("max-file".to_owned(), params.max_file.to_string()),
        ];
        let edit =
            ContainerEdit::Log { driver: driver.to_owned(), set: set.into(), unset: [].into() };
        fails("logging", "json-file without end", format!("max-size {}", params.max_size), [edit])
    }
}
