//! Images that both of Docker's builders made, and what was started in containers, judged on real
//! engines.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Suite};

const FOLDER: &str = "/tmp/pi";
const FILE: &str = "/tmp/pi/plimsoll.yaml";

const PLAIN: &str = "\
LABEL a=b
ADD plain.txt /y/plain.txt
COPY sshd /bin/sshd
COPY a.tar.gz /x/
RUN echo apt-get update
USER 1000:1000
HEALTHCHECK --interval=1h CMD true
";

const CARELESS: &str = "\
ARG API_TOKEN
ENV DB_PASSWORD=hunter2
ADD a.tar.gz /x/
RUN apk update || true
RUN sudo true || true
COPY plain.txt /bin/taken-back
COPY plain.txt /bin/given
RUN chmod u+s /bin/given /bin/taken-back
RUN chmod u-s /bin/taken-back
RUN mkdir -p /srv/.git /srv/.npm && rmdir /srv/.npm
RUN mkdir -p /etc && echo 'demo::1000:1000::/:' >/etc/passwd
WORKDIR /usr
VOLUME /etc
EXPOSE 22 8080
";

/// What shows how an image was built, and what else it says.
const OF_IMAGES: &[&str] = &[
    "image.account-database-sane",
    "image.copy-not-add",
    "image.healthcheck",
    "image.no-leftover-files",
    "image.no-lone-update",
    "image.no-secrets",
    "image.no-setid-files",
    "image.no-ssh-port",
    "image.no-sudo",
    "image.no-system-workdir-or-volume",
];

const OTHERS: &[&str] = &[
    "container.no-privileged-exec",
    "container.no-root-exec",
    "container.no-sshd",
    "container.no-symlinked-bind-source",
    "image.dangling-in-use",
    "image.not-stale",
];

#[test]
fn images_in_use_and_what_runs_are_judged_in_bookworm() {
    judged(Suite::Bookworm);
}

#[test]
fn images_in_use_and_what_runs_are_judged_in_trixie() {
    judged(Suite::Trixie);
}

#[test]
fn images_in_use_and_what_runs_are_judged_in_sid() {
    judged(Suite::Sid);
}

