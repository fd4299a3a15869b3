//! A line to the database that a test can cut.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the line does with what comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Carries it.
    Open,
    /// Loses the answer to an `UPDATE`, and all that comes after it.
    LosesAnswers,
    /// Loses everything, and tells nobody.
    Silent,
    /// Closes every connection, old and new.
    Cut,
}

/// What was sent to the server.
type Questions = Arc<Mutex<Vec<u8>>>;

/// A proxy before a Postgres server. Ends when it is dropped.
pub struct Proxy {
    /// The database's URL by way of this proxy.
    pub url: String,
    line: Arc<watch::Sender<Line>>,
    questions: Questions,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy before the database of `url`.
    pub async fn before(url: &str) -> Self {
        let (front, rest) = url.rsplit_once('@').expect("a URL with a password");
        let (server, name) = rest.split_once('/').expect("a URL that names a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let line = Arc::new(watch::Sender::new(Line::Open));
        let (state, server) = (line.clone(), server.to_owned());
        let questions = Questions::default();
        let asked = questions.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *state.borrow() != Line::Cut {
                    let (server, line) = (server.clone(), state.subscribe());
                    tokio::spawn(connect(client, server, line, asked.clone()));
                }
            }
        });
        Self {
            url: format!("{front}@{address}/{name}"),
            line,
            questions,
            accepting,
        }
    }

    /// Changes what the line does.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// Everything that was sent to the server, on all connections.
    pub fn questions(&self) -> Vec<u8> {
        self.questions.lock().expect("no panic").clone()
    }

    /// Closes every connection, and lets new ones through.
    pub async fn reset(&self) {
        self.set(Line::Cut);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        self.set(Line::Open);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.set(Line::Cut);
    }
}

async fn connect(
    client: TcpStream,
    server: String,
    mut line: watch::Receiver<Line>,
    asked: Questions,
) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (carries, mut lost) = (line.clone(), false);
    let questions = pump(from_client, to_server, |question| {
        asked.lock().expect("no panic").extend_from_slice(question);
        *carries.borrow() != Line::Silent
    });
    let carries = line.clone();
    let answers = pump(from_server, to_client, |answer| {
        let line = *carries.borrow();
        let tag = answer.windows(9).any(|bytes| bytes == b"UPDATE 1\0");
        lost |= line == Line::LosesAnswers && tag;
        line != Line::Silent && !lost
    });
    tokio::select! {
        () = questions => {}
        () = answers => {}
        _ = line.wait_for(|line| *line == Line::Cut) => {}
    }
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut carries: impl FnMut(&[u8]) -> bool,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..read];
        if carries(bytes) && to.write_all(bytes).await.is_err() {
            return;
        }
    }
}
