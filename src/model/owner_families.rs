//! Platforms and tools that start containers and leave a mark on them.

use std::collections::BTreeMap;

/// One of them. Its containers are judged as all are, and not replaced behind its back.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    pub who: &'static str,
    /// Where its settings are.
    pub place: &'static str,
    pub words: Words,
    marks: &'static [Mark],
}

/// In which words its settings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Members of a Compose service.
    Compose,
    /// Flags of `docker run`.
    Flags,
}

#[derive(Debug, PartialEq, Eq)]
enum Mark {
    Label(&'static str),
    LabelIs(&'static str, &'static str),
    LabelPrefix(&'static str),
    /// How its name begins, and what is in the name of its image.
    NameAndImage(&'static str, &'static str),
}

use Mark::{Label, LabelIs, LabelPrefix, NameAndImage};

/// The first that fits is taken; those that call Compose leave its labels as well.
pub static FAMILIES: &[Family] = &[
    Family {
        who: "doco-cd",
        place: "the Compose file in the repository that it deploys",
        words: Words::Compose,
        marks: &[LabelPrefix("cd.doco.")],
    },
    Family {
        who: "Coolify",
        place: "the service's Compose file or custom options in Coolify",
        words: Words::Compose,
        marks: &[LabelIs("coolify.managed", "true")],
    },
    Family {
        who: "Dokku",
        place: "the app's options: `dokku docker-options:add APP deploy \"…\"`",
        words: Words::Flags,
        marks: &[LabelPrefix("com.dokku.")],
    },
    Family {
        who: "Azure IoT Edge",
        place: "`createOptions` in the device's deployment manifest",
        words: Words::Flags,
        marks: &[Label("net.azure-devices.edge.owner")],
    },
    Family {
        who: "Unraid",
        place: "Extra Parameters of its template",
        words: Words::Flags,
        marks: &[LabelIs("net.unraid.docker.managed", "dockerman")],
    },
    Family {
        who: "Home Assistant Supervisor",
        place: "the add-on's configuration; the Supervisor repairs what differs from it",
        words: Words::Flags,
        marks: &[Label("supervisor_managed")],
    },
    Family {
        who: "GitLab Runner",
        place: "`[runners.docker]` in the runner's config.toml",
        words: Words::Flags,
        marks: &[Label("com.gitlab.gitlab-runner.managed")],
    },
    Family {
        who: "Testcontainers",
        place: "the test that starts it",
        words: Words::Flags,
        marks: &[LabelPrefix("org.testcontainers")],
    },
    Family {
        who: "a dev container tool",
        place: "`runArgs` in its devcontainer.json",
        words: Words::Flags,
        marks: &[Label("devcontainer.local_folder"), Label("devcontainer.config_file")],
    },
    Family {
        who: "buildx",
        place: "the builder: `docker buildx create --driver-opt …`",
        words: Words::Flags,
        marks: &[NameAndImage("buildx_buildkit_", "buildkit")],
    },
    Family {
        who: "kind",
        place: "the cluster's configuration; a node is privileged by nature, so waive it by name",
        words: Words::Flags,
        marks: &[LabelPrefix("io.x-k8s.kind.")],
    },
    Family {
        who: "k3d",
        place: "the cluster's configuration; a node is privileged by nature, so waive it by name",
        words: Words::Flags,
        marks: &[LabelIs("app", "k3d"), Label("k3d.cluster")],
    },
    Family {
        who: "minikube",
        place: "`minikube start`; a node is privileged by nature, so waive it by name",
        words: Words::Flags,
        marks: &[Label("created_by.minikube.sigs.k8s.io")],
    },
    Family {
        who: "Docker Desktop",
        place: "the extension; its publisher sets it up",
        words: Words::Flags,
        marks: &[
            LabelPrefix("com.docker.desktop.extension."),
            LabelPrefix("com.docker.extension."),
        ],
    },
    Family {
        who: "systemd",
        place: "its unit, then `systemctl daemon-reload` and restart it",
        words: Words::Flags,
        marks: &[Label("PODMAN_SYSTEMD_UNIT")],
    },
];

/// Returns whose marks a container bears.
pub fn family(
    labels: &BTreeMap<String, String>,
    name: &str,
    image: &str,
) -> Option<&'static Family> {
    let bears = |mark: &Mark| match mark {
        Label(key) => labels.contains_key(*key),
        LabelIs(key, value) => labels.get(*key).is_some_and(|it| it == value),
        LabelPrefix(prefix) => labels.keys().any(|it| it.starts_with(prefix)),
        NameAndImage(prefix, part) => name.starts_with(prefix) && image.contains(part),
    };
    FAMILIES.iter().find(|it| it.marks.iter().any(bears))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_their_marks() {
        let who = |key: &str, value: &str, name: &str, image: &str| {
            let labels = [(key.to_owned(), value.to_owned())].into();
            family(&labels, name, image).map(|it| it.who)
        };
        for (key, value, expected) in [
            ("cd.doco.deployment.hash", "1", Some("doco-cd")),
            ("coolify.managed", "true", Some("Coolify")),
            ("coolify.managed", "false", None),
            ("net.unraid.docker.managed", "dockerman", Some("Unraid")),
            ("com.gitlab.gitlab-runner.managed", "true", Some("GitLab Runner")),
            ("devcontainer.local_folder", "/src", Some("a dev container tool")),
            ("io.x-k8s.kind.cluster", "kind", Some("kind")),
            ("PODMAN_SYSTEMD_UNIT", "web.service", Some("systemd")),
            ("app", "shop", None),
            ("com.centurylinklabs.watchtower.enable", "true", None),
        ] {
            assert_eq!(who(key, value, "web", "nginx"), expected, "{key}={value}");
        }
        let builder = "buildx_buildkit_default0";
        assert_eq!(who("a", "b", builder, "moby/buildkit:v0.13"), Some("buildx"));
        assert_eq!(who("a", "b", builder, "nginx"), None, "a name alone is none");
    }
}
