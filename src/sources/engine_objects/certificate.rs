//! Certificates, of which only the dates are asked for.

use jiff::Timestamp;
use x509_cert::Certificate;

/// Returns from when each certificate of a PEM text holds.
pub(super) fn valid_since(pem: &str) -> Result<Vec<Timestamp>, String> {
    let chain = Certificate::load_pem_chain(pem.as_bytes())
        .map_err(|error| format!("the certificate cannot be read: {error}"))?;
    let since = chain.iter().map(|it| {
        let since = it.tbs_certificate().validity().not_before.to_unix_duration();
        Timestamp::from_second(since.as_secs().try_into().unwrap_or(i64::MAX))
    });
    since.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an engine showed it: the root of a Swarm that was made and left for this.
    const ROOT: &str = "-----BEGIN CERTIFICATE-----
MIIBajCCARCgAwIBAgIUdg2Vlh9318xd7Im7ISKzVtSI9eowCgYIKoZIzj0EAwIw
EzERMA8GA1UEAxMIc3dhcm0tY2EwHhcNMjYxMTI2MTgyMzAwWhcNNDYxMTIxMTgy
MzAwWjATMREwDwYDVQQDEwhzd2FybS1jYTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABOoISc58/ySvCgNXdC3Ti+Op2Tu5mCgbaF4vP4vtHYy7SXT3rrzd+Ayer9Qb
DL/zbkG4exfwjluTAv6A/LDZQ+ujQjBAMA4GA1UdDwEB/wQEAwIBBjAPBgNVHRMB
Af8EBTADAQH/MB0GA1UdDgQWBBS9KCD8TAl+JQiFYl2YjJN/HEB/NDAKBggqhkjO
PQQDAgNIADBFAiEA4ojToju8MCIuhm7sA/ULojrhv2IHD1Sj/QDqwIcbvY0CIA/h
t4bW58FmFyYpGPMH6LaCZ+JrthGr48xRCm+f6JQH
-----END CERTIFICATE-----
";

    #[test]
    fn every_certificate_of_a_chain_tells_since_when_it_holds() {
        let since: Timestamp = "2026-11-26T18:23:00Z".parse().unwrap();
        assert_eq!(valid_since(ROOT), Ok(vec![since]));
        assert_eq!(valid_since(&format!("{ROOT}{ROOT}")), Ok(vec![since, since]));
    }

    #[test]
    fn what_is_no_certificate_has_no_date() {
        for text in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(valid_since(text).is_err() || valid_since(text) == Ok(Vec::new()), "{text}");
        }
    }
}
