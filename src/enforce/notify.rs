//! What a service manager is told: ready, what is going on, still alive, ending.

use std::time::Duration;

use sd_notify::NotifyState;

/// The service manager's ear; deaf where there is none.
#[derive(Debug, Default)]
pub struct Notify {
    said_ready: bool,
    watchdog: Option<Duration>,
}

impl Notify {
    /// Looks at what the service manager asked for.
    pub fn new() -> Self {
        Self { said_ready: false, watchdog: sd_notify::watchdog_enabled() }
    }

    /// Says that a complete pass was made, the first time, and what it saw.
    pub fn passed(&mut self, status: &str) {
        if !self.said_ready {
            self.said_ready = true;
            tell(&[NotifyState::Ready]);
        }
        self.status(status);
    }

    pub fn status(&self, status: &str) {
        tell(&[NotifyState::Status(status)]);
    }

    pub fn alive(&self) {
        if self.watchdog.is_some() {
            tell(&[NotifyState::Watchdog]);
        }
    }

    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// Returns how long may pass between two signs of life.
    pub fn patience(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // Without a service manager there is no socket, and a lost message harms nobody.
    let _ = sd_notify::notify(states);
}
