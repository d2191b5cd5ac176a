//! The room as a whole: cases as directories, examples, the schema, and garbage.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use proptest::prelude::*;
use serde_json::Value;

use super::{
    baseline::{BASELINES, Baseline},
    load,
    policy::{MaxChanges, Policy},
    problem::Problem,
    schema, starter, yaml,
};
use crate::{
    model::{class::Class, object::Address},
    render::diagnostic,
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rewrite() -> bool {
    std::env::var_os("PLIMSOLL_UPDATE").is_some()
}

fn no_files(path: &str) -> Result<Vec<u8>, String> {
    Err(format!("no file `{path}` in this test"))
}

fn policy(text: &str) -> Policy {
    load("plimsoll.yaml", text.as_bytes(), &no_files)
        .unwrap_or_else(|problems| panic!("{}", rendered(&problems)))
}

fn problems(text: &[u8]) -> Vec<Problem> {
    load("plimsoll.yaml", text, &no_files).err().unwrap_or_default()
}

fn rendered(problems: &[Problem]) -> String {
    let mut out = Vec::new();
    diagnostic::problems(&mut out, problems, false, 80).unwrap();
    String::from_utf8(out).unwrap()
}

fn paths_in(folder: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

static EXAMPLES: LazyLock<Vec<(String, String)>> = LazyLock::new(examples);

fn examples() -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = paths_in("examples")
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
        .collect();
    let of = |it: &Baseline| (it.name.to_owned(), it.text(None).unwrap().into_owned());
    texts.extend(BASELINES.iter().map(of));
    texts.push(("starter".to_owned(), starter(&["essential"])));
    texts
}

fn check_case(folder: &Path) -> Result<(), String> {
    let bytes = fs::read(folder.join("plimsoll.yaml")).unwrap();
    let beside = |name: &str| {
        fs::read(folder.join(name)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "no such file".to_owned(),
            _ => error.to_string(),
        })
    };
    let found = load("plimsoll.yaml", &bytes, &beside).err().unwrap_or_default();
    let seen = rendered(&found);
    let expected = folder.join("problems.txt");
    if rewrite() {
        fs::write(&expected, &seen).unwrap();
    }
    let want = fs::read_to_string(&expected).unwrap_or_default();
    match seen == want {
        true => Ok(()),
        false => Err(format!("{}:\n--- expected\n{want}\n--- seen\n{seen}", folder.display())),
    }
}

#[test]
fn every_case_shows_the_problems_that_it_is_about() {
    let wrong: Vec<String> = paths_in("tests/cases/declaration")
        .iter()
        .filter_map(|folder| check_case(folder).err())
        .collect();
    assert!(wrong.is_empty(), "{}\nPLIMSOLL_UPDATE=1 rewrites them", wrong.join("\n"));
}

#[test]
fn every_example_baseline_and_starter_loads() {
    for (name, text) in EXAMPLES.iter() {
        let found = problems(text.as_bytes());
        assert!(found.is_empty(), "{name}:\n{}", rendered(&found));
    }
}

#[test]
fn every_example_baseline_and_starter_fits_the_schema() {
    let validator = jsonschema::draft7::new(schema::schema()).unwrap();
    for (name, text) in EXAMPLES.iter() {
        let (_, node) = yaml::read(name, text.as_bytes()).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&node.to_json()).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
    }
}

#[test]
fn committed_schema_is_fresh() {
    let path = root().join("schema/plimsoll.schema.json");
    if rewrite() {
        fs::write(&path, schema::text()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == schema::text(),
        "schema/plimsoll.schema.json is stale; `PLIMSOLL_UPDATE=1 cargo test` rewrites it"
    );
}

/// Every value of the tree, by path.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(inner, &format!("{at}/{name}"), all);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                pointers(inner, &format!("{at}/{index}"), all);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn schema_and_parser_refuse_the_same_mutations() {
    let validator = jsonschema::draft7::new(schema::schema()).unwrap();
    let replacements =
        [Value::from(-3), Value::from("zzz-nonsense"), Value::from(vec![7]), Value::from(false)];
    let mut refused = 0;
    for (name, text) in EXAMPLES.iter() {
        let (_, node) = yaml::read(name, text.as_bytes()).unwrap();
        let original = node.to_json();
        let mut all = Vec::new();
        pointers(&original, "", &mut all);
        for pointer in all {
            let mut mutants: Vec<Value> = Vec::new();
            for replacement in &replacements {
                let mut mutant = original.clone();
                *mutant.pointer_mut(&pointer).unwrap() = replacement.clone();
                mutants.push(mutant);
            }
            let mut mutant = original.clone();
            if let Some(Value::Object(members)) = mutant.pointer_mut(&pointer) {
                members.insert("zzz-nonsense".to_owned(), Value::from(1));
                mutants.push(mutant);
            }
            for mutant in mutants {
                let by_schema = !validator.is_valid(&mutant);
                let text = mutant.to_string(); // JSON is YAML
                let found = problems(text.as_bytes());
                // What the files under `extends` are, and what rules read inside their
                // parameters, is beyond a schema.
                let beyond = found
                    .iter()
                    .all(|it| ["decl.unknown-baseline", "decl.bad-parameter"].contains(&it.code));
                assert!(
                    by_schema != found.is_empty() || !by_schema && beyond,
                    "{name} {pointer}: schema refuses: {by_schema}\n{text}\n{}",
                    rendered(&found)
                );
                refused += usize::from(by_schema);
            }
        }
    }
    assert!(refused > 100, "only {refused} mutants were refused");
}

