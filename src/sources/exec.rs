//! From the engine's word on a program that was started in a container.

use serde::Deserialize;

use crate::model::inside::Session;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    running: Option<bool>,
    process_config: Option<Process>,
}

#[derive(Deserialize)]
struct Process {
    privileged: Option<bool>,
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Top {
    processes: Option<Vec<Vec<String>>>,
}

/// Reads the reply to `GET /exec/{id}/json`; `None` if the program was prepared and never started,
/// or has ended.
pub fn session(reply: &[u8]) -> Result<Option<Session>, serde_json::Error> {
    let reply: Reply = serde_json::from_slice(reply)?;
    let process = reply.process_config.filter(|_| reply.running.unwrap_or(false));
    Ok(process.map(|it| Session {
        privileged: it.privileged.unwrap_or(false),
        user: it.user.unwrap_or_default(),
    }))
}

/// Reads names of processes from the reply to `GET /containers/{id}/top`, where they are the last
/// column.
pub fn processes(reply: &[u8]) -> Result<Vec<String>, serde_json::Error> {
    let reply: Top = serde_json::from_slice(reply)?;
    let lines = reply.processes.unwrap_or_default().into_iter();
    Ok(lines.filter_map(|mut line| line.pop()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_only_prepared_is_no_session() {
        let read = |reply: &str| session(reply.as_bytes()).unwrap();
        let process = r#""ProcessConfig":{"tty":false,"privileged":true,"user":"0"}"#;
        let expected = Session { privileged: true, user: "0".into() };
        assert_eq!(read(&format!("{{\"Running\":true,{process}}}")), Some(expected));
        assert_eq!(read(&format!("{{\"Running\":false,{process}}}")), None);
        assert_eq!(read("{}"), None);
    }

    #[test]
    fn name_of_a_process_is_the_last_column() {
        let reply =
            br#"{"Processes":[["15843","sleep"],["16","sshd"]],"Titles":["PID","COMMAND"]}"#;
        assert_eq!(processes(reply).unwrap(), ["sleep", "sshd"]);
        assert_eq!(processes(br#"{"Processes":null}"#).unwrap(), [""; 0]);
    }
}
