//! Test hosts with real Docker engines, as `tests/lab/up` makes them.
//!
//! ```ignore
//! let host = lab::host(Suite::Sid).shared(); // or .exclusive(), to change the daemon
//! host.docker(&["run", "-d", "--name", "pids-a", lab::BUSYBOX]);
//! let plan = host.plimsoll(&["plan", "--file", "/tmp/pids/policy.yaml"]);
//! ```
//!
//! Hosts belong to the machine. Two runs of these tests beside each other on one machine
//! would meet under the same names: give one of them hosts of its own, `PLIMSOLL_LAB=second`.

use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use plimsoll::docker::Endpoint;

/// Idles, and stops at once on TERM. So do the others.
pub(crate) const BUSYBOX: &str = "plimsoll-test/busybox:1";
/// Serves a page on 8080 and has a health check.
pub(crate) const WEB: &str = "plimsoll-test/web:1";
/// Declares the volume `/data`, which starts with a file `seed`.
pub(crate) const VOLUME: &str = "plimsoll-test/volume:1";
/// Runs as uid 1000.
pub(crate) const USER: &str = "plimsoll-test/user:1";
/// Ends with status 3 as soon as it cannot write to its root.
pub(crate) const WRITER: &str = "plimsoll-test/writer:1";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// Docker 20.10 (API 1.41) under systemd.
    Bookworm,
    /// Docker 26.1 (API 1.45), no systemd: `restart-docker` restarts it.
    Trixie,
    /// Docker 28.5 (API 1.51), as trixie.
    Sid,
}

impl Suite {
    pub(crate) const ALL: [Self; 3] = [Self::Bookworm, Self::Trixie, Self::Sid];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Sid => "sid",
        }
    }

    /// Returns the line below `daemon:` that a declaration needs on this host.
    pub(crate) fn restart_command(self) -> &'static str {
        match self {
            Self::Bookworm => "",
            Self::Trixie | Self::Sid => "  restart-command: [restart-docker, \"15\"]\n",
        }
    }
}

/// Returns the host of a suite, brought up and with this build's binary in it.
/// What a test may do there is settled by a lease.
pub(crate) fn host(suite: Suite) -> &'static Host {
    static HOSTS: [OnceLock<Host>; Suite::ALL.len()] =
        [const { OnceLock::new() }; Suite::ALL.len()];
    HOSTS[suite as usize].get_or_init(|| Host::up(suite))
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) suite: Suite,
    /// The host's container on the outer engine.
    pub(crate) name: String,
    /// This build's binary inside the host, whatever other builds were put there.
    pub(crate) binary: String,
}

/// What a command inside a host said.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit status; 128 + signal when it was killed.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Returns the standard output of a command that must have succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.status, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }
}

impl Host {
    fn up(suite: Suite) -> Self {
        let name = format!("{}-{}", prefix(), suite.word());
        script("up", &[suite.word()]);
        let binary = script("put", &[env!("CARGO_BIN_EXE_plimsoll"), &name]);
        Self { suite, name, binary: binary.trim_end().to_owned() }
    }

    /// Leases the host for a test that only adds things under names of its own,
    /// beside others that do the same. The daemon is in its first state.
    pub(crate) fn shared(&'static self) -> Lease {
        loop {
            let lock = self.lock_file();
            lock.lock_shared().unwrap();
            if self.run(&["test", "-e", LEFT_CHANGED]).status != 0 {
                return Lease { host: self, lock };
            }
            drop(lock);

            let lock = self.lock_file();
            lock.lock().unwrap();
            script("reset", &[&self.name]);
            self.run(&["rm", "-f", LEFT_CHANGED]).ok();
        }
    }

    /// Leases the host for one test alone, which may do as it likes with the daemon.
    /// Everything that others left is removed first; the daemon is in its first state.
    pub(crate) fn exclusive(&'static self) -> Lease {
        let lock = self.lock_file();
        lock.lock().unwrap();
        self.run(&["touch", LEFT_CHANGED]).ok();
        script("reset", &[&self.name]);
        Lease { host: self, lock }
    }

    fn lock_file(&self) -> File {
        let path = env::temp_dir().join(format!("{}.lock", self.name));
        File::create(path).unwrap()
    }

    /// Runs a command inside the host.
    pub(crate) fn run(&self, command: &[&str]) -> Output {
        self.run_with_input(command, "")
    }

    pub(crate) fn run_with_input(&self, command: &[&str], input: &str) -> Output {
        let mut child = self.exec(command).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that does not read its input closes it early.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        output(child)
    }

    /// Runs a shell script inside the host, which must succeed; returns what it printed.
    #[track_caller]
    pub(crate) fn sh(&self, script: &str) -> String {
        self.run(&["sh", "-euc", script]).ok()
    }