#[test]
fn later_files_and_entries_win() {
    let base = "version: 1\n\
        daemon: { settings: { icc: true, debug: true }, absent: [iptables] }\n\
        containers: [{ rules: { container.pids-limit: { max: 1 } } }]\n\
        limits: { ceiling: { apply: live }, retention: 3d }\n";
    let own = "version: 1\n\
        extends: [./base.yaml]\n\
        daemon: { settings: { icc: false, iptables: true }, absent: [debug] }\n\
        containers:\n  - match: { name: web }\n    rules: { container.pids-limit: off }\n\
        limits: { max-changes: 20% }\n";
    let policy = load("hosts/own.yaml", own.as_bytes(), &|path| {
        assert_eq!(path, "hosts/base.yaml");
        Ok(base.as_bytes().to_vec())
    })
    .unwrap_or_else(|problems| panic!("{}", rendered(&problems)));

    assert_eq!(policy.settings.keys().collect::<Vec<_>>(), ["icc", "iptables"]);
    assert_eq!(policy.settings["icc"].value, Value::from(false));
    assert_eq!(policy.absent.keys().collect::<Vec<_>>(), ["debug"]);
    assert_eq!(policy.absent["debug"].line_column(), (3, 62));

    let asked: Vec<_> = policy.daemon.iter().map(|it| (it.meta.id, it.daemon_address())).collect();
    let expected = [
        ("daemon.settings", Address::daemon_key("icc")),
        ("daemon.settings", Address::daemon_key("iptables")),
        ("daemon.absent", Address::daemon_key("debug")),
    ];
    assert_eq!(asked, expected);

    let choices = &policy.containers[0].choices;
    let from = choices[0].assignment.as_ref().unwrap().from.to_string();
    assert_eq!((choices.len(), from.as_str()), (2, "hosts/base.yaml:3"));
    assert!(choices[0].on.is_everything() && choices[1].assignment.is_none());

    assert_eq!(policy.limits.apply_ceiling, Class::Live);
    assert_eq!(policy.limits.max_changes, MaxChanges::Percent(20));
    assert_eq!(policy.limits.retention_days, 3);
    let files: Vec<&str> = policy.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(files, ["hosts/own.yaml", "hosts/base.yaml"]);
}

#[test]
fn digest_moves_with_parameters_and_not_with_layout() {
    let digest = |text: &str| {
        policy(text).containers[0].choices[0].assignment.as_ref().unwrap().digest.clone()
    };
    let flow = digest("version: 1\ncontainers: [{ rules: { container.pids-limit: { max: 5 } } }]");
    let block = digest(
        "version: 1\n# moved\ncontainers:\n  - rules:\n      container.pids-limit:\n        max: 5\n",
    );
    let other = digest("version: 1\ncontainers: [{ rules: { container.pids-limit: { max: 6 } } }]");
    assert!(flow == block && flow != other);
}

#[test]
fn spans_hold_through_anchors_merges_and_wide_characters() {
    let text = "# ünïcödé 💥\nx: &it { mäx: 5 }\ny: { <<: *it, z: *it }\n";
    let (source, node) = yaml::read("t", text.as_bytes()).unwrap();
    let merged = node.value_of("y").unwrap();
    let aliased = merged.value_of("z").unwrap();
    for holder in [node.value_of("x").unwrap(), merged, aliased] {
        let entry = holder.get("mäx").unwrap();
        assert_eq!(&source.text[entry.key_span.clone()], "mäx");
        assert_eq!(&source.text[entry.value.span.clone()], "5");
    }
}

#[test]
fn bombs_are_defused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let last = format!("*a{}, ", level - 1).repeat(9);
        bomb += &format!("a{level}: &a{level} [{last}]\n");
    }
    let found = problems(bomb.as_bytes());
    assert_eq!((found.len(), found[0].code), (1, "decl.too-complex"));
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("version: 1\nx: {}", "[".repeat(100_000));
    assert!(!problems(deep.as_bytes()).is_empty());
}

#[test]
fn huge_files_are_refused() {
    let keys: String = (0..60_000).map(|n| format!("k{n}: 1\n")).collect();
    for (text, code) in [(keys, "decl.too-complex"), ("x".repeat(2 << 20), "decl.too-large")] {
        let found = problems(text.as_bytes());
        assert_eq!((found.len(), found[0].code), (1, code));
    }
}

#[test]
fn thousands_of_problems_are_counted_and_the_first_are_shown() {
    let wrong: String = (0..20_000).map(|n| format!("k{n}: 1\n")).collect();
    let found = problems(wrong.as_bytes());
    assert_eq!(found.last().unwrap().message, "19801 more problems are not shown");
}

