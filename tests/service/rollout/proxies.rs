//! HAProxy as a load balancer that knows the replicas by `/readyz` alone, and nginx as an ingress
//! controller sets it up, told the endpoints as the cluster sees them.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::fleet::Slot;
use crate::support::Client;
use crate::support::outside::free_port;
use crate::support::signals::signal;

/// A proxy that ends when it is dropped.
struct Proxy {
    port: u16,
    child: Child,
    folder: TempDir,
}

impl Proxy {
    /// Runs a program of Debian's in a folder with these files.
    async fn start(program: &str, arguments: &[&str], files: &[(&str, &str)], port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let child = Command::new(Path::new("/usr/sbin").join(program))
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log)
            .spawn()
            .expect("the proxy runs: run the tests by `make test`");
        let proxy = Self {
            port,
            child,
            folder,
        };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "{}", proxy.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        proxy
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of the proxy:\n{}", self.log());
        }
        signal(&self.child, "TERM");
        let _ = self.child.wait();
    }
}

/// Connections to both sides are kept; only what could not be sent at all is sent elsewhere.
pub struct Haproxy(Proxy);

impl Haproxy {
    pub async fn start(slots: &[Slot]) -> Self {
        let port = free_port();
        let servers: String = slots
            .iter()
            .map(|(public, internal)| {
                format!("    server s{public} 127.0.0.1:{public} check port {internal}\n")
            })
            .collect();
        let text = format!(
            "global
    stats socket unix@admin.sock level admin
defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
    timeout http-keep-alive 1m
    option http-keep-alive
    http-reuse safe
    retries 3
    retry-on conn-failure
    option redispatch
    option forwardfor
frontend public
    bind 127.0.0.1:{port}
    default_backend auth
backend auth
    balance roundrobin
    option httpchk GET /readyz
    default-server inter 1s fall 2 rise 1
{servers}"
        );
        let arguments = ["-db", "-f", "haproxy.cfg"];
        Self(
            Proxy::start(
                "haproxy",
                &arguments,
                &[("haproxy.cfg", text.as_str())],
                port,
            )
            .await,
        )
    }

    pub fn client(&self) -> Client {
        Client::new(format!("http://127.0.0.1:{}", self.0.port), String::new())
    }

    /// Waits until its checks have found so many that are ready.
    pub async fn sees(&self, ready: usize) {
        let began = Instant::now();
        loop {
            let mut said = String::new();
            let socket = self.0.folder.path().join("admin.sock");
            let mut socket = UnixStream::connect(socket).expect("its socket");
            socket.write_all(b"show stat\n").expect("a question");
            socket.read_to_string(&mut said).expect("an answer");
            let up = said.lines().filter(|line| line.starts_with("auth,s"));
            let up = up.filter(|line| line.split(',').nth(17) == Some("UP"));
            if up.count() == ready {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{said}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// With the defaults of ingress-nginx, but that a plain nginx has to be reloaded to learn of
/// endpoints.
#[derive(Clone)]
pub struct Nginx(Arc<Proxy>, Arc<Mutex<Vec<u16>>>);

const NGINX: &str = "
daemon off;
user root;
worker_processes 2;
pid nginx.pid;
error_log stderr;
events { worker_connections 2048; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream auth {
        include endpoints;
        keepalive 320;
        keepalive_timeout 60s;
        keepalive_requests 10000;
    }
    server {
        listen 127.0.0.1:PORT;
        location / {
            proxy_pass http://auth;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_connect_timeout 5s;
            proxy_read_timeout 60s;
            proxy_send_timeout 60s;
            proxy_next_upstream error timeout;
            proxy_next_upstream_tries 3;
        }
    }
}
";

impl Nginx {
    pub async fn start(endpoints: &[u16]) -> Self {
        let port = free_port();
        let text = NGINX.replace("PORT", &port.to_string());
        let listed = servers(endpoints);
        let files = [
            ("nginx.conf", text.as_str()),
            ("endpoints", listed.as_str()),
        ];
        let arguments = ["-p", ".", "-e", "stderr", "-c", "nginx.conf"];
        let proxy = Proxy::start("nginx", &arguments, &files, port).await;
        Self(Arc::new(proxy), Arc::new(Mutex::new(endpoints.to_vec())))
    }

    /// A connection for each request: a reload ends those that rest, which an ingress controller
    /// spares its clients by reloading for no endpoint.
    pub fn client(&self) -> Client {
        let base = format!("http://127.0.0.1:{}", self.0.port);
        Client::new(base, String::new()).with("connection", "close")
    }

    /// The endpoints changed.
    pub fn tell(&self, change: impl FnOnce(&mut Vec<u16>)) {
        let mut endpoints = self.1.lock().unwrap();
        change(&mut endpoints);
        let file = self.0.folder.path().join("endpoints");
        std::fs::write(file, servers(&endpoints)).expect("a file");
        signal(&self.0.child, "HUP");
    }
}

fn servers(endpoints: &[u16]) -> String {
    let servers = endpoints.iter();
    servers
        .map(|port| format!("server 127.0.0.1:{port} max_fails=0;\n"))
        .collect()
}
