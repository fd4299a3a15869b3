//! A TCP proxy in front of one server, which a test can cut, freeze or make lose what it carries.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::wire;

/// What the proxy does with its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Hands everything on.
    Open,
    /// Closes every connection, old and new.
    Cut,
    /// Keeps every connection, and hands on later what comes now.
    Frozen,
    /// Keeps every connection, loses everything that comes now, and tells nobody.
    Lossy,
    /// Loses Postgres's answer to an `UPDATE`, and all that comes after it.
    LosesAnswers,
    /// Hands each answer on after [`LATE`].
    Late,
}

/// By how much a slow server is late.
pub const LATE: Duration = Duration::from_millis(100);

/// A proxy. Ends when it is dropped.
pub struct Proxy {
    /// The server's URL by way of this proxy.
    pub url: String,
    flow: Arc<watch::Sender<Flow>>,
    questions: Questions,
    opened: Arc<AtomicUsize>,
    stranded: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

/// What was sent to the server, in order, and on which connection.
type Questions = Arc<Mutex<Vec<(usize, Vec<u8>)>>>;

impl Proxy {
    /// A proxy in front of the server that this URL names.
    pub async fn before(url: &str) -> Self {
        let (scheme, rest) = url.split_once("//").expect("a URL");
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, server) = authority.split_at(authority.find('@').map_or(0, |at| at + 1));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (flow, questions) = (
            Arc::new(watch::Sender::new(Flow::Open)),
            Questions::default(),
        );
        let (state, asked, server) = (flow.clone(), questions.clone(), server.to_owned());
        let (opened, stranded) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (count, lost) = (opened.clone(), stranded.clone());
        let accepting = tokio::spawn(async move {
            for number in 0.. {
                let Ok((client, _)) = listener.accept().await else {
                    return;
                };
                let asked = asked.clone();
                let asks = move |bytes: &[u8]| lock(&asked).push((number, bytes.to_vec()));
                count.fetch_add(1, Ordering::SeqCst);
                let lost = lost.clone();
                let is_stranded = move || number < lost.load(Ordering::SeqCst);
                let serving = serve(client, server.clone(), state.subscribe(), asks, is_stranded);
                tokio::spawn(serving);
            }
        });
        Self {
            url: format!("{scheme}//{user}{address}{path}"),
            flow,
            questions,
            opened,
            stranded,
            accepting,
        }
    }

    /// From now on loses everything that comes on the connections that are open, and tells nobody;
    /// new ones work. So does a firewall that has forgotten them.
    pub fn strand(&self) {
        let opened = self.opened.load(Ordering::SeqCst);
        self.stranded.store(opened, Ordering::SeqCst);
    }

    /// Changes what it does.
    pub fn set(&self, flow: Flow) {
        self.flow.send_replace(flow);
    }

    /// Closes every connection, and lets new ones through.
    pub async fn reset(&self) {
        self.set(Flow::Cut);
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.set(Flow::Open);
    }

    /// Forgets what was sent to the server so far.
    pub fn forget(&self) {
        lock(&self.questions).clear();
    }

    /// How often the server was sent `part`.
    pub fn count(&self, part: &[u8]) -> usize {
        let mut connections: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for (number, bytes) in &*lock(&self.questions) {
            connections.entry(*number).or_default().extend(bytes);
        }
        let here = connections
            .values()
            .flat_map(|sent| sent.windows(part.len()));
        here.filter(|bytes| *bytes == part).count()
    }

    /// What Postgres was told to execute, if nothing was forgotten.
    pub fn statements(&self) -> Vec<String> {
        wire::statements(&lock(&self.questions))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.set(Flow::Cut);
    }
}

fn lock(questions: &Questions) -> MutexGuard<'_, Vec<(usize, Vec<u8>)>> {
    questions.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(
    client: TcpStream,
    server: String,
    flow: watch::Receiver<Flow>,
    asks: impl Fn(&[u8]),
    is_stranded: impl Fn() -> bool,
) {
    let mut cut = flow.clone();
    tokio::select! {
        _ = cut.wait_for(|flow| *flow == Flow::Cut) => {}
        () = carry(client, server, flow, asks, is_stranded) => {}
    }
}

async fn carry(
    client: TcpStream,
    server: String,
    mut flow: watch::Receiver<Flow>,
    asks: impl Fn(&[u8]),
    is_stranded: impl Fn() -> bool,
) {
    thawed(&mut flow).await;
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // What is carried is not to wait here for what comes after it.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let prompt = Duration::ZERO;
    let questions = pump(
        from_client,
        to_server,
        flow.clone(),
        prompt,
        |question, flow| {
            asks(question);
            flow != Flow::Lossy && !is_stranded()
        },
    );
    let mut lost = false;
    let answers = pump(from_server, to_client, flow, LATE, |answer, flow| {
        let updated = answer.windows(9).any(|bytes| bytes == b"UPDATE 1\0");
        lost |= flow == Flow::LosesAnswers && updated;
        flow != Flow::Lossy && !lost && !is_stranded()
    });
    tokio::select! {
        () = questions => {}
        () = answers => {}
    }
}

/// Carries what `carries` does not lose, until one side ends.
async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut flow: watch::Receiver<Flow>,
    late: Duration,
    mut carries: impl FnMut(&[u8], Flow) -> bool,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..read];
        let flow = thawed(&mut flow).await;
        if flow == Flow::Late {
            tokio::time::sleep(late).await;
        }
        if carries(bytes, flow) && to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

/// What it does, once it is not frozen.
async fn thawed(flow: &mut watch::Receiver<Flow>) -> Flow {
    // It only fails once the proxy is gone, which cuts everything.
    let flow = flow.wait_for(|flow| *flow != Flow::Frozen).await;
    flow.map_or(Flow::Cut, |flow| *flow)
}
