//! From the account files of an image to what is wrong with them. Passwords, and what is made of
//! them, go no further.

use std::collections::BTreeMap;

/// Says what is wrong with the texts of `/etc/passwd`, `/etc/shadow` and `/etc/group`; those that
/// the image has not are empty.
pub fn account_faults(passwd: &str, shadow: &str, group: &str) -> Vec<String> {
    let rows = |text: &str| -> Vec<Vec<String>> {
        // Lines with a sign stand for accounts of a directory service.
        let is_account =
            |line: &&str| !line.trim().is_empty() && !line.starts_with(['#', '+', '-']);
        let lines = text.lines().filter(is_account);
        lines.map(|line| line.split(':').map(str::to_owned).collect()).collect()
    };
    let (users, groups) = (rows(passwd), rows(group));
    let mut faults = Vec::new();
    for (file, rows) in [("/etc/passwd", &users), ("/etc/shadow", &rows(shadow))] {
        let open = rows.iter().filter(|row| row.get(1).is_some_and(String::is_empty));
        faults.extend(open.map(|row| format!("{} has an empty password in {file}", row[0])));
    }
    for (what, rows) in [("user", &users), ("group", &groups)] {
        let mut names: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for row in rows {
            if let Some(id) = row.get(2).and_then(|it| it.parse().ok()) {
                names.entry(id).or_default().push(&row[0]);
            }
        }
        for (id, mut names) in names {
            names.sort_unstable();
            names.dedup();
            if names.len() > 1 {
                faults.push(format!("{what} {id} is {}", names.join(" and ")));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_a_distribution_are_in_order() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nbin:*:2:2::/bin:\n+::::::\n";
        let shadow = "root:*:19000:0:99999:7:::\nbin:!:19000::::::\n";
        let group = "root:x:0:\nusers:x:100:a,b\nusers:x:100:c\n\n# more\n";
        assert_eq!(account_faults(passwd, shadow, group), Vec::<String>::new());
        assert_eq!(account_faults("", "", ""), Vec::<String>::new());
    }

    #[test]
    fn open_accounts_and_shared_numbers_are_told_by_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:\ndemo::1000:1000::/:\n";
        let shadow = "root:::0:::::\ntoor:$6$salt$hash:::::::\n";
        let group = "root:x:0:\nwheel::10:\nadm:x:10:\nodd\n";
        assert_eq!(
            account_faults(passwd, shadow, group),
            [
                "demo has an empty password in /etc/passwd",
                "root has an empty password in /etc/shadow",
                "user 0 is root and toor",
                "group 10 is adm and wheel",
            ]
        );
    }
}