fn judged(suite: Suite) {
    // The oldest engine does not start a privileged program without every capability of its own.
    let privileged = suite != Suite::Bookworm;
    let host = lab::host(suite).shared();
    clean(&host);
    build(&host);
    run(&host, privileged);
    host.write(FILE, &declaration());
    let judged = host.plimsoll(&["status", "-f", FILE, "--output", "json"]);
    clean(&host);

    let told: Value = serde_json::from_str(&judged.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", judged.stdout, judged.stderr));
    let careless: BTreeSet<&str> =
        OF_IMAGES.iter().copied().chain(["image.trusted-source"]).collect();
    let mut by_classic = careless.clone();
    by_classic.remove("image.copy-not-add");
    let mut entered = vec!["container.no-root-exec"];
    entered.extend(privileged.then_some("container.no-privileged-exec"));
    let moved = ["image.dangling-in-use", "image.not-stale", "image.trusted-source"];
    let failing: BTreeMap<&str, BTreeSet<&str>> = [
        ("by-classic", by_classic),
        ("by-kit", careless),
        ("entered", entered.into_iter().collect()),
        ("gone", ["image.trusted-source"].into()),
        ("moved", moved.into()),
        ("open", ["container.no-symlinked-bind-source"].into()),
        ("sshd", ["container.no-sshd"].into()),
    ]
    .into();
    assert_eq!(by_container(&told["findings"]), failing, "{:#}", told["unknown"]);
    let of_gone = OF_IMAGES.iter().copied().chain(["image.not-stale"]).collect();
    let unknown = [("by-classic", ["image.copy-not-add"].into()), ("gone", of_gone)];
    assert_eq!(by_container(&told["unknown"]), BTreeMap::from(unknown));
    let of_kit =
        told["findings"].as_array().into_iter().flatten().find(|it| {
            it["address"] == "container/pi-by-kit" && it["rule"] == "image.no-setid-files"
        });
    let told_of_kit = of_kit.unwrap().to_string();
    assert!(told_of_kit.contains("/bin/given"), "{told_of_kit}");
    assert!(!told_of_kit.contains("/bin/taken-back"), "{told_of_kit}");
    assert!(judged.stdout.contains("/srv/.git") && !judged.stdout.contains("/srv/.npm"));
    assert!(judged.stdout.contains("demo has an empty password in /etc/passwd"));
    assert!(!judged.stdout.contains("hunter2") && !judged.stdout.contains("sekret"));
}

/// Makes `pi/plain` and `pi/by-classic` with the classic builder, `pi/by-kit` with BuildKit, which
/// needs no client of its own when it is asked over the socket.
fn build(host: &Host) {
    host.write(&format!("{FOLDER}/Plain"), &format!("FROM {BUSYBOX}\n{PLAIN}"));
    host.write(&format!("{FOLDER}/Careless"), &format!("FROM {BUSYBOX}\n{CARELESS}"));
    host.write(&format!("{FOLDER}/sshd"), "#!/bin/sh\nwhile :; do sleep 1; done\n");
    host.sh(&format!(
        "cd {FOLDER}
         chmod +x sshd
         echo plain > plain.txt
         tar czf a.tar.gz plain.txt
         kit() {{
             tar c Plain Careless sshd plain.txt a.tar.gz |
                 curl --silent --show-error --fail --unix-socket /var/run/docker.sock \
                     --header 'Content-Type: application/x-tar' --data-binary @- \
                     \"http://d/build?version=2&t=pi/$1&dockerfile=$2&${{3:-}}\" >/dev/null
         }}
         kit plain Plain
         kit by-kit Careless 'buildargs=%7B%22API_TOKEN%22%3A%22sekret%22%7D'
         kit moved Plain 'labels=%7B%22pi%22%3A%22moved%22%7D'
         kit gone Plain 'labels=%7B%22pi%22%3A%22gone%22%7D'
         DOCKER_BUILDKIT=0 docker build --quiet --file Careless --build-arg API_TOKEN=sekret \
             --tag pi/by-classic ."
    ));
}

fn run(host: &Host, privileged: bool) {
    host.sh(&format!(
        "docker run --detach --name pi-plain pi/plain
         docker exec --detach pi-plain sleep 600
         docker create --name pi-by-kit pi/by-kit
         docker create --name pi-by-classic pi/by-classic
         docker run --detach --name pi-moved pi/moved
         docker tag {BUSYBOX} pi/moved
         docker create --name pi-gone pi/gone
         docker rmi --force pi/gone
         mkdir --parents {FOLDER}/open/data && chmod 0777 {FOLDER}/open
         docker create --name pi-open --volume {FOLDER}/open/data:/data pi/plain
         docker run --detach --name pi-sshd pi/plain /bin/sshd
         docker run --detach --name pi-entered pi/plain
         docker exec --detach --user 0 pi-entered sleep 600"
    ));
    if privileged {
        host.sh("docker exec --detach --privileged pi-entered sleep 600");
    }
}

/// Removes what has these names, and the image that lost its name here.
fn clean(host: &Host) {
    host.sh(&format!(
        "moved=$(docker inspect --type container --format '{{{{.Image}}}}' pi-moved || true)
         docker ps -aq --filter name=^pi- | xargs -r docker rm -fv >/dev/null
         docker images --filter 'reference=pi/*' --format '{{{{.Repository}}}}:{{{{.Tag}}}}' |
             xargs -r docker rmi >/dev/null
         [ -z \"$moved\" ] || docker rmi \"$moved\" >/dev/null
         rm -rf {FOLDER}"
    ));
}

fn declaration() -> String {
    let rules = OF_IMAGES.iter().chain(OTHERS);
    let rules: String = rules.map(|it| format!("      {it}: {{ mode: observe }}\n")).collect();
    format!(
        "version: 1\ncontainers:\n  - name: judged\n    match: {{ name: pi-* }}\n    rules:\n{rules}      \
         image.trusted-source: {{ mode: observe, allow: ['docker.io/pi/plain:*'] }}\n"
    )
}

/// Returns the rules in a list of findings by the container's short name.
fn by_container(findings: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for finding in findings.as_array().into_iter().flatten() {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        if let Some(name) = text("address").strip_prefix("container/pi-") {
            found.entry(name).or_default().insert(text("rule"));
        }
    }
    found
}
