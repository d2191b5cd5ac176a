use super::*;
use crate::model::daemon_keys::find;

fn read(member: InfoMember, info: Value) -> Option<Value> {
    from_info(member, &info, Some((29, 5)))
}

#[test]
fn security_options_stand_for_switches() {
    let options = json!({"SecurityOptions": ["name=seccomp,profile=default", "name=cgroupns",
        "name=userns"], "DockerRootDir": "/data/docker/100000.100000"});
    assert_eq!(read(InfoMember::SeccompProfile, options.clone()), Some(json!("builtin")));
    assert_eq!(read(InfoMember::CgroupnsPrivate, options.clone()), Some(json!("private")));
    assert_eq!(read(InfoMember::NoNewPrivileges, options.clone()), Some(json!(false)));
    assert_eq!(read(InfoMember::UsernsRemap, options.clone()), None);
    assert_eq!(read(InfoMember::DockerRootDir, options.clone()), Some(json!("/data/docker")));
    assert_eq!(from_info(InfoMember::NoNewPrivileges, &options, Some((20, 10))), None);
    assert_eq!(read(InfoMember::Selinux, json!({})), None);
    assert_eq!(read(InfoMember::Labels, Value::Null), None);
}

#[test]
fn loopback_is_no_insecure_registry_anybody_asked_for() {
    let info = json!({"RegistryConfig": {
        "InsecureRegistryCIDRs": ["::1/128", "10.0.0.0/8", "127.0.0.0/8"],
        "IndexConfigs": {"docker.io": {"Secure": true}, "reg:5000": {"Secure": false}}}});
    assert_eq!(read(InfoMember::InsecureRegistries, info), Some(json!(["10.0.0.0/8", "reg:5000"])));
}

#[test]
fn pools_and_resources_have_the_shape_of_the_file() {
    let pools = json!({"DefaultAddressPools": [{"Base": "10.0.0.0/8", "Size": 24}]});
    let expected = json!([{"base": "10.0.0.0/8", "size": 24}]);
    assert_eq!(read(InfoMember::DefaultAddressPools, pools), Some(expected));
    let forgotten = json!({"DefaultAddressPools": [{"Base": "invalid Prefix", "Size": 24}]});
    assert_eq!(read(InfoMember::DefaultAddressPools, forgotten), None);
    let resources = json!({"GenericResources": [
        {"DiscreteResourceSpec": {"Kind": "ssd", "Value": 3}},
        {"NamedResourceSpec": {"Kind": "gpu", "Value": "a"}}]});
    assert_eq!(read(InfoMember::GenericResources, resources), Some(json!(["ssd=3", "gpu=a"])));
}

#[test]
fn bridge_shows_addresses_of_both_families() {
    let bridge = json!({"EnableIPv6": true, "IPAM": {"Config": [
        {"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1", "IPRange": "172.17.8.0/24"},
        {"Subnet": "fd00::/64", "Gateway": "fd00::1/64"}]}});
    let read = |member| from_bridge(member, &bridge, Some((28, 5)));
    assert_eq!(read(BridgeMember::GatewayV4), Some(json!("172.17.0.1/16")));
    assert_eq!(read(BridgeMember::GatewayV6), Some(json!("fd00::1/64")));
    assert_eq!(read(BridgeMember::RangeV4), Some(json!("172.17.8.0/24")));
    assert_eq!(read(BridgeMember::RangeV6), Some(Value::Null));
    let older = from_bridge(BridgeMember::RangeV6, &bridge, Some((26, 1)));
    assert_eq!(older, Some(json!("fd00::/64")));
    assert_eq!(read(BridgeMember::EnableIpv6), Some(json!(true)));
}

#[test]
fn events_text_is_read_by_the_keys_type() {
    let kind = |name: &str| find(name).unwrap().kind;
    assert_eq!(typed(kind("debug"), "false"), Some(json!(false)));
    assert_eq!(typed(kind("labels"), "null"), Some(json!([])));
    assert_eq!(typed(kind("features"), r#"{"buildkit":true}"#), Some(json!({"buildkit": true})));
    assert_eq!(typed(kind("shutdown-timeout"), "no number"), None);
}
