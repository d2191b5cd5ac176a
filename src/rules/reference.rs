//! Numbers of rules in published benchmarks.

/// A number in somebody's benchmark.
#[derive(Debug)]
pub struct Reference {
    pub benchmark: &'static str,
    pub edition: &'static str,
    /// A string: 5.10 is not 5.1.
    pub item: &'static str,
}

pub const CIS: &str = "CIS Docker";
pub const NIST: &str = "NIST SP 800-190";
pub const OWASP: &str = "OWASP Docker Security";
pub const PSS: &str = "PSS";

/// Edition 1.7.0 has the numbers of this one.
pub const CIS_1_6: &str = "1.6.0";
pub const CIS_1_8: &str = "1.8.0";

/// What the CIS editions ask for only where security comes before convenience, by their numbers.
const LEVEL_2_OF_1_6: &[&str] = &["2.9", "2.10", "2.11", "2.12", "2.13", "2.17"];
const LEVEL_2_OF_1_8: &[&str] = &["2.10", "2.11", "2.12", "2.13", "2.14", "2.18"];
const LEVEL_2_OF_BOTH: &[&str] = &[
    "1.1.7", "1.1.8", "1.1.9", "1.1.10", "1.1.11", "1.1.12", "1.1.13", "1.1.14", "1.1.15",
    "1.1.16", "1.1.17", "1.1.18", "3.17", "3.18", "3.19", "3.20", "3.21", "3.22", "4.5", "4.8",
    "4.11", "5.3", "5.23", "5.24", "5.30",
];

impl Reference {
    /// Returns 1 or 2 for an item of the CIS benchmark; 1 for all others, which know no levels.
    pub fn level(&self) -> u8 {
        let of_edition = match self.edition {
            CIS_1_6 => LEVEL_2_OF_1_6,
            CIS_1_8 => LEVEL_2_OF_1_8,
            _ => &[],
        };
        let is_second = self.benchmark == CIS
            && (of_edition.contains(&self.item) || LEVEL_2_OF_BOTH.contains(&self.item));
        if is_second { 2 } else { 1 }
    }
}

pub(super) const fn cis6(item: &'static str) -> Reference {
    Reference { benchmark: CIS, edition: CIS_1_6, item }
}

pub(super) const fn cis8(item: &'static str) -> Reference {
    Reference { benchmark: CIS, edition: CIS_1_8, item }
}

/// The numbers of an item that edition 1.8.0 moved.
pub(super) const fn cis_moved(old: &'static str, new: &'static str) -> [Reference; 2] {
    [cis6(old), cis8(new)]
}

/// The numbers of an item that the CIS editions 1.6.0 and 1.8.0 number alike.
pub(super) const fn cis(item: &'static str) -> [Reference; 2] {
    cis_moved(item, item)
}

/// A number of the STIG for Docker Enterprise 2.x on Linux.
pub(super) const fn stig(item: &'static str) -> Reference {
    Reference { benchmark: "DISA STIG Docker Enterprise 2.x", edition: "V2R1", item }
}

/// A section of NIST SP 800-190.
pub(super) const fn nist(item: &'static str) -> Reference {
    Reference { benchmark: NIST, edition: "2017", item }
}

/// A rule of the OWASP cheat sheet on Docker.
pub(super) const fn owasp(item: &'static str) -> Reference {
    Reference { benchmark: OWASP, edition: "2024", item }
}

/// A control of the Kubernetes Pod Security Standards, level `baseline`.
pub(super) const fn pss_baseline(item: &'static str) -> Reference {
    Reference { benchmark: PSS, edition: "baseline", item }
}

/// A control of the Kubernetes Pod Security Standards, level `restricted`.
pub(super) const fn pss_restricted(item: &'static str) -> Reference {
    Reference { benchmark: PSS, edition: "restricted", item }
}
