//! From a bind to a healthy agent.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
    time::Duration,
};

use libtenancy::{
    Error, Result,
    agent::{AgentSecrets, Bind, Bound, Restore},
    clock::{Clock, Stopwatch, SystemClock},
    drivers::{
        agentd::socket,
        local::workloads::{
            home::{Home, Lock, Record},
            processes::start_ticks,
        },
    },
    tenant::WorkloadId,
};
use tokio::net::UnixListener;

use super::{
    archive,
    bound::{Activity, Agentd, Parts},
    exec::{self, Limits, Substitution},
    save::Saver,
    state,
    supervise::{AgentProcess, Reaper},
    upstream::{NotReady, Upstream},
    work::Work,
};

/// Somebody who only looks at the lock holds it for microseconds.
const LOCK_PATIENCE: Duration = Duration::from_millis(200);
const LOCK_LOOK: Duration = Duration::from_millis(2);
/// Ports that are tried when strangers keep taking them.
const MAX_PORTS: u32 = 5;
/// A log longer than this is put aside before the agent starts, and cut while it runs.
const MAX_LOG_BYTES: u64 = 16 << 20;
/// What is kept of a log that is cut.
const KEPT_LOG_BYTES: u64 = 1 << 20;

/// Binds this process for ever. `Conflict` if the tenant's home is held, or was by an agent of a later generation; `AgentFailed` if the agent does not become
/// healthy; errors of the state's restore. After an error the process must end.
pub(super) async fn bind(
    mut bind: Bind,
    workload: WorkloadId,
    reaper: Reaper,
    is_remote: bool,
) -> Result<(Arc<Agentd>, UnixListener, Bound)> {
    let home = Home::at(bind.home.clone());
    home.create().map_err(Error::io("create", home.path()))?;
    let lock = lock(&home, &bind).await?;
    if let Some(later) = home.state_generation().filter(|&lived| lived > bind.generation) {
        let reason = format!("an agent of generation {later} has lived here since generation {}", bind.generation);
        return Err(Error::conflict("agent", &bind.tenant, reason));
    }
    let record = Record {
        start_ticks: start_ticks(std::process::id()).unwrap_or_default(),
        pid: std::process::id(),
        workload: workload.clone(),
        tenant: bind.tenant.clone(),
        generation: bind.generation,
        socket: home.socket(),
        bound_at: SystemClock::default().now(),
    };
    home.record_write(&record).map_err(Error::io("write", home.path()))?;
    lock.let_inherit().map_err(Error::io("lock", home.lock_file()))?;

    let prepared = {
        let (home, tenant) = (home.clone(), bind.tenant.clone());
        let restore = match &bind.restore {
            Some(restore) => Some((archive::fetch(restore, &bind.snapshots).await?, restore.clone())),
            None => None,
        };
        tokio::task::spawn_blocking(move || {
            let restore = restore.as_ref().map(|(path, Restore { sha256, generation, .. })| state::Restore {
                path,
                sha256,
                generation: *generation,
            });
            state::prepare(&home, &tenant, restore.as_ref())
        })
        .await
        .map_err(|e| Error::internal(format!("bringing back the state broke off: {e}")))??
    };
    home.state_generation_write(bind.generation).map_err(Error::io("write", home.path()))?;
    secrets_write(&home, &bind.secrets)?;
    if !bind.template.0.is_empty() {
        let template = home.path().join("template");
        bind.template.write(&template)?;
        bind.command.template = Some(template);
    }
    let activity = Arc::new(Activity::new());
    tokio::spawn(Work::new(activity.clone()).serve(listen(&home.agent_socket())?));
    let (process, upstream, ready) = start(&bind, &home, &workload, &reaper).await?;
    let listener = listen(&home.socket())?;
    let bound =
        Bound { socket: home.socket(), restore: prepared.restore, ready, limits: process.limits.label().to_owned() };
    let saver =
        Saver::new(home.state(), bind.snapshots.clone(), (bind.tenant.clone(), bind.generation), prepared.fingerprint);
    let agentd = Agentd::new(Parts {
        is_remote,
        bind,
        home,
        save_at_once: prepared.left_by_a_death,
        upstream,
        process,
        saver,
        reaper,
        lock,
        activity,
    });
    Ok((Arc::new(agentd), listener, bound))
}

/// Writes the agent's secrets, and nothing that an earlier agent had.
fn secrets_write(home: &Home, secrets: &AgentSecrets) -> Result<()> {
    let directory = home.secrets();
    match fs::remove_dir_all(&directory) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", directory)(e)),
        _ => {}
    }
    if secrets.0.is_empty() {
        return Ok(());
    }
    fs::DirBuilder::new().mode(0o700).create(&directory).map_err(Error::io("create", &directory))?;
    for (name, secret) in &secrets.0 {
        if name.starts_with('.') || name.contains('/') {
            return Err(Error::invalid("agent_secrets", "a name is no plain file name"));
        }
        let path = directory.join(name);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(secret.as_bytes())).map_err(Error::io("write", &path))?;
    }
    Ok(())
}

