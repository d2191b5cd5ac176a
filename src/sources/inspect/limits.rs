//! What an inspect reply says about limits.

use serde::de::IgnoredAny;

use super::{HostConfig, text};
use crate::model::limits::{BlkioLimit, CpuLimit, Limits};

pub(super) fn limits(host: &HostConfig<'_>, stop_seconds: Option<i64>) -> Limits {
    let is_some = |list: &Option<Vec<IgnoredAny>>| list.as_ref().is_some_and(|it| !it.is_empty());
    let positive = |number: Option<i64>| number.unwrap_or(0).max(0);
    let layer =
        host.storage_opt.iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case("size"));
    Limits {
        cpu: CpuLimit {
            nano: positive(host.nano_cpus),
            quota: positive(host.cpu_quota),
            period: positive(host.cpu_period),
            set: text(host.cpuset_cpus.as_ref()).to_owned(),
            shares: positive(host.cpu_shares),
        },
        blkio: BlkioLimit {
            has_weight: positive(host.blkio_weight) > 0 || is_some(&host.blkio_weight_device),
            has_rate: [
                &host.blkio_device_read_bps,
                &host.blkio_device_write_bps,
                &host.blkio_device_read_iops,
                &host.blkio_device_write_iops,
            ]
            .into_iter()
            .any(is_some),
        },
        layer_size: layer.map(|(_, size)| size.clone()).unwrap_or_default(),
        stop_seconds,
    }
}
