//! The server as one value: built on a port, run until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App as Actix, HttpServer, web};

use crate::app::App;
use crate::keys::{KeyError, Keys};
use crate::{api, jobs};

/// How long requests in flight may take to end when the server stops.
const SHUTDOWN_SECONDS_MAX: u64 = 20;
/// How long a client may take to send the head of a request.
const HEAD_SECONDS_MAX: u64 = 10;
/// How long an idle connection is kept.
const KEEP_ALIVE_SECONDS: u64 = 75;

/// What can keep a server from running.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {listen}: {error}")]
    Bind {
        /// The address.
        listen: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// Without keys, only the machine itself may ask.
    #[error(
        "refusing to listen on {listen} without keys: anybody on the network could read and erase members. \
         Make one with `anklang key add --role admin`, or listen on 127.0.0.1"
    )]
    OpenToTheNetwork {
        /// The address.
        listen: SocketAddr,
    },
    /// The keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The server broke down.
    #[error("the server stopped: {0}")]
    Run(std::io::Error),
}

/// Reads the keys for a server that listens on `listen`; refuses to be open to the network without any.
pub(crate) fn keys_for(data: &std::path::Path, listen: SocketAddr) -> Result<Keys, ServeError> {
    let loopback = listen.ip().is_loopback();
    let keys = Keys::load(data, loopback)?;
    if !loopback && keys.list().is_empty() {
        return Err(ServeError::OpenToTheNetwork { listen });
    }
    Ok(keys)
}

/// Stops the server when it is told to. Streams would stay open as long as their clients, so they end first, and the
/// requests in flight then have their time.
async fn stop_on(mut signals: Signals, app: Arc<App>, handle: ServerHandle) {
    let graceful = signals.wait().await;
    app.stop();
    handle.stop(graceful).await;
}

/// What tells a process to stop.
#[cfg(unix)]
struct Signals {
    terminate: actix_web::rt::signal::unix::Signal,
    interrupt: actix_web::rt::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> std::io::Result<Self> {
        use actix_web::rt::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Whether requests in flight may end: SIGINT comes from somebody who waits at a terminal.
    async fn wait(&mut self) -> bool {
        std::future::poll_fn(|cx| {
            if self.terminate.poll_recv(cx).is_ready() {
                return std::task::Poll::Ready(true);
            }
            self.interrupt.poll_recv(cx).map(|_| false)
        })
        .await
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) -> bool {
        // Without the signal there is nothing to wait for; the server then stops by its handle alone.
        if actix_web::rt::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        false
    }
}

/// A server on its port, not yet answering.
pub(crate) struct Application {
    app: Arc<App>,
    listener: TcpListener,
    address: SocketAddr,
    control_file: Option<PathBuf>,
}

impl Application {
    /// Takes the port; 0 takes any that is free.
    pub(crate) fn bind(app: App, listen: SocketAddr) -> Result<Self, ServeError> {
        let failed = |error| ServeError::Bind { listen, error };
        let listener = TcpListener::bind(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { app: Arc::new(app), listener, address, control_file: None })
    }

    /// Leaves a note in the data folder by which commands on this machine find and ask the server.
    pub(crate) fn with_control_file(mut self, data: &std::path::Path) -> Result<Self, ServeError> {
        let path = crate::control::write(data, self.address, &self.app.control)?;
        self.control_file = Some(path);
        Ok(self)
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until SIGTERM, SIGINT or a stop through the handle given to `started`.
    pub(crate) fn run(self, started: impl FnOnce(ServerHandle)) -> Result<(), ServeError> {
        let system = actix_web::rt::System::new();
        let result = system.block_on(self.serve(started));
        result.map_err(ServeError::Run)
    }

    async fn serve(self, started: impl FnOnce(ServerHandle)) -> std::io::Result<()> {
        self.app.publish();
        let shared = web::Data::from(Arc::clone(&self.app));
        let limits = self.app.limits.clone();
        let server = HttpServer::new(move || Actix::new().app_data(shared.clone()).configure(api::configure))
            .workers(limits.workers.max(1))
            .max_connections(limits.connections_max)
            .keep_alive(Duration::from_secs(KEEP_ALIVE_SECONDS))
            .client_request_timeout(Duration::from_secs(HEAD_SECONDS_MAX))
            .shutdown_timeout(SHUTDOWN_SECONDS_MAX)
            .disable_signals()
            .listen(self.listener)?
            .run();
        let handle = server.handle();
        // Before anybody is told that it runs: whoever is may stop it at once.
        let signals = Signals::install()?;
        let stopping = actix_web::rt::spawn(stop_on(signals, Arc::clone(&self.app), handle.clone()));
        let running = actix_web::rt::spawn(server);
        tokio::task::yield_now().await;
        started(handle);
        let jobs = jobs::start(Arc::clone(&self.app));
        let result = running.await.map_err(std::io::Error::other).flatten();
        stopping.abort();
        self.app.stop();
        jobs.stop();
        if let Some(path) = self.control_file {
            let _ = std::fs::remove_file(path);
        }
        result
    }
}
