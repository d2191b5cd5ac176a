//! From the engine's `/info` to what it tells about itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::engine_says::{Component, EngineSays};

/// Reads the reply; one that is no object tells nothing.
pub fn engine_says(info: &Value) -> EngineSays {
    let texts = |member: &str| match &info[member] {
        Value::Array(items) => {
            Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        // Left out, or null, where there are none.
        Value::Null if info.is_object() => Some(Vec::new()),
        _ => None,
    };
    let proxies = [("http-proxy", "HttpProxy"), ("https-proxy", "HttpsProxy")];
    EngineSays {
        warnings: texts("Warnings"),
        security_options: info["SecurityOptions"]
            .is_array()
            .then(|| texts("SecurityOptions"))
            .flatten(),
        runtimes: info["Runtimes"].as_object().map(|runtimes| {
            let program = |runtime: &Value| {
                let said = ["path", "runtimeType"].iter().find_map(|it| runtime[*it].as_str());
                said.unwrap_or_default().to_owned()
            };
            runtimes
                .iter()
                .map(|(name, it)| (name.clone(), program(it)))
                .collect::<BTreeMap<_, _>>()
        }),
        kernel_version: info["KernelVersion"].as_str().map(str::to_owned),
        // Those are told elsewhere.
        min_api_version: None,
        components: BTreeMap::new(),
        proxies_with_credentials: proxies
            .into_iter()
            .filter(|(_, member)| info[*member].as_str().is_some_and(|it| it.contains('@')))
            .map(|(key, _)| key)
            .collect(),
        // There only where it is on.
        nri: info.is_object().then(|| !info["NRI"].is_null()),
    }
}

/// Reads which programs the engine is made of from `/version`; older replies have no list.
pub fn components(version: &Value) -> BTreeMap<String, Component> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let listed = version["Components"].as_array().into_iter().flatten();
    let component = |it: &Value| {
        let commit = text(&it["Details"]["GitCommit"]);
        (text(&it["Name"]), Component { version: text(&it["Version"]), commit })
    };
    listed.map(component).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_is_none_and_what_cannot_be_read_is_unknown() {
        let says = engine_says(&json!({
            "SecurityOptions": ["name=seccomp,profile=default", "name=userns"],
            "Runtimes": { "runc": { "path": "runc" }, "x": { "runtimeType": "io.x" } },
            "HttpProxy": "http://xxxxx:xxxxx@proxy",
        }));
        assert_eq!(says.warnings, Some(Vec::new()));
        assert_eq!(says.has_option("userns"), Some(true));
        assert_eq!(says.has_option("user"), Some(false));
        assert_eq!(says.runtimes.unwrap()["x"], "io.x");
        assert_eq!(says.proxies_with_credentials, ["http-proxy"]);
        assert_eq!(engine_says(&Value::Null), EngineSays::default());
    }
}
