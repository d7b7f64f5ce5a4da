//! Which platform a command talks to, and with whose token.

use anyhow::Context as _;
use client::{Http, Reach, Remote};

use crate::settings::{Setting, Settings};

/// Address and token, typed or set.
#[derive(Debug, clap::Args)]
pub(crate) struct Platform {
    /// Address of the platform.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// File whose first line is the access token; otherwise `SUKASHI_TOKEN` or the setting `token` is.
    #[arg(long, value_name = "FILE")]
    token_file: Option<std::path::PathBuf>,
}

impl Platform {
    /// A client of it.
    ///
    /// # Errors
    /// If no address or token is set, or the address is none.
    pub(crate) fn connect(&self, settings: &Settings) -> anyhow::Result<Remote> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => settings.parsed(Setting::Url)?.context("no platform is set; hint: use `--url`")?,
        };
        let token = match self.token_in_file()? {
            Some(token) => token,
            None => settings.parsed(Setting::Token)?.context("no token is set; hint: set `SUKASHI_TOKEN`")?,
        };
        Ok(Remote::new(Http::new(&url, Some(&token), Reach::Anywhere)?))
    }

    /// The address, if it was typed.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The token in the file that was named. What is set is for the platform that is set, and not for others.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn token_in_file(&self) -> anyhow::Result<Option<String>> {
        self.token_file.as_deref().map(crate::input::first_line).transpose()
    }
}
