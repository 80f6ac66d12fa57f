//! What `/proc` says: who belongs to a workload, who listens on a port, how much memory there is; and killing that
//! cannot hit a stranger.
//!
//! # Design notes
//! A process id alone names nobody: it may be used again. Before a signal is sent, the process is pinned by a pidfd and
//! looked at once more *through its id while pinned*; a process that ended meanwhile fails that look. What is looked for
//! is either the workload's random name in its environment (fixed when it was started, inherited by what it starts), or
//! that it holds the open lock of the home, which only the workload can have inherited.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::Path,
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::home::WORKLOAD_VARIABLE;
use crate::tenant::WorkloadId;

/// All process ids of this machine (or container).
fn all() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The fields of `/proc/PID/stat` after the name: the first is the state, the second the parent.
fn stat(pid: u32) -> Option<String> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    text.rsplit_once(") ").map(|(_, fields)| fields.to_owned())
}

/// When the process started, in clock ticks since boot; `None` if there is none.
pub fn start_ticks(pid: u32) -> Option<u64> {
    stat(pid)?.split(' ').nth(19)?.parse().ok()
}

/// Whether the process has ended and only waits for its parent to notice (or is gone altogether).
pub fn has_ended(pid: u32) -> bool {
    stat(pid).is_none_or(|fields| fields.starts_with(['Z', 'X']))
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut found = Vec::new();
    for task in tasks.flatten() {
        let Ok(text) = fs::read_to_string(task.path().join("children")) else {
            // A kernel without that file: look at everybody's parent.
            let parent = pid.to_string();
            return all().filter(|&p| stat(p).is_some_and(|s| s.split(' ').nth(1) == Some(&parent))).collect();
        };
        found.extend(text.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
    }
    found
}

/// Everything below a process, parents first.
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children(pid);
    let mut next = 0;
    while let Some(&child) = found.get(next) {
        next += 1;
        for grandchild in children(child) {
            if !found.contains(&grandchild) {
                found.push(grandchild);
            }
        }
    }
    found
}

/// Resident memory of one process in bytes.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}

/// Processor time that a process has used, and those of its children that ended, in milliseconds: `utime`, `stime`, `cutime`
/// and `cstime` of `proc_pid_stat(5)`.
pub fn processor_ms(pid: u32) -> Option<u64> {
    let fields = stat(pid)?;
    let ticks: Option<u64> = fields.split(' ').skip(11).take(4).map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks? * 1_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// Whether the process was started as part of the workload.
fn is_marked(pid: u32, mark: &[u8]) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|text| text.split(|&b| b == 0).any(|v| v == mark))
}

/// Whether the process has the open file through which `lock_file` is locked.
fn holds(pid: u32, lock_file: &Path) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.flatten().any(|descriptor| {
        fs::read_link(descriptor.path()).is_ok_and(|target| target == lock_file)
            && fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", descriptor.file_name().display()))
                .is_ok_and(|info| info.lines().any(|line| line.starts_with("lock:") && line.contains("WRITE")))
    })
}

/// A process that is pinned: while this lives, its id is nobody else's.
#[derive(Debug)]
pub struct Pinned {
    /// Its id.
    pub pid: u32,
    fd: OwnedFd,
}

impl Pinned {
    /// Pins the process; `None` if there is none.
    fn new(pid: u32) -> Option<Self> {
        let fd = pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok()?;
        Some(Self { pid, fd })
    }

    /// Pins the process that had this id at that time; `None` if it is gone.
    pub fn started_at(pid: u32, ticks: u64) -> Option<Self> {
        let pinned = Self::new(pid)?;
        (start_ticks(pid) == Some(ticks)).then_some(pinned)
    }

    /// SIGKILL; nothing if it has ended.
    pub fn kill(&self) {
        let _ = pidfd_send_signal(&self.fd, Signal::KILL);
    }

    /// Waits until it has ended.
    pub async fn ended(self) -> std::io::Result<()> {
        #[expect(deprecated, reason = "its successor is the same but `unsafe`, for types less strict than `OwnedFd`")]
        let fd = tokio::io::unix::AsyncFd::with_interest(self.fd, tokio::io::Interest::READABLE)?;
        fd.readable().await.map(drop)
    }
}

/// Whether the process was started as part of another workload.
fn is_marked_otherwise(pid: u32, mark: &[u8]) -> bool {
    let variable = format!("{WORKLOAD_VARIABLE}=").into_bytes();
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|text| text.split(|&b| b == 0).any(|v| v.starts_with(&variable) && v != mark))
}

/// Everything that belongs to the workload by its environment, or, if `lock_file` is given, by holding that lock and
/// not belonging to another workload by its environment; except processes that have ended, and this one.
pub fn members(workload: &WorkloadId, lock_file: Option<&Path>) -> Vec<Pinned> {
    let mark = format!("{WORKLOAD_VARIABLE}={workload}").into_bytes();
    // `/proc/PID/fd` shows the path without links.
    let lock_file = lock_file.map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()));
    let belongs = |pid: u32| {
        is_marked(pid, &mark)
            || lock_file.as_ref().is_some_and(|path| holds(pid, path) && !is_marked_otherwise(pid, &mark))
    };
    let own = std::process::id();
    all()
        .filter(|&pid| pid != own && belongs(pid))
        .filter_map(Pinned::new)
        .filter(|pinned| belongs(pinned.pid) && !has_ended(pinned.pid))
        .collect()
}

