use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;
use std::thread;

use super::Folder;
use crate::config::dev_encryption_key;
use crate::entropy::Entropy;

#[test]
fn the_key_is_made_once_for_its_owner_alone() {
    let folder = Folder::new();
    let data = folder.0.join("a/data");
    let key = dev_encryption_key(&data, &Entropy::seeded(1)).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(data.join("key-encryption-key")), 0o600);
    assert_eq!(mode(data.clone()), 0o700);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "no draft is left");
    let text = fs::read_to_string(data.join("key-encryption-key")).unwrap();
    assert_eq!((text.len(), text.ends_with('\n')), (45, true));
    assert_eq!(dev_encryption_key(&data, &Entropy::seeded(2)).unwrap(), key);
}

// L6
#[test]
fn all_that_start_at_once_have_the_same_key() {
    for _ in 0..20 {
        let folder = Folder::new();
        let (entropy, start) = (Entropy::system(), Barrier::new(8));
        let keys = thread::scope(|scope| {
            let made = || {
                start.wait();
                dev_encryption_key(&folder.0.join("data"), &entropy).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(made)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect::<Vec<_>>()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(fs::read_dir(folder.0.join("data")).unwrap().count(), 1);
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = Folder::new();
    let entropy = Entropy::seeded(1);
    dev_encryption_key(&folder.0, &entropy).unwrap();
    let path = folder.0.join("key-encryption-key");
    for mode in [0o640, 0o604, 0o620, 0o700] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = dev_encryption_key(&folder.0, &entropy)
            .unwrap_err()
            .to_string();
        assert!(error.contains(&format!("mode {mode:03o}")) && error.contains("chmod 600"));
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    dev_encryption_key(&folder.0, &entropy).unwrap();
}

#[test]
fn a_malformed_key_is_refused_and_kept() {
    let folder = Folder::new();
    let path = folder.0.join("key-encryption-key");
    for text in ["", "c2hvcnQ=\n", "hunter2"] {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let error = dev_encryption_key(&folder.0, &Entropy::seeded(1))
            .unwrap_err()
            .to_string();
        assert!(error.contains("is not base64 of 32 bytes"), "{error}");
        assert!(!error.contains("hunter2"));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}
