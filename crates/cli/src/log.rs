//! Everything that is not data: messages for people, or lines of JSON for machines, on standard error.

use std::fmt;
use std::io::IsTerminal;

use clap::ValueEnum;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, error};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt as format};

use crate::failure::Failure;

/// How messages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

impl std::str::FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        <Self as ValueEnum>::from_str(text, false).map_err(|_| "write `text` or `json`".to_owned())
    }
}

/// Our crates; what libraries have to say is shown two levels later.
const OURS: &[&str] = &[
    "assess",
    "bom",
    "client",
    "datalog",
    "flow",
    "ident",
    "inspect",
    "pipeline",
    "program",
    "server",
    "share",
    "sleigh",
    "statement",
    "sukashi",
    "system",
    "tlog",
    "unpack",
    "vuln",
];

/// From now on messages go to standard error. `verbosity`: −1 errors, 0 warnings, 1 information, 2 and more details.
pub(crate) fn start(format: LogFormat, verbosity: i8) {
    let level = |verbosity| match verbosity {
        i8::MIN..=-1 => LevelFilter::ERROR,
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = OURS.iter().map(|name| (*name, level(verbosity)));
    let targets = Targets::new().with_default(level(verbosity.saturating_sub(2))).with_targets(ours);
    let layer = format::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    // Only a test can have set another subscriber.
    let _ = match format {
        LogFormat::Text => registry.with(layer.event_format(Plain).with_filter(targets)).try_init(),
        LogFormat::Json => {
            registry.with(layer.json().flatten_event(true).with_target(false).with_filter(targets)).try_init()
        }
    };
}

/// Reports why a command could not do its work.
pub(crate) fn failure(failure: &Failure) {
    let Failure { message, hints } = failure;
    if hints.is_empty() { error!("{message}") } else { error!(hint = hints.join("\nhint: "), "{message}") }
}

/// `error: …`, then `hint: …`; further fields in brackets.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (word, colour) = match *event.metadata().level() {
            Level::ERROR => ("error", "31"),
            Level::WARN => ("warning", "33"),
            Level::INFO => ("info", "36"),
            Level::DEBUG => ("debug", "2"),
            Level::TRACE => ("trace", "2"),
        };
        if colours(&std::io::stderr()) {
            write!(out, "\u{1b}[{colour}m{word}:\u{1b}[0m {}", fields.message)?;
        } else {
            write!(out, "{word}: {}", fields.message)?;
        }
        if !fields.others.is_empty() {
            write!(out, " ({})", fields.others.join(", "))?;
        }
        writeln!(out)?;
        fields.hint.map_or(Ok(()), |hint| writeln!(out, "hint: {hint}"))
    }
}

/// May this stream have colours? (no-color.org; `TERM=dumb` by habit)
pub(crate) fn colours(stream: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[derive(Default)]
struct Fields {
    message: String,
    hint: Option<String>,
    others: Vec<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "hint" => self.hint = Some(value.to_owned()),
            name => self.others.push(format!("{name}={}", crate::escape::line(value))),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = crate::escape::escape(&text, &['\n']).into_owned(),
            name => self.others.push(format!("{name}={}", crate::escape::line(&text))),
        }
    }
}
