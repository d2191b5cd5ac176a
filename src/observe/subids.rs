//! What `/etc/subuid` and `/etc/subgid` lend to the user whose numbers containers run under.

use std::{fs, path::Path};

use serde_json::Value;

use super::{
    accounts,
    rooted::{Root, is_absent},
};
use crate::{
    model::{
        daemon::DaemonConfig,
        host_system::{IdRange, Seen, SubIds},
    },
    sources::info::engine_says,
};

/// Looks at both files, where the engine goes by them. Blocks.
pub(super) fn look(
    root: &Root,
    config: &DaemonConfig,
    info: &Value,
    owner: u32,
) -> Seen<Option<SubIds>> {
    let says = engine_says(info);
    let (Some(rootless), Some(remapped)) = (says.has_option("rootless"), says.has_option("userns"))
    else {
        return Err("the engine does not tell whether it maps users".into());
    };
    let accounts = accounts::read(root)?;
    let user = if rootless {
        owner.to_string()
    } else if remapped {
        let said = config.keys.get("userns-remap").and_then(|it| it.running.stated());
        let said = said.and_then(Value::as_str).filter(|it| !it.is_empty());
        let said = said.ok_or("whose numbers the engine uses could not be found out")?;
        match said.split(':').next().unwrap_or_default() {
            // The engine makes that user.
            "default" => "dockremap".to_owned(),
            user => user.to_owned(),
        }
    } else {
        return Ok(None);
    };
    // Both files may name a user by number.
    let account = accounts.iter().find(|it| it.name == user || it.uid.to_string() == user);
    let name = account.map_or(user.as_str(), |it| it.name.as_str());
    let number = account.map_or_else(|| user.clone(), |it| it.uid.to_string());
    let is_engines = |it: &str| it == name || it == number;
    let of_accounts = accounts.iter().map(|it| (it.name.clone(), it.uid));
    Ok(Some(SubIds {
        users: ranges(root, "/etc/subuid", is_engines, of_accounts)?,
        groups: ranges(root, "/etc/subgid", is_engines, accounts::groups(root)?.into_iter())?,
        user: name.to_owned(),
    }))
}

/// Returns what the file lends, and the numbers that somebody has for themselves.
fn ranges(
    root: &Root,
    path: &str,
    is_engines: impl Fn(&str) -> bool,
    own: impl Iterator<Item = (String, u32)>,
) -> Seen<Vec<IdRange>> {
    let text = match root.find(Path::new(path)).and_then(fs::read_to_string) {
        Ok(text) => text,
        Err(error) if is_absent(&error) => String::new(),
        Err(error) => return Err(format!("{path} cannot be read: {error}")),
    };
    let lent = text.lines().filter_map(|line| {
        let mut columns = line.split('#').next()?.trim().split(':');
        let owner = columns.next()?;
        let (first, count) = (columns.next()?.parse().ok()?, columns.next()?.parse().ok()?);
        Some(IdRange { owner: owner.to_owned(), is_engines: is_engines(owner), first, count })
    });
    let own = own.map(|(name, id)| IdRange {
        owner: name,
        is_engines: false,
        first: id.into(),
        count: 1,
    });
    Ok(lent.chain(own).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        model::{daemon::DaemonKey, field::Field},
        observe::scratch::Scratch,
    };

    fn config(remap: &str) -> DaemonConfig {
        let running = Field::Set(json!(remap));
        let key = DaemonKey { file: None, flag: None, running };
        let keys = [("userns-remap".to_owned(), key)].into();
        DaemonConfig { keys, ..DaemonConfig::default() }
    }

    fn info(option: &str) -> Value {
        json!({ "SecurityOptions": ["name=seccomp", format!("name={option}")] })
    }

    #[test]
    fn lent_are_those_of_the_user_whom_the_engine_goes_by() {
        let scratch = Scratch::new();
        scratch.file("etc/passwd", "root:x:0:0::/:\ndockremap:x:110:110::/:\nann:x:1000:1::/:\n");
        scratch.file("etc/group", "root:x:0:\n");
        scratch.file("etc/subuid", "# lent\ndockremap:100000:65536\n1000:165536:65536\n");
        let root = Root::new(scratch.path(""));
        let engines = |seen: Seen<Option<SubIds>>| {
            let seen = seen.unwrap().unwrap();
            let own = seen.users.into_iter().filter(|it| it.is_engines);
            (seen.user, own.map(|it| (it.first, it.count)).collect::<Vec<_>>())
        };
        let remapped = |user| look(&root, &config(user), &info("userns"), 0);
        assert_eq!(engines(remapped("default")), ("dockremap".into(), vec![(100_000, 65536)]));
        assert_eq!(engines(remapped("ann:ann")), ("ann".into(), vec![(165_536, 65536)]));
        let rootless = look(&root, &DaemonConfig::default(), &info("rootless"), 1000);
        assert_eq!(engines(rootless), ("ann".into(), vec![(165_536, 65536)]));
        assert_eq!(look(&root, &config(""), &info("apparmor"), 0), Ok(None));
        assert!(look(&root, &config(""), &info("userns"), 0).is_err());
    }
}
