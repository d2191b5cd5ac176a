//! What an inspect reply says about devices.

use serde::Deserialize;

use crate::model::container::{DeviceRequest, Devices};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Device {
    path_on_host: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    driver: Option<String>,
    count: Option<i64>,
    #[serde(rename = "DeviceIDs")]
    device_ids: Option<Vec<String>>,
    capabilities: Option<Vec<Vec<String>>>,
}

pub(super) fn devices(
    devices: Option<Vec<Device>>,
    rules: Option<Vec<String>>,
    requests: Option<Vec<Request>>,
) -> Devices {
    let request = |it: Request| DeviceRequest {
        driver: it.driver.unwrap_or_default(),
        count: it.count.unwrap_or(0),
        ids: it.device_ids.unwrap_or_default(),
        capabilities: it.capabilities.unwrap_or_default(),
    };
    Devices {
        paths: devices.into_iter().flatten().filter_map(|it| it.path_on_host).collect(),
        rules: rules.unwrap_or_default(),
        requests: requests.into_iter().flatten().map(request).collect(),
    }
}
