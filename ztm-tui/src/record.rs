//! A recording: what the feed said, a [`Piece`] a line, as JSON.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use futures::{StreamExt, stream::BoxStream};
use libtenancy::{Error, Result, api::feed::Piece};

/// The longest pause of a replay.
const PAUSE: Duration = Duration::from_secs(3_600);

/// Writes a recording as it is made; what is written is in the file.
pub struct Recorder {
    file: std::fs::File,
    path: std::path::PathBuf,
}

impl Recorder {
    /// A new file; one that is there is not written over.
    pub fn create(path: &Path) -> Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        // What jobs' agents said may be in it.
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(path).map_err(Error::io("create", path))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Adds pieces.
    pub fn add(&mut self, pieces: &[Piece]) -> Result<()> {
        let mut lines = Vec::new();
        for piece in pieces {
            serde_json::to_writer(&mut lines, piece).map_err(|error| Error::internal(error.to_string()))?;
            lines.push(b'\n');
        }
        self.file.write_all(&lines).map_err(Error::io("write", &self.path))
    }
}

/// Reads a recording. A last line that is cut short was being written when its writer died, and is left out. `Corrupt` with
/// the line for anything else that is no piece.
pub fn read(path: &Path) -> Result<Vec<Piece>> {
    let file = std::fs::File::open(path).map_err(Error::io("open", path))?;
    let mut lines = BufReader::new(file).lines().enumerate().peekable();
    let mut pieces = Vec::new();
    while let Some((number, line)) = lines.next() {
        let line = line.map_err(Error::io("read", path))?;
        match serde_json::from_str(&line) {
            Ok(piece) => pieces.push(piece),
            Err(_) if lines.peek().is_none() && number > 0 => break,
            Err(error) => {
                let reason = format!("line {}: {error}", number + 1);
                return Err(Error::Corrupt { what: "recording", path: path.to_owned(), reason });
            }
        }
    }
    Ok(pieces)
}

/// The pieces as they came, so many times as fast; then nothing more.
pub fn replay(pieces: Vec<Piece>, speed: f64) -> BoxStream<'static, Result<Piece>> {
    let mut last = None;
    let timed = pieces.into_iter().map(move |piece| {
        let pause = last.replace(piece.at).map_or(Duration::ZERO, |before| piece.at.since(before));
        (pause.div_f64(speed).min(PAUSE), piece)
    });
    futures::stream::iter(timed)
        .then(async |(pause, piece)| {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok(piece)
        })
        .chain(futures::stream::pending())
        .boxed()
}
