//! Plugins of the engine that other programs serve.

use std::path::Path;

use tokio::net::UnixStream;

/// Returns whether somebody listens on a plugin's socket, or a file says where it is.
pub(super) async fn plugin_listens(name: &str) -> bool {
    let directory = Path::new("/run/docker/plugins");
    for socket in [format!("{name}.sock"), format!("{name}/{name}.sock")] {
        if UnixStream::connect(directory.join(socket)).await.is_ok() {
            return true;
        }
    }
    let directories = ["/etc/docker/plugins", "/usr/lib/docker/plugins"];
    directories.iter().any(|directory| {
        let file = |kind| Path::new(directory).join(format!("{name}.{kind}"));
        file("spec").exists() || file("json").exists()
    })
}
