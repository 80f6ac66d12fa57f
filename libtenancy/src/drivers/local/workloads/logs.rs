//! Reading an agent's log: its end, then what is added.

use std::{
    io::{self, SeekFrom},
    os::unix::fs::MetadataExt,
};

use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use inotify::{EventStream, Inotify, WatchMask};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};

use super::home::Home;
use crate::{
    error::{Error, Result},
    tenant::TenantId,
};

/// What is read at once, in bytes.
const BLOCK: usize = 64 << 10;

/// The log's last `tail` lines, then, if `follow`, what is added, also after the log was cut or put aside.
pub async fn open(
    home: &Home,
    tenant: &TenantId,
    tail: usize,
    follow: bool,
) -> Result<BoxStream<'static, io::Result<Bytes>>> {
    let path = home.log();
    // Watched before it is read, so that nothing is missed in between.
    let changes = if follow { Some(watch(home).map_err(Error::io("watch", home.path()))) } else { None };
    let mut file = match File::open(&path).await {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(Error::not_found("log", tenant)),
        Err(e) => return Err(Error::io("open", path)(e)),
    };
    let start = start_of_tail(&mut file, tail).await.map_err(Error::io("read", &path))?;
    file.seek(SeekFrom::Start(start)).await.map_err(Error::io("read", &path))?;
    let reader = Reader { home: home.clone(), file, position: start, changes: changes.transpose()? };
    Ok(stream::try_unfold(reader, |mut reader| async { Ok(reader.next().await?.map(|block| (block, reader))) }).boxed())
}

fn watch(home: &Home) -> io::Result<EventStream<[u8; 4096]>> {
    let inotify = Inotify::init()?;
    inotify.watches().add(home.path(), WatchMask::MODIFY | WatchMask::CREATE | WatchMask::MOVED_TO)?;
    inotify.into_event_stream([0; 4096])
}

/// Where the last `tail` lines begin.
async fn start_of_tail(file: &mut File, tail: usize) -> io::Result<u64> {
    let length = file.metadata().await?.len();
    if tail == 0 {
        return Ok(length);
    }
    let mut end = length;
    let mut lines = 0;
    let mut buffer = vec![0; BLOCK];
    while end > 0 {
        let begin = end.saturating_sub(BLOCK as u64);
        let block = &mut buffer[..usize::try_from(end - begin).unwrap_or(BLOCK)];
        file.seek(SeekFrom::Start(begin)).await?;
        file.read_exact(block).await?;
        for (offset, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let next = begin + offset as u64 + 1;
            // The newline at the very end ends the last line, and begins none.
            if next < length {
                lines += 1;
                if lines == tail {
                    return Ok(next);
                }
            }
        }
        end = begin;
    }
    Ok(0)
}

struct Reader {
    home: Home,
    file: File,
    position: u64,
    changes: Option<EventStream<[u8; 4096]>>,
}

impl Reader {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let mut block = vec![0; BLOCK];
            let length = self.file.read(&mut block).await?;
            if length > 0 {
                self.position += length as u64;
                block.truncate(length);
                return Ok(Some(block.into()));
            }
            let Some(changes) = &mut self.changes else { return Ok(None) };
            let ours = self.file.metadata().await?;
            if ours.len() < self.position {
                // It was cut.
                self.position = self.file.seek(SeekFrom::Start(0)).await?;
                continue;
            }
            if let Ok(there) = tokio::fs::metadata(self.home.log()).await
                && (there.dev(), there.ino()) != (ours.dev(), ours.ino())
            {
                // It was put aside.
                self.file = File::open(self.home.log()).await?;
                self.position = 0;
                continue;
            }
            match changes.next().await {
                Some(event) => drop(event?),
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write, time::Duration};

    use super::*;

    async fn text(stream: &mut BoxStream<'static, io::Result<Bytes>>) -> String {
        let block = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("in time");
        String::from_utf8(block.unwrap().unwrap().to_vec()).unwrap()
    }

    fn home() -> (tempfile::TempDir, Home, TenantId) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().to_path_buf());
        (dir, home, "acme".parse().unwrap())
    }

    #[tokio::test]
    async fn the_last_lines_are_given_and_then_what_is_added_through_cuts_and_rotations() {
        let (_dir, home, tenant) = home();
        fs::write(home.log(), "one\ntwo\nthree\n").unwrap();
        let mut log = open(&home, &tenant, 2, true).await.unwrap();
        assert_eq!(text(&mut log).await, "two\nthree\n");
        let mut writer = fs::File::options().append(true).open(home.log()).unwrap();
        writer.write_all(b"four\n").unwrap();
        assert_eq!(text(&mut log).await, "four\n");
        writer.set_len(0).unwrap();
        writer.write_all(b"5\n").unwrap();
        assert_eq!(text(&mut log).await, "5\n");
        fs::rename(home.log(), home.old_log()).unwrap();
        fs::write(home.log(), "six\n").unwrap();
        assert_eq!(text(&mut log).await, "six\n");
    }

    #[tokio::test]
    async fn a_tail_longer_than_the_log_is_all_of_it_and_without_follow_it_ends() {
        let (_dir, home, tenant) = home();
        let long = "x".repeat(BLOCK);
        fs::write(home.log(), format!("{long}\nlast without end")).unwrap();
        let all = |tail| {
            let (home, tenant) = (home.clone(), tenant.clone());
            async move {
                let mut blocks = open(&home, &tenant, tail, false).await.unwrap();
                let mut all = Vec::new();
                while let Some(block) = blocks.next().await {
                    all.extend_from_slice(&block.unwrap());
                }
                String::from_utf8(all).unwrap()
            }
        };
        assert_eq!(all(0).await, "");
        assert_eq!(all(1).await, "last without end");
        assert_eq!(all(9).await, format!("{long}\nlast without end"));
    }

    #[tokio::test]
    async fn an_agent_without_a_log_is_not_found() {
        let (_dir, home, tenant) = home();
        assert!(matches!(open(&home, &tenant, 1, true).await, Err(Error::NotFound { .. })));
    }
}
