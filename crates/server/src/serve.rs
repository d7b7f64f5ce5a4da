//! Listening, until told to stop.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use share::Platform;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::routes::{self, Area};
use crate::{answer, guard, pages};

/// How to serve.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// How long requests that are under way may take after the order to stop.
    pub grace: Duration,
    /// A proxy in front speaks TLS: cookies are sent only over it.
    pub behind_proxy: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { grace: Duration::from_secs(10), behind_proxy: false }
    }
}

/// Serving ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("cannot go on serving")]
pub struct ServeError(#[from] io::Error);

/// All routes, for tests and for embedding. `secure`: cookies only over TLS.
pub fn router(platform: Arc<Platform>, secure: bool) -> Router {
    let mut api = Router::new();
    let mut open = Router::new();
    for route in routes::table(secure) {
        match route.area {
            Area::Api => api = api.route(route.path, route.handler),
            Area::Open => open = open.route(route.path, route.handler),
        }
    }
    api.layer(from_fn(answer::tag))
        .merge(open)
        .fallback(pages::page)
        .method_not_allowed_fallback(routes::method_not_allowed)
        .layer(from_fn(guard::headers))
        .with_state(platform)
}

/// Serves `platform` on `listener` until `shutdown` completes; then finishes what is under way and closes the platform.
pub async fn serve(
    platform: Arc<Platform>,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let router = router(Arc::clone(&platform), options.behind_proxy);
    let (stop, mut stopped) = watch::channel(false);
    let mut stopping = stopped.clone();
    tokio::spawn(async move {
        shutdown.await;
        let _ = stop.send(true);
    });
    let served = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = stopping.wait_for(|s| *s).await;
    });
    let patience = async {
        let _ = stopped.wait_for(|s| *s).await;
        tokio::time::sleep(options.grace).await;
    };
    tokio::select! {
        done = served => done?,
        () = patience => tracing::warn!("requests were cut off at shutdown"),
    }
    platform.close().await;
    Ok(())
}
