//! SIGINT and SIGTERM: the change in hand is finished, then the run ends; a second signal takes
//! that change back as well.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use plimsoll::execute::Interrupt;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use crate::{exit::Exit, failure::Failure, output};

/// Says whether, and by what, the program was asked to stop.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    interrupt: Arc<Interrupt>,
    exit: Arc<AtomicU8>,
    /// Woken by a signal to stop, and by SIGHUP.
    wake: Arc<Notify>,
}

impl Signals {
    /// Starts listening. Needs a runtime.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let signals = Self::default();
        signals.on(SignalKind::interrupt(), Exit::Interrupted)?;
        signals.on(SignalKind::terminate(), Exit::Terminated)?;
        Ok(signals)
    }

    fn on(&self, kind: SignalKind, exit: Exit) -> Result<(), Failure> {
        let mut stream = signal(kind).map_err(|error| Failure::io("listen for signals", &error))?;
        let signals = self.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                signals.exit.store(exit as u8, Ordering::Relaxed);
                output::note(if signals.interrupt.is_insistent() {
                    "still at it; nothing is left half done"
                } else if signals.interrupt.is_raised() {
                    "taking the change in hand back"
                } else {
                    "stopping after the change in hand, nothing is left half done; once more \
                     takes it back"
                });
                signals.interrupt.raise();
                signals.wake.notify_one();
            }
        });
        Ok(())
    }

    /// Makes SIGHUP wake who waits, as daemons do to read their configuration again.
    pub(crate) fn wake_on_hangup(&self) -> Result<(), Failure> {
        let mut stream = signal(SignalKind::hangup())
            .map_err(|error| Failure::io("listen for signals", &error))?;
        let wake = Arc::clone(&self.wake);
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                wake.notify_one();
            }
        });
        Ok(())
    }

    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    pub(crate) fn wake(&self) -> &Notify {
        &self.wake
    }

    /// Returns the code of the signal that came, if one came.
    pub(crate) fn exit(&self) -> Option<Exit> {
        match self.exit.load(Ordering::Relaxed) {
            code if code == Exit::Interrupted as u8 => Some(Exit::Interrupted),
            code if code == Exit::Terminated as u8 => Some(Exit::Terminated),
            _ => None,
        }
    }
}
