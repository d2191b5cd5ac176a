//! References to containers of the same group, turned to their replacements.
//!
//! By ID, and never by name: engines keep a link as it was typed and look the name up again when
//! they start (moby `registerLinks`), when the passing name is long gone.

use serde_json::Value;

use crate::model::{reference, transaction::new_name};

/// A container whose replacement has been created.
#[derive(Clone, Debug)]
pub(super) struct Replaced {
    /// ID of the old one.
    pub(super) old: String,
    pub(super) name: String,
    /// ID of the new one.
    pub(super) twin: String,
}

/// Turns what a `HostConfig` says about others to their replacements. Volumes are taken from a
/// name as it stands: it will be the replacement's.
pub(super) fn redirect(host_config: &mut Value, replaced: &[Replaced]) {
    let find = |to: &str| replaced.iter().find(|it| reference::is_to(to, &it.old, &it.name));
    for key in ["NetworkMode", "PidMode", "IpcMode"] {
        let Some(mode) = host_config.get_mut(key) else { continue };
        let to = mode.as_str().and_then(|mode| mode.strip_prefix("container:"));
        if let Some(it) = to.and_then(find) {
            *mode = format!("container:{}", it.twin).into();
        }
    }
    each_text(host_config.get_mut("VolumesFrom"), |from| {
        let (to, mode) = from.split_once(':').map_or((from, None), |(to, mode)| (to, Some(mode)));
        let it = find(to).filter(|it| it.name != to)?;
        Some(mode.map_or_else(|| it.twin.clone(), |mode| format!("{}:{mode}", it.twin)))
    });
    each_text(host_config.get_mut("Links"), |link| {
        let (to, alias) = link.split_once(':')?;
        Some(format!("{}:{alias}", find(to.trim_start_matches('/'))?.twin))
    });
}

/// Returns the create body as inspect will show it: a link's target by its name of the moment.
pub(super) fn as_shown(body: &Value, replaced: &[Replaced]) -> Value {
    let mut shown = body.clone();
    each_text(shown.pointer_mut("/HostConfig/Links"), |link| {
        let (to, alias) = link.split_once(':')?;
        let it = replaced.iter().find(|it| it.twin == to)?;
        Some(format!("{}:{alias}", new_name(&it.name)))
    });
    shown
}

fn each_text(list: Option<&mut Value>, turned: impl Fn(&str) -> Option<String>) {
    for item in list.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(text) = item.as_str().and_then(&turned) {
            *item = text.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_follow_and_those_to_others_stay() {
        let (old, twin, other) = ("0a".repeat(32), "0b".repeat(32), "0c".repeat(32));
        let replaced = [Replaced { old: old.clone(), name: "vpn".into(), twin: twin.clone() }];
        let mut body = json!({ "HostConfig": {
            "NetworkMode": format!("container:{old}"),
            "PidMode": "container:vpn",
            "IpcMode": format!("container:{other}"),
            "VolumesFrom": [format!("{old}:ro"), "vpn:ro", other],
            "Links": ["vpn:tunnel", "db:database"],
        } });
        redirect(&mut body["HostConfig"], &replaced);
        assert_eq!(
            body["HostConfig"],
            json!({
                "NetworkMode": format!("container:{twin}"),
                "PidMode": format!("container:{twin}"),
                "IpcMode": format!("container:{other}"),
                "VolumesFrom": [format!("{twin}:ro"), "vpn:ro", other],
                "Links": [format!("{twin}:tunnel"), "db:database"],
            })
        );
        let shown = as_shown(&body, &replaced);
        assert_eq!(shown["HostConfig"]["Links"], json!(["vpn.plimsoll-new:tunnel", "db:database"]));
    }

    #[test]
    fn nothing_is_added_where_nothing_is_said() {
        let mut body = json!({ "NetworkMode": "bridge" });
        redirect(&mut body, &[]);
        assert_eq!(body, json!({ "NetworkMode": "bridge" }));
    }
}
