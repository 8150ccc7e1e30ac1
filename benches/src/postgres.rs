//! A PostgreSQL of our own for the length of a measurement, spoken to over its socket in its own protocol (version 3,
//! "Frontend/Backend Protocol" in its manual), so that no driver stands in its way.

use std::fs;
use std::io::{BufReader, Error, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// PostgreSQL refuses to run as root; then it runs as this user.
const ORDINARY_USER: &str = "nobody";
const PORT: &str = "54329";

/// A running server with an empty table `facts (id text primary key, fact bytea)`; stopped when dropped.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    data: PathBuf,
    root: bool,
    connection: BufReader<UnixStream>,
}

/// Where the server's programs are, if they are installed.
#[must_use]
pub fn installed() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).filter(|bin| bin.join("initdb").exists()).max()
}

impl Postgres {
    /// Makes and starts a server in `folder`, as it is configured by default: `fsync` and `synchronous_commit` on.
    pub fn start(bin: &Path, folder: &Path) -> Result<Self> {
        let data = folder.join("postgres");
        fs::create_dir_all(&data)?;
        let root = run(Command::new("id").arg("-u"))?.stdout.starts_with(b"0\n");
        if root {
            run(Command::new("chmod").arg("755").arg(folder))?;
            run(Command::new("chown").arg("-R").arg(ORDINARY_USER).arg(&data))?;
        }
        let (cluster, socket) = (data.join("cluster"), data.display().to_string());
        run(as_user(root, &bin.join("initdb")).args(["-A", "trust", "-U", "bench", "-D"]).arg(&cluster))?;
        let options = format!("-p {PORT} -k {socket} -c listen_addresses=''");
        let log = data.join("log");
        run(as_user(root, &bin.join("pg_ctl"))
            .args(["-w", "-o", &options, "-l"])
            .arg(log)
            .arg("-D")
            .arg(&cluster)
            .arg("start"))?;
        let stream = UnixStream::connect(data.join(format!(".s.PGSQL.{PORT}")))?;
        let mut server = Self { bin: bin.to_owned(), data, root, connection: BufReader::new(stream) };
        let mut hello = 196_608_u32.to_be_bytes().to_vec();
        hello.extend_from_slice(b"user\0bench\0database\0postgres\0\0");
        server.write(&framed(None, &hello))?;
        server.until_ready()?;
        server.query("create table facts (id text primary key, fact bytea not null)")?;
        Ok(server)
    }

    /// Inserts rows in one transaction: one by INSERT, more by COPY, its fastest way. Durable when it returns.
    pub fn insert(&mut self, rows: &[(String, Vec<u8>)]) -> Result<()> {
        if let [(id, fact)] = rows {
            let hex: String = fact.iter().map(|byte| format!("{byte:02x}")).collect();
            return self.query(&format!("insert into facts values ('{id}', '\\x{hex}')"));
        }
        let mut copy = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        for (id, fact) in rows {
            copy.extend_from_slice(&2_u16.to_be_bytes());
            for column in [id.as_bytes(), fact] {
                copy.extend_from_slice(&(column.len() as u32).to_be_bytes());
                copy.extend_from_slice(column);
            }
        }
        copy.extend_from_slice(&u16::MAX.to_be_bytes());
        let mut message = framed(Some(b'Q'), b"copy facts from stdin binary\0");
        message.extend_from_slice(&framed(Some(b'd'), &copy));
        message.extend_from_slice(&framed(Some(b'c'), b""));
        self.write(&message)?;
        self.until_ready()
    }

    fn query(&mut self, sql: &str) -> Result<()> {
        self.write(&framed(Some(b'Q'), format!("{sql}\0").as_bytes()))?;
        self.until_ready()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.connection.get_mut().write_all(bytes)
    }

    fn until_ready(&mut self) -> Result<()> {
        let mut failed = None;
        loop {
            let mut head = [0; 5];
            self.connection.read_exact(&mut head)?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let mut body = vec![0; length.saturating_sub(4)];
            self.connection.read_exact(&mut body)?;
            match head[0] {
                b'E' => failed = Some(Error::other(String::from_utf8_lossy(&body).replace('\0', " "))),
                b'Z' => return failed.map_or(Ok(()), Err),
                _ => {}
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let cluster = self.data.join("cluster");
        let stopped =
            run(as_user(self.root, &self.bin.join("pg_ctl")).args(["-m", "immediate", "-D"]).arg(cluster).arg("stop"));
        if let Err(error) = stopped {
            eprintln!("PostgreSQL would not stop: {error}");
        }
    }
}

fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let mut message: Vec<u8> = kind.into_iter().collect();
    message.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    message.extend_from_slice(body);
    message
}

fn as_user(root: bool, program: &Path) -> Command {
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", ORDINARY_USER, "--"]).arg(program).current_dir("/");
    command
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))))
}
