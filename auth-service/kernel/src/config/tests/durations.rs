use std::time::Duration;

use crate::config::durations::{parse, text};

#[test]
fn a_duration_is_written_as_people_do_and_reads_back() {
    for (millis, written) in [
        (0, "0s"),
        (500, "500ms"),
        (1_500, "1s500ms"),
        (30_000, "30s"),
        (600_000, "10m"),
        (5_400_000, "1h30m"),
        (14 * 86_400_000, "14d"),
        (400 * 86_400_000 + 1, "400d1ms"),
    ] {
        let span = Duration::from_millis(millis);
        assert_eq!(text(span), written);
        assert_eq!(parse(written), Some(span), "{written}");
    }
    for span in [Duration::MAX, Duration::from_nanos(1_234_567_890_123)] {
        assert_eq!(parse(&text(span)), Some(span));
    }
}

#[test]
fn longer_spellings_are_read_and_nonsense_is_not() {
    assert_eq!(parse("1h 30m"), Some(Duration::from_secs(5_400)));
    assert_eq!(parse("10min"), Some(Duration::from_secs(600)));
    assert_eq!(parse("0"), Some(Duration::ZERO));
    for refused in [
        "",
        "10",
        "-1s",
        "10x",
        "1M",
        "1month",
        "1y",
        "1year 3d",
        "99999999999999999d",
    ] {
        assert_eq!(parse(refused), None, "{refused}");
    }
}