/// The workload that the holder of `lock_file` was started as part of, if it can be seen.
pub fn workload_holding(lock_file: &Path) -> Option<WorkloadId> {
    let lock_file = fs::canonicalize(lock_file).ok()?;
    let variable = format!("{WORKLOAD_VARIABLE}=").into_bytes();
    all().filter(|&pid| holds(pid, &lock_file)).find_map(|pid| {
        let text = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let id = text.split(|&b| b == 0).find_map(|v| v.strip_prefix(variable.as_slice()))?;
        Some(WorkloadId(String::from_utf8(id.to_vec()).ok()?))
    })
}

/// The inodes of all sockets that listen on `port` where a connection to 127.0.0.1 can arrive.
pub fn listeners(port: u16) -> BTreeSet<u64> {
    /// 127.0.0.1 and the wildcard, and for IPv6 the wildcard and the mapped 127.0.0.1, as the kernel writes them on a
    /// little-endian machine and on a big-endian one.
    const ADDRESSES: [&str; 6] = [
        "0100007F",
        "7F000001",
        "00000000",
        "00000000000000000000000000000000",
        "0000000000000000FFFF00000100007F",
        "00000000000000000000FFFF7F000001",
    ];
    let mut found = BTreeSet::new();
    let wanted = format!("{port:04X}");
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        let Ok(text) = fs::read_to_string(table) else { continue };
        for line in text.lines().skip(1) {
            let mut fields = line.split_ascii_whitespace().skip(1);
            let (Some(local), _, Some(state)) = (fields.next(), fields.next(), fields.next()) else { continue };
            // 0A is TCP_LISTEN.
            if state != "0A" {
                continue;
            }
            let Some((address, local_port)) = local.split_once(':') else { continue };
            if local_port == wanted
                && ADDRESSES.contains(&address)
                && let Some(inode) = fields.nth(5).and_then(|inode| inode.parse().ok())
            {
                found.insert(inode);
            }
        }
    }
    found
}

/// Whether one of the processes has each of the sockets open.
pub fn own_sockets(pids: &[u32], sockets: &BTreeSet<u64>) -> bool {
    let mut missing = sockets.clone();
    for pid in pids {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for descriptor in descriptors.flatten() {
            if let Ok(target) = fs::read_link(descriptor.path())
                && let Some(inode) = socket_inode(target.as_os_str())
            {
                missing.remove(&inode);
            }
        }
    }
    missing.is_empty()
}

fn socket_inode(target: &OsStr) -> Option<u64> {
    let digits = target.as_bytes().strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_found_by_its_port_and_told_from_a_strangers() {
        let ours = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = ours.local_addr().unwrap().port();
        let sockets = listeners(port);
        assert_eq!(sockets.len(), 1);
        assert!(own_sockets(&[std::process::id()], &sockets));
        let parent = std::os::unix::process::parent_id();
        assert!(!own_sockets(&[parent], &sockets));
        drop(ours);
        assert!(listeners(port).is_empty());
        let wildcard = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        assert_eq!(listeners(wildcard.local_addr().unwrap().port()).len(), 1);
    }

    #[test]
    fn only_the_marked_process_that_still_lives_is_a_member() {
        let id = WorkloadId(hex::encode(crate::secret::random_bytes::<8>().unwrap()));
        let start =
            |mark: &str| std::process::Command::new("sleep").arg("60").env(WORKLOAD_VARIABLE, mark).spawn().unwrap();
        let (mut ours, mut stranger) = (start(&id.0), start("another"));
        // For a moment after `exec` a process shows no environment yet.
        let watch = crate::clock::Stopwatch::start();
        let mut found = members(&id, None);
        while found.is_empty() && watch.elapsed().as_secs() < 5 {
            std::thread::yield_now();
            found = members(&id, None);
        }
        assert_eq!(found.iter().map(|p| p.pid).collect::<Vec<_>>(), [ours.id()]);
        assert!(descendants(std::process::id()).contains(&ours.id()));
        found.iter().for_each(Pinned::kill);
        ours.wait().unwrap();
        assert!(members(&id, None).is_empty());
        assert!(Pinned::started_at(stranger.id(), 1).is_none(), "another start time is another process");
        assert!(stranger.try_wait().unwrap().is_none());
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[test]
    fn memory_and_start_time_of_a_process_can_be_read() {
        let own = std::process::id();
        assert!(resident_bytes(own).unwrap() > 100_000);
        assert!(start_ticks(own).unwrap() > 0);
        assert!(!has_ended(own));
        assert_eq!(start_ticks(u32::MAX), None);
    }
}
