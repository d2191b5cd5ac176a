//! What `iptables-save` prints, as far as it is about packets for containers.

use std::collections::BTreeSet;

use crate::model::host_system::FilterHook;

/// The chain that the engine leaves to people, before its own rules.
const CHAIN: &str = "DOCKER-USER";

/// Reads the filter table; `None` if there is no such chain.
pub fn filter_hook(text: &str) -> Option<FilterHook> {
    text.lines().find(|line| line.starts_with(&format!(":{CHAIN} ")))?;
    let own = rules(text, CHAIN);
    let is_return = |rule: &&Vec<&str>| rule.as_slice() == ["-j", "RETURN"];
    Some(FilterHook {
        rules: own.iter().filter(|it| !is_return(it)).count(),
        refuses: refuses(text, CHAIN, &mut BTreeSet::new()),
    })
}

/// Returns the rules of a chain, word by word.
fn rules<'a>(text: &'a str, chain: &str) -> Vec<Vec<&'a str>> {
    let all = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let own = all.filter(|it| it.first() == Some(&"-A") && it.get(1) == Some(&chain));
    own.map(|it| it[2..].to_vec()).collect()
}

/// Whether something is dropped or rejected there, or in a chain that it leads to, before
/// everything is sent back.
fn refuses<'a>(text: &'a str, chain: &str, seen: &mut BTreeSet<&'a str>) -> bool {
    for rule in rules(text, chain) {
        let target = rule.iter().position(|it| ["-j", "-g"].contains(it));
        let Some(target) = target.and_then(|at| rule.get(at + 1)).copied() else { continue };
        match target {
            "DROP" | "REJECT" => return true,
            // The rest of the chain is never reached.
            "RETURN" | "ACCEPT" if rule.len() == 2 => return false,
            _ => {}
        }
        if seen.insert(target) && refuses(text, target, seen) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expected: Option<(usize, bool)>) {
        let text = format!("*filter\n{}\nCOMMIT\n", lines.join("\n"));
        assert_eq!(filter_hook(&text).map(|it| (it.rules, it.refuses)), expected);
    }

    #[test]
    fn what_is_refused_counts_if_it_is_reached() {
        let chain = ":DOCKER-USER - [0:0]";
        check(&[":FORWARD DROP [0:0]"], None);
        check(&[chain, "-A FORWARD -j DOCKER-USER"], Some((0, false)));
        check(&[chain, "-A DOCKER-USER -j RETURN"], Some((0, false)));
        let drop = "-A DOCKER-USER -i eth0 ! -s 10.0.0.0/8 -j DROP";
        check(&[chain, drop, "-A DOCKER-USER -j RETURN"], Some((1, true)));
        check(&[chain, "-A DOCKER-USER -j RETURN", drop], Some((1, false)));
        let let_in = "-A DOCKER-USER -s 10.0.0.0/8 -j ACCEPT";
        check(&[chain, let_in], Some((1, false)));
        check(&[chain, let_in, drop], Some((2, true)));
    }

    #[test]
    fn chains_that_it_leads_to_are_followed() {
        let chain = ":DOCKER-USER - [0:0]";
        let jump = "-A DOCKER-USER -j ufw-user-forward";
        check(&[chain, jump], Some((1, false)));
        check(&[chain, jump, "-A ufw-user-forward -j DOCKER-USER"], Some((1, false)));
        let reject = "-A ufw-user-forward -p tcp -j REJECT --reject-with icmp-port-unreachable";
        check(&[chain, jump, reject], Some((1, true)));
    }
}
