//! A PostgreSQL server for measurements: started on a free port of this machine only, removed when it is dropped.
//!
//! It writes through to the disk as a real one does: what is measured is what users get.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

const USER: &str = "sukashi";

pub(crate) struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts one, and waits until it answers.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let (folder, programs) = (tempfile::tempdir()?, programs()?);
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Self { folder, programs, port };
        let place = server.folder.path().to_string_lossy().into_owned();
        if is_root()? {
            // PostgreSQL does not run as root.
            run(Command::new("chown").arg("nobody").arg(&place))?;
        }
        run(server.command("initdb").args(["-D", "data", "-U", USER, "--auth=trust"]))?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place} -c max_connections=300"
        );
        run(server.command("pg_ctl").args([
            "-D",
            "data",
            "-l",
            "server.log",
            "-w",
            "start",
            "-o",
            &options,
        ]))?;
        Ok(server)
    }

    /// Makes an empty database; its URL.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<String> {
        run(self.asking("createdb").arg(name))?;
        Ok(format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port))
    }

    /// Bytes that a database takes on disk.
    pub(crate) fn size(&self, name: &str) -> anyhow::Result<u64> {
        let mut command = self.asking("psql");
        let answer =
            command.args(["-At", "-c", "SELECT pg_database_size(current_database())", name]).output()?;
        ensure!(answer.status.success(), "PostgreSQL does not tell the size of `{name}`");
        Ok(String::from_utf8(answer.stdout)?.trim().parse()?)
    }

    fn asking(&self, program: &str) -> Command {
        let mut command = self.command(program);
        command.args(["-h", "127.0.0.1", "-U", USER, "-p"]).arg(self.port.to_string());
        command
    }

    /// One of its programs, as a user that it accepts, in the server's folder.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = match is_root() {
            Ok(true) => {
                let mut command = Command::new("runuser");
                command.args(["-u", "nobody", "--"]).arg(program);
                command
            }
            _ => Command::new(program),
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // If it does not end, its folder tells so.
        let _ = run(self.command("pg_ctl").args(["-D", "data", "-m", "immediate", "-w", "stop"]));
    }
}

fn is_root() -> anyhow::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(std::fs::metadata("/proc/self")?.uid() == 0)
}

/// Where the newest version that is installed has its programs.
fn programs() -> anyhow::Result<PathBuf> {
    let folder = Path::new("/usr/lib/postgresql");
    let version = |entry: std::fs::DirEntry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let programs = entry.path().join("bin");
        programs.join("initdb").exists().then_some((version, programs))
    };
    let installed = std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(version).max();
    Ok(installed.context("PostgreSQL is not installed; hint: `apt-get install postgresql`")?.1)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    // Whoever keeps its output open would keep us waiting: the server lives on.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
