//! What runs in containers. Nothing is started in them to find out.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{containers::Inspected, process::Proc};
use crate::{
    docker::{Docker, DockerError},
    model::{
        detail::Detail,
        field::Field,
        inside::{Session, is_ssh_server},
    },
    sources::exec,
};

/// Containers asked about side by side.
const AT_ONCE: usize = 8;

/// Fills in what was asked for. `proc` is given where the engine's processes are this machine's.
/// Fails only if the engine is gone.
pub(super) async fn look(
    docker: &Docker,
    inspected: &mut [Inspected],
    details: &BTreeSet<Detail>,
    proc: Option<&Proc>,
) -> Result<(), DockerError> {
    let servers = match proc {
        Some(proc) if details.contains(&Detail::Programs) => ssh_servers(proc),
        _ => Vec::new(),
    };
    let looks = inspected.iter_mut().filter_map(|it| match it {
        Inspected::Seen { observed, process, execs, .. } => {
            Some((&mut observed.spec, proc.is_some() && process.is_ok(), &*execs))
        }
        Inspected::Blind(_) => None,
    });
    let running = looks.filter(|(spec, ..)| spec.state.has_processes());
    stream::iter(running.map(Ok::<_, DockerError>))
        .try_for_each_concurrent(AT_ONCE, |(spec, is_here, execs)| {
            let servers = &servers;
            async move {
                if details.contains(&Detail::Execs) {
                    spec.inside.sessions = sessions(docker, execs).await?;
                }
                if details.contains(&Detail::Programs) {
                    spec.inside.ssh_servers = if is_here {
                        let own = servers.iter().filter(|(_, groups)| groups.contains(&spec.id));
                        Field::Set(own.map(|(name, _)| name.clone()).collect())
                    } else {
                        told_by_engine(docker, &spec.id).await?
                    };
                }
                Ok(())
            }
        })
        .await
}

/// Returns the SSH servers that are visible here, with their control groups, which hold the ID of
/// the container that one runs in.
fn ssh_servers(proc: &Proc) -> Vec<(String, String)> {
    let servers = proc.names().into_iter().filter(|(_, name)| is_ssh_server(name));
    servers.filter_map(|(pid, name)| Some((name, proc.text(pid, "cgroup").ok()?))).collect()
}

async fn sessions(docker: &Docker, execs: &[String]) -> Result<Field<Vec<Session>>, DockerError> {
    let replies: Vec<_> = stream::iter(execs).then(|exec| docker.exec(exec)).collect().await;
    let mut sessions = Vec::new();
    for reply in replies {
        match reply.map(|it| exec::session(&it)) {
            Ok(Ok(session)) => sessions.extend(session),
            // It has ended meanwhile.
            Err(error) if error.is_not_found() => {}
            Err(error) if error.is_engine_gone() => return Err(error),
            Ok(Err(_)) | Err(_) => {
                return Ok(Field::Unknown("the engine does not tell what was started in it"));
            }
        }
    }
    Ok(Field::Set(sessions))
}

/// Asks the engine, which calls the host's `ps`.
async fn told_by_engine(docker: &Docker, id: &str) -> Result<Field<Vec<String>>, DockerError> {
    match docker.top(id).await.map(|it| exec::processes(&it)) {
        Ok(Ok(names)) => Ok(Field::Set(names.into_iter().filter(|it| is_ssh_server(it)).collect())),
        Err(error) if error.is_engine_gone() => Err(error),
        Ok(Err(_)) | Err(_) => Ok(Field::Unknown("the engine does not tell what runs in it")),
    }
}
