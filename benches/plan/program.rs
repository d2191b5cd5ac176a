//! The program as people run it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use plimsoll::docker::Endpoint;

use crate::{Outcome, measure::memory_kib};

/// Returns a file with a declaration in it.
pub(crate) fn declaration(name: &str, text: &str) -> Outcome<PathBuf> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text)?;
    Ok(path)
}

/// Runs `plimsoll plan` to its end.
pub(crate) fn plan(endpoint: &Endpoint, declaration: &Path) -> Outcome<()> {
    ended(&mut start(endpoint, declaration)?)
}

/// Returns the peak memory of `plimsoll plan`, in KiB.
pub(crate) fn peak_kib(endpoint: &Endpoint, declaration: &Path) -> Outcome<f64> {
    let mut child = start(endpoint, declaration)?;
    let process = child.id().to_string();
    let mut peak = 0.0;
    // A process that ended and is not waited for tells no memory any more.
    while let Some(so_far) = memory_kib(&process, "VmHWM") {
        peak = so_far;
        thread::sleep(Duration::from_millis(1));
    }
    ended(&mut child)?;
    Ok(peak)
}

fn start(endpoint: &Endpoint, declaration: &Path) -> Outcome<Child> {
    let child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["plan", "--host", &endpoint.to_string(), "--file"])
        .arg(declaration)
        .arg("--state-dir")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-state"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()?;
    Ok(child)
}

fn ended(child: &mut Child) -> Outcome<()> {
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("plimsoll plan: {status}").into()) }
}
