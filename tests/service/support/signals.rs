//! Signals, sent by the system call: a `kill` that must be started first comes too late for what is
//! in flight now.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal, by name.
pub fn signal(child: &Child, name: &str) {
    let signal = match name {
        "CONT" => Signal::CONT,
        "HUP" => Signal::HUP,
        "INT" => Signal::INT,
        "KILL" => Signal::KILL,
        "QUIT" => Signal::QUIT,
        "STOP" => Signal::STOP,
        "TERM" => Signal::TERM,
        _ => panic!("no signal of the tests: {name}"),
    };
    if let Err(error) = kill_process(Pid::from_child(child), signal) {
        panic!("SIG{name}: {error}");
    }
}
