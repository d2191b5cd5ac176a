//! Files for Docker's command line, `~/.docker/config.json`: whose they are, and whether they keep
//! passwords. What they keep is dropped here.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    accounts,
    rooted::{Root, is_absent},
};
use crate::model::host_system::{ClientConfig, ClientConfigFacts, Seen, SocketGroup};

/// They are a few hundred bytes; whoever has one could put anything there.
const MOST_BYTES: u64 = 1 << 20;

/// Members of an entry that let somebody in by themselves.
const CREDENTIALS: [&str; 5] = ["auth", "password", "identitytoken", "registrytoken", "Password"];

/// Looks at those of root, of the daemon's owner and of whoever is in the groups. Blocks.
pub(super) fn look(
    root: &Root,
    groups: &Seen<Vec<SocketGroup>>,
    owner: u32,
) -> Seen<Vec<ClientConfig>> {
    let members: BTreeSet<&str> = groups
        .as_ref()
        .map_err(Clone::clone)?
        .iter()
        .flat_map(|it| &it.members)
        .map(String::as_str)
        .collect();
    let accounts = accounts::read(root)?;
    let mut found = Vec::new();
    for account in &accounts {
        if account.uid != 0 && account.uid != owner && !members.contains(account.name.as_str()) {
            continue;
        }
        let path = account.home.join(".docker/config.json");
        let seen = match facts(root, &path, account.uid) {
            Ok(facts) => Ok(facts),
            Err(error) if is_absent(&error) => continue,
            Err(error) => Err(error.to_string()),
        };
        found.push(ClientConfig {
            path: path.display().to_string(),
            user: account.name.clone(),
            seen,
        });
    }
    for member in members.iter().filter(|it| !accounts.iter().any(|known| known.name == **it)) {
        found.push(ClientConfig {
            path: format!("~{member}/.docker/config.json"),
            user: (*member).to_owned(),
            seen: Err("/etc/passwd does not tell where it is".into()),
        });
    }
    Ok(found)
}

fn facts(root: &Root, path: &Path, uid: u32) -> io::Result<ClientConfigFacts> {
    let outside: PathBuf = root.find(path)?;
    let metadata = fs::symlink_metadata(&outside)?;
    Ok(ClientConfigFacts {
        mode: metadata.mode() & 0o7777,
        is_foreign: ![0, uid].contains(&metadata.uid()),
        keeps: keeps(&outside, &metadata),
    })
}

fn keeps(outside: &Path, metadata: &fs::Metadata) -> Seen<BTreeSet<String>> {
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return Err("it is no file of the size that such files have".into());
    }
    let bytes = fs::read(outside).map_err(|error| error.to_string())?;
    // The parser's own words could repeat what stands there.
    let config: Value = serde_json::from_slice(&bytes).map_err(|_| "it is no JSON".to_owned())?;
    let entries = config["auths"].as_object().into_iter().flatten();
    let keeps = entries.filter(|(_, entry)| {
        CREDENTIALS.iter().any(|it| entry[it].as_str().is_some_and(|it| !it.is_empty()))
    });
    // Nobody should have written a password into the name.
    Ok(keeps.map(|(name, _)| name.rsplit('@').next().unwrap_or(name).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn passwords_are_told_of_by_the_registry_alone() {
        let scratch = Scratch::new();
        let me = fs::metadata(scratch.path("")).unwrap().uid();
        let passwd = format!(
            "root:x:0:0::/root:\nbob:x:{me}:1::/home/bob:\neve:x:77:1::/home/eve:\n\
             ann:x:78:1::/home/ann:\n"
        );
        scratch.file("etc/passwd", passwd);
        let text = r#"{"auths": {"https://u:p@r.example/v2/": {"auth": "c2VjcmV0"}, "b.example": {}},
            "credHelpers": {"b.example": "pass"}}"#;
        scratch.file("home/bob/.docker/config.json", text);
        scratch.file("home/eve/.docker/config.json", text);
        scratch.file("home/ann/.docker/config.json", "{\"auths\": c2VjcmV0");
        let path = scratch.path("home/bob/.docker/config.json");
        fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
        let group = |members: [&str; 3]| SocketGroup {
            members: members.map(str::to_owned).into(),
            ..SocketGroup::default()
        };
        let groups = Ok(vec![group(["bob", "ann", "far"])]);
        let found = look(&Root::new(scratch.path("")), &groups, 0).unwrap();
        assert!(!format!("{found:?}").contains("c2VjcmV0"), "{found:?}");
        let users: Vec<&str> = found.iter().map(|it| it.user.as_str()).collect();
        assert_eq!(users, ["bob", "ann", "far"]);
        let bob = found[0].seen.clone().unwrap();
        assert_eq!((bob.mode, bob.is_foreign), (0o640, false));
        assert_eq!(bob.keeps.unwrap(), ["r.example/v2/".to_owned()].into());
        assert_eq!(found[1].seen.clone().unwrap().keeps, Err("it is no JSON".into()));
        assert!(found[2].seen.is_err());
    }
}
