//! Every key of the table through every engine: declared, planned, applied, looked at on the
//! engine itself, and undone.

mod rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use plimsoll::model::daemon_keys::{
    self, DAEMON_KEYS, DaemonKeyFacts, Release, TakesEffect, release,
};
use serde_json::{Value, json};

use self::rows::{Batch, CONTAINER, Listed, ROWS, Row};
use super::FILE;
use crate::lab::{self, Host, Output, Process, Suite};

/// The list of its settings that the daemon logs at every reload.
type Listing = BTreeMap<String, Value>;

#[test]
fn every_key_is_applied_seen_and_undone_on_bookworm() {
    every_key(Suite::Bookworm);
}

#[test]
fn every_key_is_applied_seen_and_undone_on_trixie() {
    every_key(Suite::Trixie);
}

#[test]
fn every_key_is_applied_seen_and_undone_on_sid() {
    every_key(Suite::Sid);
}

/// A key without a row would be a key that nobody has tried.
#[test]
fn every_key_of_the_table_has_one_row_for_every_engine() {
    for suite in Suite::ALL {
        let rows: Vec<&str> = rows_of(suite).map(|row| row.key).collect();
        let keys: Vec<&str> = DAEMON_KEYS.iter().map(|facts| facts.name).collect();
        assert_eq!(rows, keys, "{suite:?}");
    }
}

fn rows_of(suite: Suite) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.suites.contains(&suite))
}

fn facts(row: &Row) -> &'static DaemonKeyFacts {
    daemon_keys::find(row.key).unwrap()
}

