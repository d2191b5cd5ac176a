use crate::declaration::{self, baseline, policy::Policy};

fn policy(name: &str, edition: Option<&str>) -> Policy {
    let text = baseline::find(name).unwrap().text(edition).unwrap();
    let nothing_else = |_: &str| Err("no file".to_owned());
    declaration::load(name, text.as_bytes(), &nothing_else).unwrap_or_else(|problems| {
        panic!("{problems:?}\n{text}");
    })
}

fn rules(name: &str) -> Vec<&'static str> {
    let policy = policy(name, None);
    let of_host = policy.daemon.iter().map(|it| it.meta.id);
    let mut rules: Vec<_> = policy.containers.iter().map(|it| it.meta.id).chain(of_host).collect();
    rules.sort_unstable();
    rules
}

#[test]
fn every_edition_is_a_declaration() {
    for baseline in baseline::BASELINES {
        for edition in baseline.editions() {
            policy(baseline.name, Some(edition));
        }
        assert!(!rules(baseline.name).is_empty());
    }
}

#[test]
fn second_level_holds_the_first_and_restricted_the_baseline() {
    for (less, more, only_more) in [
        ("cis-docker-l1", "cis-docker-l2", "daemon.userns-remap"),
        ("pss-baseline", "pss-restricted", "container.no-new-privileges"),
    ] {
        let (less, more) = (rules(less), rules(more));
        assert!(less.iter().all(|it| more.contains(it)), "{less:?} in {more:?}");
        assert!(more.contains(&only_more) && !less.contains(&only_more), "{only_more}");
    }
}

#[test]
fn numbers_are_those_of_the_edition() {
    let meta = crate::rules::meta("daemon.tcp-requires-client-tls").unwrap();
    let cis = baseline::find("cis-docker-l1").unwrap();
    assert_eq!(cis.items(meta, Some("1.6")), ["2.7"]);
    assert_eq!(cis.items(meta, Some("1.7")), ["2.7"]);
    assert_eq!(cis.items(meta, Some("1.8")), ["2.8"]);
    assert_eq!(cis.items(meta, None), ["2.8"]);
    assert!(cis.text(Some("1.8")).unwrap().contains("daemon.tcp-requires-client-tls: true # 2.8"));
    assert!(cis.text(Some("1.5")).is_none());
    assert!(baseline::find("essential").unwrap().text(Some("1.6")).is_none());
}

#[test]
fn lists_that_only_the_owner_has_are_told_and_not_asked_for() {
    let owasp = baseline::find("owasp").unwrap().text(None).unwrap();
    assert!(owasp.contains("# image.allow-list needs a list that only you have"), "{owasp}");
    assert!(!rules("owasp").contains(&"image.allow-list"));
}
