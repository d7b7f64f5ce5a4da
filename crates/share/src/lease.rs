//! Work that one process at a time does: whoever holds its lease. A process that vanishes loses it after a while.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::error::ReadError;
use crate::ids::now;
use crate::platform::Platform;

/// How long a lease lasts unless it is renewed, in seconds.
const LEASE: i64 = 30;

/// Pause between renewals.
const RENEW: Duration = Duration::from_secs(10);

impl Platform {
    /// Does `work` if no other process does work of that `name`, and keeps the lease while it lasts. `None`: another
    /// process does it.
    pub async fn alone<T>(&self, name: &str, work: impl Future<Output = T>) -> Result<Option<T>, ReadError> {
        if !self.take_lease(name).await? {
            return Ok(None);
        }
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(Some(done)),
                () = tokio::time::sleep(RENEW) => {
                    // Lost only after two renewals failed; then another may begin, and doing it twice does no harm.
                    self.take_lease(name).await?;
                }
            }
        }
    }

    async fn take_lease(&self, name: &str) -> Result<bool, ReadError> {
        if !self.store.is_shared() {
            return Ok(true);
        }
        let at = now().unix();
        let taken = sqlx::query(
            "INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
             WHERE lease.holder = excluded.holder OR lease.until < $4",
        )
        .bind(name)
        .bind(&self.process)
        .bind(at.saturating_add(LEASE))
        .bind(at)
        .execute(&self.store.pool)
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Lets others have what this process did alone.
    pub(crate) async fn give_up_leases(&self) -> Result<(), sqlx::Error> {
        let give_up = sqlx::query("DELETE FROM lease WHERE holder = $1").bind(&self.process);
        give_up.execute(&self.store.pool).await.map(drop)
    }

    /// Whether other processes may work on the same platform.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }
}