fn every_key(suite: Suite) {
    let host = lab::host(suite).exclusive();
    let release = release(&host.docker(&["version", "--format", "{{.Server.Version}}"])).unwrap();
    let _plugin = prepare(&host);
    let mut wrong = Vec::new();
    let known = |row: &&Row| facts(row).known_to(release);
    for batch in Batch::APPLIED {
        let rows: Vec<&Row> = rows_of(suite).filter(known).filter(|it| it.batch == batch).collect();
        if !rows.is_empty() {
            wrong.extend(
                try_together(&host, &rows).into_iter().map(|it| format!("{batch:?}: {it}")),
            );
        }
    }
    let newer: Vec<&Row> = rows_of(suite).filter(|row| !known(row)).collect();
    wrong.extend(are_refused_for_their_version(&host, &newer, release));
    for row in rows_of(suite).filter(known) {
        match row.batch {
            Batch::Refused(says) => wrong.extend(is_refused(&host, row, says)),
            Batch::NotHere { why, says } => wrong.extend(does_no_harm(&host, row, why, says)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{suite:?}, engine {release:?}:\n{}", wrong.join("\n"));
}

/// Everything that the values point to.
fn prepare(host: &'static Host) -> Process {
    host.sh("mkdir -p /etc/lab-tls /etc/lab-cdi; cd /etc/lab-tls; \
         openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 \
             -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null; \
         echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\"}' >/etc/lab-seccomp.json; \
         ln -sf \"$(command -v docker-init)\" /usr/local/bin/lab-init; \
         ln -sf \"$(command -v docker-proxy)\" /usr/local/bin/lab-proxy; \
         grep -q ^labmap: /etc/passwd || echo labmap:x:900:900::/:/bin/false >>/etc/passwd; \
         grep -q ^labmap: /etc/group || echo labmap:x:900: >>/etc/group; \
         sed -i /^labmap:/d /etc/subuid /etc/subgid; \
         echo labmap:100000:65536 | tee -a /etc/subuid >>/etc/subgid; \
         ip link show lab0 >/dev/null 2>&1 || ip link add lab0 type bridge; \
         ip address replace 10.78.0.1/24 dev lab0; ip link set lab0 up");
    host.write("/etc/lab-authz.pl", include_str!("every_key/authz.pl"));
    let plugin = host.spawn(&["perl", "/etc/lab-authz.pl"]);
    let socket = "/run/docker/plugins/lab-authz.sock";
    host.wait("the plugin", Duration::from_secs(10), || host.exists(socket));
    plugin
}

/// Returns what went otherwise than it should, each with the name of its key.
fn try_together(host: &Host, rows: &[&Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    // In this order: on 28.5 a reload makes the engine forget addresses until its next start.
    let answers = answers(host, rows);
    let listing = listing(host);

    declare(host, &settings(rows));
    let changes = planned(host);
    for row in rows {
        let wanted = row.class.unwrap_or_else(|| class(facts(row)));
        match changes.get(row.key) {
            Some(change) if change["class"] == wanted && change["held"].is_null() => {}
            change => wrong.push(format!("{}: planned as {change:?}, not {wanted}", row.key)),
        }
    }
    wrong.extend(applied(host, rows, "applied"));
    let answered = self::answers(host, rows);
    let with = self::listing(host);
    for row in rows {
        wrong.extend(is_in_force(row, &with, &answered));
    }
    let again = planned(host);
    wrong.extend(again.iter().map(|(key, change)| format!("{key}: planned again: {change}")));

    let keys: Vec<String> = rows.iter().map(|row| row.key.to_owned()).collect();
    declare(host, &format!("absent: {}", json!(keys)));
    wrong.extend(applied(host, &[], "undone"));
    let unanswered = self::answers(host, rows);
    let without = self::listing(host);
    for row in rows.iter().filter(|row| row.stays.is_none()) {
        let (before, after) = (shown(&listing, row.key), shown(&without, row.key));
        if before != after {
            wrong.push(format!("{}: the daemon had {before}, and has {after} undone", row.key));
        }
        let (before, after) = (answers.get(row.key), unanswered.get(row.key));
        if before != after {
            wrong.push(format!("{}: answered {before:?} before, {after:?} undone", row.key));
        }
    }
    wrong
}

fn settings(rows: &[&Row]) -> String {
    let lines: Vec<String> =
        rows.iter().map(|row| format!("    {}: {}", row.key, row.value)).collect();
    format!("settings:\n{}", lines.join("\n"))
}

fn declare(host: &Host, daemon: &str) {
    let restart = host.suite.restart_command();
    host.write(FILE, &format!("version: 1\ndaemon:\n{restart}  {daemon}\n"));
}

/// What the table says of a host where nothing runs.
fn class(facts: &DaemonKeyFacts) -> &'static str {
    match facts.takes_effect {
        TakesEffect::Reload { .. } => "live",
        TakesEffect::Restart | TakesEffect::EmptyStart => "restart",
        TakesEffect::Breaks => "outage",
        TakesEffect::Hides => "loss",
    }
}

/// Returns the planned changes by key.
fn planned(host: &Host) -> BTreeMap<String, Value> {
    let plan = host.plimsoll(&["plan", "-f", FILE, "--allow", "loss", "--output", "json"]);
    let Ok(plan) = serde_json::from_str::<Value>(&plan.stdout) else {
        return BTreeMap::from([("all".to_owned(), json!(said(&plan)))]);
    };
    let changes = plan["changes"].as_array().unwrap();
    changes
        .iter()
        .map(|change| (key_of(change), json!({"class": change["class"], "held": change["held"]})))
        .collect()
}

fn key_of(of: &Value) -> String {
    of["address"].as_str().unwrap().trim_start_matches("daemon/").to_owned()
}

fn said(output: &Output) -> String {
    format!("{} {}", output.stdout, output.stderr)
        .split_whitespace()
        .filter(|word| *word != "|")
        .collect::<Vec<_>>()
        .join(" ")
}

/// Applies what is declared. Everything, and these keys among it, must be done.
fn applied(host: &Host, rows: &[&Row], word: &str) -> Vec<String> {
    let arguments = ["apply", "-f", FILE, "--yes", "--allow", "loss", "--output", "json"];
    let run = host.plimsoll(&arguments);
    let mut wrong = Vec::new();
    let Ok(json) = serde_json::from_str::<Value>(&run.stdout) else {
        return vec![format!("not {word}: status {}: {}", run.status, said(&run))];
    };
    let mut done = BTreeSet::new();
    for outcome in json["outcomes"].as_array().into_iter().flatten() {
        if outcome["outcome"] == "done" {
            done.insert(key_of(outcome));
        } else {
            wrong.push(format!("{}: not {word}: {outcome}", key_of(outcome)));
        }
    }
    for row in rows.iter().filter(|row| !done.contains(row.key)) {
        wrong.push(format!("{}: not among what was {word}", row.key));
    }
    if run.status != 0 {
        wrong.push(format!("not {word}: status {}", run.status));
    }
    wrong
}

fn is_in_force(row: &Row, listing: &Listing, answers: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let wanted = match row.listed {
        Listed::Same => Some(row.value),
        Listed::Json(text) => Some(text),
        Listed::Nowhere => None,
    };
    if let Some(wanted) = wanted {
        let wanted = normal(&serde_json::from_str(wanted).unwrap());
        let found = shown(listing, row.key);
        if found != wanted {
            wrong.push(format!("{}: the daemon goes by {found}, not {wanted}", row.key));
        }
    }
    if let Some((script, answer)) = row.probe
        && answers.get(row.key).is_none_or(|found| found != answer)
    {
        let found = answers.get(row.key);
        wrong.push(format!("{}: `{script}` says {found:?}, not {answer}", row.key));
    }
    wrong
}

/// The daemon leaves out what is zero, false or empty.
fn shown(listing: &Listing, key: &str) -> Value {
    normal(listing.get(key).unwrap_or(&Value::Null))
}

fn normal(value: &Value) -> Value {
    let empty = match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(|item| normal(item).is_null()),
        Value::Object(members) => members.values().all(|it| normal(it).is_null()),
    };
    match value {
        _ if empty => Value::Null,
        // Labels come in any order.
        Value::Array(items) => {
            let mut items = items.clone();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        value => value.clone(),
    }
}

/// Makes the daemon log what it goes by, and reads it.
fn listing(host: &Host) -> Listing {
    let log = match host.suite {
        Suite::Bookworm => "journalctl --unit docker --output cat --no-pager",
        Suite::Trixie | Suite::Sid => "cat /var/log/dockerd.log",
    };
    let lines = || host.sh(&format!("{log} | grep 'Reloaded configuration' || true"));
    let before = lines().lines().count();
    host.sh("kill -HUP \"$(pgrep -xo dockerd)\"");
    host.wait("the reload", Duration::from_secs(20), || lines().lines().count() > before);
    let lines = lines();
    let line = lines.lines().last().unwrap();
    // One that logs JSON has the list as text in it, the others as quoted text.
    let json: Option<Value> = serde_json::from_str(line).ok();
    let text = json.map(|it| match it["config"].as_str() {
        Some(config) => config.to_owned(),
        None => it["msg"].as_str().unwrap().to_owned(),
    });
    let text = text.unwrap_or_else(|| {
        let (_, rest) = line.split_once("Reloaded configuration").unwrap();
        let quoted = &rest[rest.find('{').unwrap()..=rest.rfind('}').unwrap()];
        serde_json::from_str(&format!("\"{quoted}\"")).unwrap()
    });
    serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap()
}

/// Asks every row's question.
fn answers(host: &Host, rows: &[&Row]) -> BTreeMap<String, String> {
    let mut script = CONTAINER.to_owned();
    for (row, (probe, _)) in rows.iter().filter_map(|row| Some((row, row.probe?))) {
        script += &format!("echo; echo 'KEY {}'; {{ {probe}\n}} 2>&1\n", row.key);
    }
    let said = host.run(&["timeout", "60", "sh", "-c", &script]).stdout;
    said.split("\nKEY ")
        .skip(1)
        .filter_map(|part| part.split_once('\n'))
        .map(|(key, answer)| {
            (key.to_owned(), answer.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect()
}

fn are_refused_for_their_version(host: &Host, rows: &[&Row], release: Release) -> Vec<String> {
    let mut wrong = Vec::new();
    declare(host, &settings(rows));
    let changes = planned(host);
    for row in rows {
        let since = facts(row).since;
        assert!(since > release, "{}: nothing was ever taken out of the table", row.key);
        let says = format!("engines from {}.{} do", since.0, since.1);
        let held = changes.get(row.key).map(|change| change["held"]["what"].to_string());
        if !held.as_ref().is_some_and(|held| held.contains(&says)) {
            wrong.push(format!("{}: not held with `{says}`: {held:?}", row.key));
        }
    }
    wrong
}

/// Neither planned nor applied; the message says why.
fn is_refused(host: &Host, row: &Row, says: &str) -> Vec<String> {
    declare(host, &settings(&[row]));
    let run = host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "loss"]);
    let said = said(&run);
    if run.status == 65 && said.contains(says) {
        return Vec::new();
    }
    vec![format!("{}: not refused with `{says}`: status {}: {said}", row.key, run.status)]
}

/// Held, refused or taken back, with the key's name; the daemon goes on as before.
fn does_no_harm(host: &Host, row: &Row, why: &str, says: &str) -> Vec<String> {
    let before = listing(host);
    declare(host, &settings(&[row]));
    let run = host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "loss"]);
    let said = said(&run);
    let after = listing(host);
    let mut wrong = Vec::new();
    if !said.contains(says)
        || said.contains("in sync · 0 unknown") && run.status == 0 && !said.contains("held")
    {
        wrong.push(format!("{} ({why}): status {}: {said}", row.key, run.status));
    }
    for (name, value) in after.iter().filter(|(name, value)| before.get(*name) != Some(*value)) {
        let before = before.get(name);
        wrong.push(format!("{}: {name} was {before:?} and is {value} now", row.key));
    }
    wrong
}
