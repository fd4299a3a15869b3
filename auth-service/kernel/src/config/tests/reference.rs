use super::{Folder, load, written};
use crate::config::{Settings, default_toml, effective_toml};

#[test]
fn the_reference_loads_as_the_defaults() {
    let folder = Folder::new();
    let reference = load(Some(&folder.file(&default_toml())), &[]).unwrap();
    assert_eq!(written(&reference), written(&load(None, &[]).unwrap()));
}

#[test]
fn each_setting_is_described_within_the_width() {
    let text = default_toml();
    assert!(text.lines().all(|line| line.chars().count() <= 100));
    let lines: Vec<_> = text.lines().collect();
    for pair in lines
        .windows(2)
        .filter(|pair| !pair[1].starts_with('#') && !pair[1].is_empty())
    {
        assert!(pair[0].starts_with("# "), "{} has no description", pair[1]);
    }
}

#[test]
fn the_effective_settings_load_as_themselves() {
    let folder = Folder::new();
    let env = [
        ("AUTH__TOKENS__CLIENT_ID", "a \"quoted\" \\ name"),
        ("REDIS_URL", "redis://h"),
    ];
    let settings: Settings = load(None, &env).unwrap();
    let again = load(Some(&folder.file(&effective_toml(&settings))), &[]).unwrap();
    assert_eq!(written(&again), written(&settings));
    assert!(effective_toml(&load(None, &[]).unwrap()).contains("\n[redis]\n# url is not set\n"));
}
