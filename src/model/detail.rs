//! What takes further questions to find out.

/// Something that is only looked at where a rule asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// More of what the kernel says about a container's first process.
    Process,
    /// What images say about themselves, and how they were built.
    Image,
    /// What lies in the layers of images.
    ImageFiles,
    /// Who could exchange what containers mount from the host.
    BindSources,
    /// Who started what in containers from outside.
    Execs,
    /// Which programs run in containers.
    Programs,
    /// Of which kind the networks are that containers are on.
    NetworkDrivers,
    /// What users' files for Docker's command line say.
    ClientConfigs,
    /// Which files containers have changed.
    Changes,
    /// Which rules packets go through before the engine's own.
    FilterHooks,
}