    /// Runs the inner engine's command line, which must succeed; returns what it printed, trimmed.
    #[track_caller]
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let command = [&["docker"], arguments].concat();
        self.run(&command).ok().trim_end().to_owned()
    }

    /// Runs this build's plimsoll inside the host.
    pub(crate) fn plimsoll(&self, arguments: &[&str]) -> Output {
        let command = [&[self.binary.as_str()], arguments].concat();
        self.run(&command)
    }

    /// Runs this build's plimsoll on a terminal of 80 columns; both streams are in one.
    pub(crate) fn plimsoll_on_a_terminal(&self, arguments: &[&str]) -> Output {
        let mut exec = Command::new("docker");
        exec.args(["exec", "--tty", "--env", "TERM=xterm", "--env", "LC_ALL=C.UTF-8", &self.name])
            .arg(&self.binary)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        output(exec.spawn().unwrap())
    }

    /// Starts a command inside the host without waiting for it.
    pub(crate) fn spawn(&'static self, command: &[&str]) -> Process {
        let with_pid = [&["sh", "-c", "echo $$; exec \"$@\"", "sh"], command].concat();
        let mut child = self.exec(&with_pid).spawn().unwrap();
        drop(child.stdin.take());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut pid = String::new();
        stdout.read_line(&mut pid).unwrap();
        Process { host: self, pid: pid.trim_end().parse().unwrap(), stdout, child }
    }

    fn exec(&self, command: &[&str]) -> Command {
        let mut exec = Command::new("docker");
        exec.args(["exec", "--interactive", &self.name])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        exec
    }

    /// Writes a file inside the host, and the folders above it.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, text: &str) {
        let command = "mkdir -p \"$(dirname \"$1\")\" && cat >\"$1\"";
        self.run_with_input(&["sh", "-c", command, "sh", path], text).ok();
    }

    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        self.run(&["cat", path]).ok()
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.run(&["test", "-e", path]).status == 0
    }

    /// Returns the engine's full description of a container.
    #[track_caller]
    pub(crate) fn inspect(&self, container: &str) -> serde_json::Value {
        let text = self.docker(&["container", "inspect", "--format", "{{json .}}", container]);
        serde_json::from_str(&text).unwrap()
    }

    /// Returns the inner engine's address as seen from out here.
    #[track_caller]
    pub(crate) fn engine(&self) -> Endpoint {
        let format = ["inspect", "--format", "{{.State.Pid}}", &self.name];
        let out = Command::new("docker").args(format).output().unwrap();
        let pid = String::from_utf8(out.stdout).unwrap();
        Endpoint::Unix(format!("/proc/{}/root/run/docker.sock", pid.trim()).into())
    }

    /// Kills a run at one blow with the watcher that would take over, as losing power would.
    pub(crate) fn kill_with_watcher(&self, run: &Process) {
        let kill = "kill -KILL $1 $(pgrep -P $1) || true";
        self.run(&["sh", "-c", kill, "sh", &run.pid.to_string()]).ok();
    }

    /// Ends the watchers of runs that were killed already.
    pub(crate) fn kill_watchers(&self) {
        // The bracket keeps the shell that asks from finding itself.
        self.run(&["sh", "-c", "pkill -KILL -f '[p]limsoll watcher'"]);
    }

    /// Restarts the inner engine as an administrator of that host would.
    pub(crate) fn restart_docker(&self) -> Output {
        match self.suite {
            Suite::Bookworm => {
                // systemd allows three starts a minute; the count is not what a test is about.
                self.run(&["systemctl", "reset-failed", "docker.service"]);
                self.run(&["systemctl", "restart", "docker.service"])
            }
            Suite::Trixie | Suite::Sid => self.run(&["restart-docker"]),
        }
    }

    /// Tells whether the inner engine answers.
    pub(crate) fn answers(&self) -> bool {
        self.run(&["docker", "version"]).status == 0
    }

    /// Waits until a condition holds.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, deadline: Duration, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            let waited = start.elapsed();
            assert!(waited < deadline, "{}: {what}: not in {waited:?}", self.name);
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Inside the host: an exclusive lease was given since the last reset.
const LEFT_CHANGED: &str = "/run/lab-left-changed";

/// A test's right to use a host, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    host: &'static Host,
    #[expect(dead_code, reason = "closing the file gives the lock back")]
    lock: File,
}

impl Deref for Lease {
    type Target = &'static Host;

    fn deref(&self) -> &Self::Target {
        &self.host
    }
}

/// A command running inside a host; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    host: &'static Host,
    pub(crate) pid: u32,
    stdout: BufReader<ChildStdout>,
    child: Child,
}

impl Process {
    /// Sends a signal (`KILL`, `TERM`, …); tells whether the process was still there.
    pub(crate) fn signal(&self, signal: &str) -> bool {
        let pid = self.pid.to_string();
        self.host.run(&["kill", "-s", signal, &pid]).status == 0
    }

    /// Waits for the next line of its standard output; `None` at the end.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line).unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// Waits for its end; returns what it printed and nobody has read.
    pub(crate) fn finish(mut self) -> Output {
        let stderr = self.child.stderr.take();
        let errors = thread::spawn(move || stderr.map(read_all).unwrap_or_default());
        let stdout = read_all(&mut self.stdout);
        Output {
            status: self.child.wait().unwrap().code().unwrap(),
            stdout,
            stderr: errors.join().unwrap(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal("KILL");
            let _ = self.child.wait();
        }
    }
}

fn output(child: Child) -> Output {
    let output = child.wait_with_output().unwrap();
    Output {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn read_all(mut from: impl Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    text
}

fn prefix() -> String {
    match env::var("PLIMSOLL_LAB") {
        Ok(name) if !name.is_empty() => format!("plimsoll-lab-{name}"),
        Ok(_) | Err(_) => "plimsoll-lab".to_owned(),
    }
}

/// Runs a script of the lab, which must succeed; returns what it printed.
fn script(name: &str, arguments: &[&str]) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab").join(name);
    let child = Command::new(path)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = output(child);
    assert_eq!(output.status, 0, "tests/lab/{name}: {}", output.stderr);
    output.stdout
}
