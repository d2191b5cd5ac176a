//! TCP sockets that a process listens on.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use super::Proc;

/// `TCP_LISTEN` in the tables of the kernel.
const LISTENING: &str = "0A";

impl Proc {
    /// Returns the addresses, as the process sees them.
    pub(in crate::observe) fn tcp_listeners(&self, pid: u32) -> io::Result<Vec<String>> {
        let held = self.held_sockets(pid)?;
        let mut tables = self.socket_tables(pid, "net/tcp")?;
        tables.extend(self.socket_tables(pid, "net/tcp6")?);
        let rows = tables.iter().flat_map(|table| table.lines()).filter_map(listening_row);
        let addresses: BTreeSet<SocketAddr> =
            rows.filter(|(inode, _)| held.contains(inode)).map(|(_, address)| address).collect();
        Ok(addresses.iter().map(SocketAddr::to_string).collect())
    }
}

/// Reads one line: the inode and the address of a socket that listens.
fn listening_row(line: &str) -> Option<(u64, SocketAddr)> {
    let mut columns = line.split_whitespace().skip(1);
    let (address, port) = columns.next()?.split_once(':')?;
    let (_peer, state) = (columns.next()?, columns.next()?);
    let inode = columns.nth(5)?.parse().ok()?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (state == LISTENING).then_some(())?;
    Some((inode, SocketAddr::new(ip(address)?, port)))
}

/// The kernel writes an address as words of four bytes, each as its processor reads it.
fn ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => word(0).map(IpAddr::from),
        32 => {
            let mut bytes = [0; 16];
            for at in 0..4 {
                bytes[at * 4..at * 4 + 4].copy_from_slice(&word(at * 8)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn own_listeners_are_found_in_both_families() {
        let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut bound = vec![v4.local_addr().unwrap().to_string()];
        let v6 = TcpListener::bind("[::1]:0");
        bound.extend(v6.iter().map(|it| it.local_addr().unwrap().to_string()));
        let found = Proc::new("/proc").tcp_listeners(std::process::id()).unwrap();
        for address in bound {
            assert!(found.contains(&address), "{address} is not among {found:?}");
        }
        let connected = " 1: 0100007F:0CEA 0100007F:9C40 01 0:0 00:0 0 0 0 77 1";
        assert_eq!(listening_row(connected), None);
        let listening = " 1: 0100007F:0CEA 00000000:0000 0A 0:0 00:0 0 0 0 77 1";
        assert_eq!(listening_row(listening), Some((77, "127.0.0.1:3306".parse().unwrap())));
    }
}
