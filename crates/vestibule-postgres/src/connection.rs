//! How connections are made, set up, kept and given up.
//!
//! A pool of a bounded size; a wait for a place in it is bounded, and so is every answer of the server. While the server cannot
//! be reached, a few try to and everybody else is refused at once: when it comes back it meets no stampede.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deadpool::managed::{
    self, Metrics, Pool, PoolConfig, PoolError, RecycleError, RecycleResult, Timeouts,
};
use deadpool_postgres::ClientWrapper;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Patience;
use crate::fault::Fault;
use crate::location::Location;

/// Connections that are being made at a time.
const DIALS: usize = 4;
/// How long nobody tries after a connection could not be made: at first, and at most.
const REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// One connection, on loan from the pool.
pub(crate) type Connection = managed::Object<Dialer>;

/// The pool.
#[derive(Clone)]
pub(crate) struct Connections {
    pool: Pool<Dialer>,
}

impl Connections {
    pub(crate) fn new(location: Location, most: usize, patience: Patience) -> Result<Self, Fault> {
        let dialer = Dialer {
            config: location.config,
            tls: location.tls.map(MakeRustlsConnect::new),
            patience,
            dials: Semaphore::new(DIALS),
            rest: Mutex::new(Rest::default()),
        };
        let pool = Pool::builder(dialer)
            .config(PoolConfig {
                max_size: most,
                timeouts: Timeouts {
                    wait: Some(patience.wait),
                    // The dialer has its own.
                    create: None,
                    recycle: None,
                },
                ..PoolConfig::default()
            })
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| Fault::NoConnection(error.to_string()))?;
        Ok(Self { pool })
    }

    pub(crate) async fn take(&self) -> Result<Connection, Fault> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(fault) => fault,
            PoolError::Timeout(_) => Fault::NoConnection("all are in use".to_owned()),
            PoolError::Closed => Fault::Closed,
            error => Fault::NoConnection(error.to_string()),
        })
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// Ends a connection whose state is not known, rather than to lend it out again.
pub(crate) fn discard(connection: Connection) {
    drop(Connection::take(connection));
}

/// Makes connections.
pub(crate) struct Dialer {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    patience: Patience,
    dials: Semaphore,
    rest: Mutex<Rest>,
}

/// After failures nobody dials for a while.
#[derive(Default)]
struct Rest {
    until: Option<Instant>,
    length: Duration,
    why: String,
}

impl managed::Manager for Dialer {
    type Type = ClientWrapper;
    type Error = Fault;

    async fn create(&self) -> Result<ClientWrapper, Fault> {
        self.rested()?;
        let dialled = timeout(self.patience.connect, async {
            let _turn = self.dials.acquire().await.map_err(|_| Fault::Closed)?;
            // Whoever was before in this queue may have found out.
            self.rested()?;
            let dialled = timeout(self.patience.connect, Box::pin(self.dial())).await;
            let dialled = dialled.unwrap_or(Err(Fault::Silent));
            self.tried(dialled.as_ref().err());
            dialled
        });
        dialled.await.unwrap_or(Err(Fault::Silent))
    }

    async fn recycle(&self, client: &mut ClientWrapper, _: &Metrics) -> RecycleResult<Fault> {
        if client.is_closed() {
            return Err(RecycleError::message("the server closed it"));
        }
        Ok(())
    }
}

impl Dialer {
    async fn dial(&self) -> Result<ClientWrapper, Fault> {
        let (client, task) = if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await?;
            (client, tokio::spawn(ended(connection)))
        } else {
            let (client, connection) = self.config.connect(NoTls).await?;
            (client, tokio::spawn(ended(connection)))
        };
        let client = ClientWrapper::new(client, task);
        client.batch_execute(&self.set_up()).await?;
        Ok(client)
    }

    /// What a server lets a connection do is bounded there, too: what nobody waits for any more holds no lock.
    fn set_up(&self) -> String {
        let statement = self.patience.statement.as_millis();
        let idle = self.patience.statement.as_millis() * 2;
        format!(
            "SET statement_timeout = {statement}; SET lock_timeout = {statement}; \
             SET idle_in_transaction_session_timeout = {idle}; \
             SET default_transaction_isolation = 'read committed'; \
             SET client_min_messages = 'warning'; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') = 'off'"
        )
    }

    fn rested(&self) -> Result<(), Fault> {
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        match rest.until {
            Some(until) if Instant::now() < until => Err(Fault::NoConnection(rest.why.clone())),
            _ => Ok(()),
        }
    }

    fn tried(&self, failed: Option<&Fault>) {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        match failed {
            None => *rest = Rest::default(),
            Some(fault) => {
                rest.length = (rest.length * 2).clamp(REST, LONGEST_REST);
                rest.until = Some(Instant::now() + rest.length);
                rest.why = fault.to_string();
            }
        }
    }
}

async fn ended<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    tokio_postgres::Connection<S, T>: Future<Output = Result<(), tokio_postgres::Error>>,
{
    if let Err(error) = connection.await {
        tracing::warn!(error = %Fault::from(error), "a connection to PostgreSQL ended");
    }
}
