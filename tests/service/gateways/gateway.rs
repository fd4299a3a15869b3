//! A gateway as its Debian package or wheel brings it, with a recipe of ours.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::outside::{free_port, root};

/// The gateways that a test can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `auth_request`
    Nginx,
    /// `forward_auth`
    Caddy,
    /// `ext_authz` over HTTP
    Envoy,
    /// `jwt_verify`, which asks nobody
    Haproxy,
    /// ForwardAuth
    Traefik,
    /// ForwardAuth, by custom resources from an API server of Kubernetes
    TraefikKubernetes,
    /// `auth-url`: what the controller's template makes of it, in nginx
    IngressNginx,
}

/// A running gateway. Ends when it is dropped.
pub struct Gateway {
    /// Where it listens, such as `http://127.0.0.1:1234`.
    pub base: String,
    child: Child,
    folder: TempDir,
}

/// Whether it answers, and knows its recipe: Traefik listens before it has read its routes, and
/// answers 404 until then. Every recipe refuses this path.
fn serves(port: u16) -> bool {
    let mut answer = [0; 12];
    let asked = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /../ HTTP/1.1\r\nhost: app.example.com\r\n\r\n")?;
        stream.read_exact(&mut answer)
    });
    asked.is_ok() && answer.ends_with(b" 400")
}

/// A program of a Debian package; servers lie where a user's `PATH` may not reach.
fn from_debian(name: &str) -> PathBuf {
    let found = ["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(name));
    let found = found.into_iter().find(|program| program.exists());
    found.unwrap_or_else(|| panic!("{name} is missing: run the tests by `make test`"))
}

/// What Debian's own configuration says around a file of `/etc/nginx/conf.d/`, with private folders.
const AROUND_NGINX: &str = "
daemon off;
user root;
worker_processes 2;
pid nginx.pid;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include recipe;
}
";

/// A module that the nginx of ingress-nginx has built in.
const HEADERS_MORE: &str =
    "load_module /usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so;";

/// Without Caddy's administration, which would listen on a port that all of them share.
const AROUND_CADDY: &str = "{\n\tadmin off\n}\nimport recipe\n";

impl Kind {
    /// Writes what else it needs into its folder, and says how it is started there.
    fn command(self, folder: &Path) -> Command {
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("a file can be written");
        };
        let (program, arguments) = match self {
            Self::Nginx | Self::IngressNginx => {
                let modules = match self {
                    Self::IngressNginx => HEADERS_MORE,
                    _ => "",
                };
                write("around", &format!("{modules}{AROUND_NGINX}"));
                let here = ["-p", ".", "-e", "stderr", "-c", "around"];
                (from_debian("nginx"), here.to_vec())
            }
            Self::Caddy => {
                write("around", AROUND_CADDY);
                let run = ["run", "--config", "around", "--adapter", "caddyfile"];
                (from_debian("caddy"), run.to_vec())
            }
            // Of two that could be restarted hot, each would need a `base-id`, and leave shared memory behind.
            Self::Envoy => {
                let run = [
                    "envoy",
                    "-c",
                    "recipe.yaml",
                    "--disable-hot-restart",
                    "--concurrency",
                    "2",
                ];
                (root().join("tests/strangers/run"), run.to_vec())
            }
            Self::Traefik => {
                let run = ["traefik", "--configFile=traefik.yaml"];
                (root().join("tests/strangers/run"), run.to_vec())
            }
            Self::TraefikKubernetes => {
                let run = ["cluster", "traefik.yaml", "objects.yaml"];
                (root().join("tests/strangers/run"), run.to_vec())
            }
            Self::Haproxy => {
                let run = ["-W", "-db", "-f", "recipe", "-f", "keys/keys.cfg"];
                (from_debian("haproxy"), run.to_vec())
            }
        };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder);
        command
    }
}

impl Gateway {
    /// Starts one before the service and the upstream at these ports.
    pub async fn start(kind: Kind, service: u16, upstream: u16) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let port = free_port();
        let keys = folder.path().join("keys");
        if kind == Kind::Haproxy {
            let told = update_keys(service, &keys, &[]);
            assert!(told.is_ok(), "{told:?}");
        }
        for (name, text) in kind.recipe(port, service, upstream) {
            let text = text.replace("/etc/haproxy/keys", &keys.display().to_string());
            std::fs::write(folder.path().join(name), text).expect("a file can be written");
        }

        let log = File::create(folder.path().join("log")).expect("a log can be made");
        let child = kind
            .command(folder.path())
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log)
            .spawn()
            .expect("the gateway runs");
        let mut gateway = Self {
            base: format!("http://127.0.0.1:{port}"),
            child,
            folder,
        };
        gateway.until_it_serves(port).await;
        gateway
    }

    async fn until_it_serves(&mut self, port: u16) {
        let began = Instant::now();
        while !serves(port) {
            let ended = self.child.try_wait().expect("a child can be waited for");
            let late = began.elapsed() > Duration::from_secs(60);
            assert!(ended.is_none() && !late, "{ended:?} {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Where `haproxy-keys` writes.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// What tells HAProxy to read its configuration again.
    pub fn reload(&self) -> String {
        format!("kill -USR2 {}", self.child.id())
    }
}

/// Runs `haproxy-keys` as its timer does; what it complained of where it failed.
pub fn update_keys(service: u16, folder: &Path, options: &[&str]) -> Result<(), String> {
    let ran = Command::new(root().join("tests/strangers/run"))
        .arg("haproxy-keys")
        .arg(format!("http://127.0.0.1:{service}"))
        .arg(folder)
        .args(options)
        .output()
        .expect("Python runs");
    let complaint = String::from_utf8_lossy(&ran.stderr).into_owned();
    ran.status.success().then_some(()).ok_or(complaint)
}

fn signal(name: &str, whom: &str) {
    let _ = Command::new("kill")
        .args([name, "--", whom])
        .stderr(Stdio::null())
        .status();
}

impl Drop for Gateway {
    /// Its workers with it: they are its process group.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of the gateway:\n{}", self.log());
        }
        let pid = self.child.id();
        signal("-TERM", &pid.to_string());
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && began.elapsed() < Duration::from_secs(5)
        {
            std::thread::sleep(Duration::from_millis(10));
        }
        signal("-KILL", &format!("-{pid}"));
        let _ = self.child.wait();
    }
}
