//! Listening, until told to stop.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use tokio::net::TcpListener;

use crate::here::OverTls;
use crate::routes::{self, Area};
use crate::site::Site;
use crate::tls::Tls;
use crate::{answer, background, guard, observe, once, pages};

/// How to serve.
#[derive(Debug)]
pub struct ServeOptions {
    /// How long requests that are under way may take after the order to stop.
    pub grace: Duration,
    /// A proxy in front speaks TLS: cookies are sent only over it.
    pub behind_proxy: bool,
    /// Where figures for Prometheus are given to whoever asks.
    pub metrics: Option<TcpListener>,
    /// Speaks TLS by itself.
    pub tls: Option<Tls>,
    /// Other processes work on what is registered ([`work`]); this one only answers.
    pub answers_only: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(10),
            behind_proxy: false,
            metrics: None,
            tls: None,
            answers_only: false,
        }
    }
}

/// Serving ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("cannot go on serving")]
pub struct ServeError(#[from] io::Error);

/// All routes, for tests and for embedding. `secure`: cookies only over TLS.
pub fn router(site: Arc<Site>, secure: bool) -> Router {
    let mut api = Router::new();
    let mut open = Router::new();
    for route in routes::table(secure) {
        match route.area {
            Area::Tea => {
                for path in routes::tea_paths(route.path) {
                    api = api.route(&path, route.handler.clone());
                }
            }
            Area::Api => api = api.route(route.path, route.handler),
            Area::Open => open = open.route(route.path, route.handler),
        }
    }
    api.layer(from_fn(answer::tag))
        .layer(from_fn_with_state(Arc::clone(&site), once::once))
        .merge(open)
        .fallback(pages::page)
        .method_not_allowed_fallback(routes::method_not_allowed)
        .layer(from_fn(guard::headers))
        .layer(from_fn_with_state(Arc::clone(&site), observe::observe))
        .layer(Extension(OverTls(secure)))
        .with_state(site)
}

/// Serves `site` on `listener` until `shutdown` completes; then finishes what is under way and closes the platform.
pub async fn serve(
    site: Arc<Site>,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let router = router(Arc::clone(&site), options.behind_proxy || options.tls.is_some());
    let stop = site.stopping.clone();
    let mut stopped = stop.subscribe();
    let following = tokio::spawn(background::follow(Arc::clone(site.platform()), stopped.clone()));
    let background =
        (!options.answers_only).then(|| tokio::spawn(background::run(Arc::clone(&site), stopped.clone())));
    let figures = options.metrics.map(|listener| tokio::spawn(serve_metrics(Arc::clone(&site), listener)));
    let mut stopping = stopped.clone();
    tokio::spawn(async move {
        shutdown.await;
        stop.send_replace(true);
    });
    let told = async move {
        let _ = stopping.wait_for(|s| *s).await;
    };
    let served = async move {
        match options.tls {
            Some(tls) => axum::serve(tls.listen(listener)?, router).with_graceful_shutdown(told).await,
            None => axum::serve(listener, router).with_graceful_shutdown(told).await,
        }
    };
    let patience = async {
        let _ = stopped.wait_for(|s| *s).await;
        tokio::time::sleep(options.grace).await;
    };
    tokio::select! {
        done = served => done?,
        () = patience => tracing::warn!("requests were cut off at shutdown"),
    }
    following.abort();
    background.inspect(tokio::task::JoinHandle::abort);
    figures.inspect(tokio::task::JoinHandle::abort);
    site.platform().close().await;
    Ok(())
}

/// Works on what other processes register until `shutdown` completes, and closes the platform.
pub async fn work(site: Arc<Site>, shutdown: impl Future<Output = ()> + Send + 'static) {
    let stopped = site.stopping.subscribe();
    let platform = Arc::clone(site.platform());
    let all = async {
        tokio::join!(
            background::follow(Arc::clone(&platform), stopped.clone()),
            background::run(Arc::clone(&site), stopped.clone())
        )
    };
    tokio::select! {
        _ = all => {}
        () = shutdown => {}
    }
    platform.close().await;
}

async fn serve_metrics(site: Arc<Site>, listener: TcpListener) {
    let text =
        |axum::extract::State(site): axum::extract::State<Arc<Site>>| async move { site.metrics().await };
    let router = Router::new().route("/metrics", axum::routing::get(text)).with_state(site);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "figures are not served any more");
    }
}
