//! What time the database takes it to be, for whoever compares clocks. Nothing here goes by it: time is an input.

use tokio::time::timeout;
use vestibule_core::time::UnixMillis;

use crate::connection::Connections;
use crate::fault::Fault;
use crate::location::Location;
use crate::{OpenError, Options};

/// Asks once, on a connection of its own, and makes nothing.
pub async fn clock(options: Options) -> Result<UnixMillis, OpenError> {
    let mut location = Location::parse(&options.url)?;
    if let Some(password) = options.password {
        location.config.password(password);
    }
    let patience = options.patience;
    let asked = async {
        let connections = Connections::new(location, 1, patience)?;
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        let row = connections.take().await?.query_one(sql, &[]).await?;
        connections.close();
        row.try_get(0).map(UnixMillis).map_err(Fault::from)
    };
    let whole = patience.connect + patience.wait + patience.statement;
    match timeout(whole, asked).await {
        Ok(answer) => answer.map_err(OpenError::from_fault),
        Err(_) => Err(OpenError::Store("it does not answer".to_owned())),
    }
}
