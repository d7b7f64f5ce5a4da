//! What handlers share: the platform, and what belongs to this process.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use pipeline::{SnapshotError, Vulnerabilities};
use share::Platform;
use tokio::sync::{Notify, watch};

use crate::limits::{Limits, Rates};
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::oidc::Oidc;
use crate::routes::csaf::Known;

/// A platform being served.
pub struct Site {
    platform: Arc<Platform>,
    /// Vulnerability data, for matching, answers and emergencies.
    vulnerabilities: RwLock<Option<Arc<Vulnerabilities>>>,
    /// The file they come from, if it is looked after.
    pub(crate) feed: Option<PathBuf>,
    /// Told when there are new data.
    pub(crate) renewed: Notify,
    /// Program and arguments that examine an upload.
    pub(crate) examiner: Option<(PathBuf, Vec<String>)>,
    /// Logging in elsewhere.
    pub(crate) oidc: Option<Arc<Oidc>>,
    /// Sends e-mail.
    pub(crate) mail: Option<Arc<Mail>>,
    /// What was read for CSAF feeds.
    pub(crate) csaf: Known,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    /// Whether it is time to end what would go on for ever.
    pub(crate) stopping: watch::Sender<bool>,
}

impl Site {
    /// `platform` with nothing beside it.
    pub fn new(platform: Arc<Platform>) -> Self {
        let limits = Limits::new(Rates::default());
        let stopping = watch::Sender::new(false);
        Self {
            platform,
            vulnerabilities: RwLock::default(),
            feed: None,
            renewed: Notify::new(),
            examiner: None,
            oidc: None,
            mail: None,
            csaf: Known::default(),
            limits,
            metrics: Metrics::default(),
            stopping,
        }
    }

    /// The same with vulnerability data.
    #[must_use]
    pub fn with_vulnerabilities(self, data: Arc<Vulnerabilities>) -> Self {
        self.renew(data);
        self
    }

    /// The same with vulnerability data from a file that may be replaced by newer ones while it is served.
    ///
    /// # Errors
    /// If the file is no such data.
    pub fn with_vulnerability_file(self, file: PathBuf) -> Result<Self, SnapshotError> {
        let data = Arc::new(Vulnerabilities::open(&file)?);
        Ok(Self { feed: Some(file), ..self.with_vulnerabilities(data) })
    }

    pub(crate) fn vulnerabilities(&self) -> Option<Arc<Vulnerabilities>> {
        self.vulnerabilities.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn renew(&self, data: Arc<Vulnerabilities>) {
        *self.vulnerabilities.write().unwrap_or_else(PoisonError::into_inner) = Some(data);
        self.renewed.notify_one();
    }

    /// The same with a program that examines uploads: a file and a folder for results are added to its arguments.
    /// Without one, jobs wait for another process.
    #[must_use]
    pub fn with_examiner(self, program: PathBuf, arguments: Vec<String>) -> Self {
        Self { examiner: Some((program, arguments)), ..self }
    }

    /// The same with people who log in by OpenID Connect.
    #[must_use]
    pub fn with_oidc(self, oidc: Oidc) -> Self {
        Self { oidc: Some(Arc::new(oidc)), ..self }
    }

    /// The same with e-mail of changes.
    #[must_use]
    pub fn with_mail(self, mail: Mail) -> Self {
        Self { mail: Some(Arc::new(mail)), ..self }
    }

    /// The same with other limits on requests.
    #[must_use]
    pub fn with_rates(self, rates: Rates) -> Self {
        Self { limits: Limits::new(rates), ..self }
    }

    /// Figures of this process, for Prometheus.
    pub async fn metrics(&self) -> String {
        let entries = self.platform.log_size().await.unwrap_or(0);
        self.metrics.text(&[("sukashi_log_entries", entries)])
    }

    /// The platform.
    pub fn platform(&self) -> &Arc<Platform> {
        &self.platform
    }
}

impl Deref for Site {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        &self.platform
    }
}
