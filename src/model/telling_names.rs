//! Names that say what stands behind them.

/// Variables through which programs find an engine or container runtime to control.
const ENGINES: &[&str] = &[
    "BUILDKIT_HOST",
    "CONTAINERD_ADDRESS",
    "CONTAINER_HOST",
    "DOCKER_CERT_PATH",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
];

/// Returns whether a variable of this name tells a program which engine to control.
pub fn names_engine(variable: &str) -> bool {
    ENGINES.contains(&variable)
}

const SECRETS: &[&str] = &[
    "apikey",
    "authkey",
    "accesskey",
    "credential",
    "encryptionkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "signingkey",
    "token",
];

/// What is no secret, though it is named like one: where the secret is, and how it is treated.
const NO_SECRETS: &[&str] = &[
    "_FILE",
    "_PATH",
    "_DIR",
    "_URL",
    "_URI",
    "_NAME",
    "_TTL",
    "_EXPIRY",
    "_TYPE",
    "_LENGTH",
    "_ALGORITHM",
    "_COUNT",
    "_LIMIT",
    "_ID",
    "_POLICY",
    "_SIZE",
];

/// Returns whether a variable or label of this name holds a secret, going by its words.
pub fn names_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // The shell's own.
    if upper == "PWD" || upper == "OLDPWD" || NO_SECRETS.iter().any(|it| upper.ends_with(it)) {
        return false;
    }
    let letters: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    SECRETS.iter().any(|it| letters.contains(it))
}

/// Returns whether a value is a secret, whatever its name: a private key, a URL with a password,
/// a token of a well-known make.
pub fn is_secret(value: &str) -> bool {
    const BEGINNINGS: &[&str] =
        &["AKIA", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_"];
    if value.contains("PRIVATE KEY-----") {
        return true;
    }
    if value.len() >= 20 && BEGINNINGS.iter().any(|it| value.starts_with(it)) {
        return true;
    }
    let Some((_, rest)) = value.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let password = host.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
    password.is_some_and(|(_, it)| !it.is_empty())
}

/// Returns whether a value is a secret, going by it and by its name.
pub fn holds_secret(name: &str, value: &str) -> bool {
    is_secret(value) || names_secret(name) && !is_plain(value)
}

/// Returns whether a value cannot be a secret: there is none, or a word or number that anybody
/// would guess.
pub fn is_plain(value: &str) -> bool {
    let word = value.to_ascii_lowercase();
    let is_switch =
        matches!(word.as_str(), "" | "true" | "false" | "yes" | "no" | "on" | "off" | "none");
    is_switch || word.len() < 4 && word.bytes().all(|it| it.is_ascii_digit())
}

/// Returns whether a word of a command line is a secret, or an option that is given one.
pub fn tells_secret(word: &str) -> bool {
    let option = word.split_once('=').filter(|(name, _)| name.starts_with('-'));
    is_secret(word) || option.is_some_and(|(name, value)| holds_secret(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in ["DB_PASSWORD", "api-key", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "MYSQL_PWD"]
        {
            assert!(names_secret(name), "{name}");
        }
        for name in ["PATH", "PWD", "DB_PASSWORD_FILE", "TOKEN_URL", "KEYBOARD", "SECRET_NAME"] {
            assert!(!names_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_known_by_their_values() {
        for value in [
            "postgres://app:hunter2@db/shop",
            "-----BEGIN RSA PRIVATE KEY-----",
            "ghp_0123456789abcdef0123",
        ] {
            assert!(is_secret(value), "{value}");
        }
        for value in ["postgres://db/shop", "http://app@db:80/", "http://a:80/b@c", "ghp_", "AKIA"]
        {
            assert!(!is_secret(value), "{value}");
        }
    }

    #[test]
    fn switches_and_small_numbers_are_plain() {
        for value in ["", "true", "No", "0", "443"] {
            assert!(is_plain(value), "{value}");
        }
        for value in ["1234", "hunter2"] {
            assert!(!is_plain(value), "{value}");
        }
    }
}