/// Listens on a socket of the home, whose lock is held: what is left of an earlier one is removed.
fn listen(path: &Path) -> Result<UnixListener> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", path)(e)),
        _ => {}
    }
    socket::listen(path).map_err(Error::io("listen on", path))
}

async fn lock(home: &Home, bind: &Bind) -> Result<Lock> {
    let watch = Stopwatch::start();
    loop {
        if let Some(lock) = home.lock().map_err(Error::io("lock", home.lock_file()))? {
            return Ok(lock);
        }
        if watch.elapsed() > LOCK_PATIENCE {
            return Err(Error::conflict("agent", &bind.tenant, "the tenant has a live agent"));
        }
        tokio::time::sleep(LOCK_LOOK).await;
    }
}

/// Starts the agent and waits until it is healthy; on another port if a stranger has taken the first.
async fn start(
    bind: &Bind,
    home: &Home,
    workload: &WorkloadId,
    reaper: &Reaper,
) -> Result<(AgentProcess, Upstream, Duration)> {
    let failed = |reason: String| Error::AgentFailed { tenant: bind.tenant.to_string(), reason };
    let watch = Stopwatch::start();
    let mut ports = 0;
    loop {
        ports += 1;
        let port = free_port().map_err(|e| failed(format!("there is no free port: {e}")))?;
        let (state, agentd, secrets) = (home.state(), home.agent_socket(), home.secrets());
        let substitution =
            Substitution { port, state: &state, tenant: &bind.tenant, agentd: &agentd, secrets: &secrets };
        if let Some(template) = &bind.command.template {
            state::fill_from_template(template, &state, &substitution)?;
        }
        let mut log = open_log(home).map_err(Error::io("open", home.log()))?;
        super::log::bound(&log);
        // Whose words follow.
        let (tenant, generation, now) = (&bind.tenant, bind.generation, SystemClock::default().now());
        writeln!(log, "{now} --- {tenant}, generation {generation} ---").map_err(Error::io("write", home.log()))?;
        let limits = Limits::prepare(&bind.command, workload);
        let process = exec::command(&bind.command, &substitution, workload, &limits, &log)
            .and_then(|mut command| reaper.start(&mut command, limits, home.log()))
            .map_err(|e| failed(format!("it could not be started: {e}")))?;
        let left = bind.command.ready_timeout.saturating_sub(watch.elapsed());
        let reason = match Upstream::ready(&process, port, left).await {
            Ok(upstream) => return Ok((process, upstream, watch.elapsed())),
            Err(NotReady::PortTaken) if ports < MAX_PORTS => {
                tracing::info!("port {port} was taken by another process; trying another one");
                process.end(Duration::ZERO).await;
                continue;
            }
            Err(NotReady::PortTaken) => format!("{ports} ports in a row were taken by other processes"),
            Err(NotReady::Ended) => process.obituary(process.ended().await),
            Err(NotReady::Late(seen)) => {
                let said = process.last_lines();
                let said = if said.is_empty() { String::new() } else { format!("; its log ends:\n{said}") };
                format!("it was not healthy within {:?}: {seen}{said}", bind.command.ready_timeout)
            }
        };
        process.end(Duration::ZERO).await;
        return Err(failed(reason));
    }
}

/// A port that is free now. Whether it still is when the agent takes it, the health check finds out.
fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The agent's log, to be appended to; a long one is put aside first.
fn open_log(home: &Home) -> io::Result<File> {
    if fs::metadata(home.log()).is_ok_and(|m| m.len() > MAX_LOG_BYTES) {
        fs::rename(home.log(), home.old_log())?;
    }
    File::options().append(true).create(true).mode(0o600).open(home.log())
}

/// Cuts a log that has grown too long while its writer lives: its end goes to the old log, and it starts anew. The
/// writer appends, so it goes on at the new end. What is written in between is lost.
pub(super) fn trim_log(home: &Home) -> io::Result<()> {
    let mut log = File::options().read(true).write(true).open(home.log())?;
    let length = log.metadata()?.len();
    if length > MAX_LOG_BYTES {
        log.seek(SeekFrom::Start(length - KEPT_LOG_BYTES))?;
        let mut old = File::options().write(true).create(true).truncate(true).mode(0o600).open(home.old_log())?;
        io::copy(&mut Read::by_ref(&mut log).take(KEPT_LOG_BYTES), &mut old)?;
        log.set_len(0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_log_that_grew_too_long_is_cut_while_its_writer_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().to_path_buf());
        let mut writer = open_log(&home).unwrap();
        writer.write_all(b"first\n").unwrap();
        trim_log(&home).unwrap();
        assert_eq!(fs::read(home.log()).unwrap(), b"first\n");
        let line = vec![b'x'; 1 << 20];
        for _ in 0..17 {
            writer.write_all(&line).unwrap();
        }
        trim_log(&home).unwrap();
        writer.write_all(b"last\n").unwrap();
        assert_eq!(fs::read(home.log()).unwrap(), b"last\n");
        assert_eq!(fs::metadata(home.old_log()).unwrap().len(), KEPT_LOG_BYTES);
    }
}