#[test]
fn secrets_are_kept_out_of_the_text_that_is_shown() {
    let text = "version: 1\ndaemon:\n  settings:\n    proxies: { http-proxy: \"http://h:pw1@p\" }\n    \
        log-opts: { splunk-token: pw2, x: 5 }\n    https-proxy: http://h:pw3@p\n";
    let shown = rendered(&problems(text.as_bytes()));
    assert!(shown.contains("splunk-token: ***, x: 5"), "{shown}");
    let (source, _) = yaml::read("t", text.as_bytes()).unwrap();
    assert!(!source.text.contains("pw"), "{}", source.text);
    assert!(!shown.contains("pw"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    /// Any bytes are a policy or problems that can be shown, never a panic.
    #[test]
    fn mutated_declarations_never_panic(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6),
    ) {
        let mut bytes = which.get(&EXAMPLES).1.clone().into_bytes();
        for (at, byte, how) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                // The characters that YAML gives a meaning break more than others.
                _ => bytes[at] = b":-[]{}&*!|>'\"%@#,?\n\t "[usize::from(byte) % 21],
            }
        }
        if let Err(found) = load("plimsoll.yaml", &bytes, &no_files) {
            prop_assert!(!found.is_empty());
            rendered(&found[..found.len().min(3)]);
        }
    }
}

#[test]
fn settings_that_do_not_go_together_are_found_across_files() {
    let base = "version: 1\ndaemon: { settings: { iptables: false } }\n";
    let own =
        |daemon: &str| format!("version: 1\nextends: [./base.yaml]\ndaemon: {{ {daemon} }}\n");
    let check = |text: &str| match load("own.yaml", text.as_bytes(), &|_| Ok(base.into())) {
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    };
    let found = check(&own("settings: { icc: false }"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, "decl.keys-do-not-go-together");
    assert!(found[0].notes[0].contains("base.yaml:2"), "{found:?}");
    // A later file may take back what an earlier one says.
    assert_eq!(check(&own("settings: { icc: false, iptables: true }")), []);
    assert_eq!(check(&own("settings: { icc: false }, absent: [iptables]")), []);
}

/// What the schema's patterns let through or not, the checks do too, and they go further.
#[test]
fn schema_and_checks_agree_on_the_form_of_settings() {
    let validator = jsonschema::draft7::new(schema::schema()).unwrap();
    let document = |key: &str, value: &Value| serde_json::json!({ "version": 1, "daemon": { "settings": { key: value } } });
    for (key, good) in [
        ("bip", serde_json::json!("10.0.0.1/24")),
        ("bip", serde_json::json!("")),
        ("bip6", serde_json::json!("fd00::1/64")),
        ("fixed-cidr-v6", serde_json::json!("fd00:0:0:1::/64")),
        ("dns", serde_json::json!(["9.9.9.9", "2620:fe::fe"])),
        ("hosts", serde_json::json!(["unix:///run/d.sock", "tcp://[::1]:2376", "fd://"])),
        ("metrics-addr", serde_json::json!("[::1]:9323")),
        ("labels", serde_json::json!(["a=b=c", "x="])),
        ("registry-mirrors", serde_json::json!(["http://m.example:5000/path/"])),
        ("insecure-registries", serde_json::json!(["r.example:5000", "10.0.0.0/8"])),
        ("min-api-version", serde_json::json!("1.44")),
        ("bridge-accept-fwmark", serde_json::json!("0x1/0x3")),
        ("data-root", serde_json::json!("/srv/docker")),
        ("seccomp-profile", serde_json::json!("unconfined")),
        ("exec-opts", serde_json::json!(["native.cgroupdriver=systemd"])),
        ("network-diagnostic-port", serde_json::json!(65535)),
        ("shutdown-timeout", serde_json::json!(-1)),
        ("cdi-spec-dirs", serde_json::json!([""])),
    ] {
        let document = document(key, &good);
        assert!(validator.is_valid(&document), "{key}: {good} by the schema");
        let found = problems(document.to_string().as_bytes());
        assert!(found.is_empty(), "{key}: {good}\n{}", rendered(&found));
    }
    for (key, bad) in [
        ("bip", serde_json::json!("10.0.0.1")),
        ("dns", serde_json::json!(["dns.example"])),
        ("hosts", serde_json::json!(["/run/d.sock"])),
        ("labels", serde_json::json!(["a"])),
        ("registry-mirrors", serde_json::json!(["m.example"])),
        ("min-api-version", serde_json::json!("44")),
        ("bridge-accept-fwmark", serde_json::json!("one")),
        ("data-root", serde_json::json!("srv")),
        ("network-diagnostic-port", serde_json::json!(65536)),
        ("mtu", serde_json::json!(-1)),
    ] {
        let document = document(key, &bad);
        assert!(!validator.is_valid(&document), "{key}: {bad} by the schema");
        assert!(!problems(document.to_string().as_bytes()).is_empty(), "{key}: {bad}");
    }
}
