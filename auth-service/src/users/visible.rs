//! Characters that nobody sees, or that turn the text around them about: with them one address or
//! name passes for another.

use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark,
    VariationSelector,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// A cell of Braille without a dot: a letter to Unicode, and a blank to everybody.
const BRAILLE_BLANK: char = '\u{2800}';

/// Joiners, which Persian, Indic scripts and families of emoji need.
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];

/// Whether nothing is shown for this character, or it changes the direction or the line of others.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_control();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let formats = match category {
        // Signs before Arabic numbers are formats by name, and seen.
        GeneralCategory::Format => {
            !CodePointSetData::new::<PrependedConcatenationMark>().contains(c)
        }
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => true,
        _ => false,
    };
    formats
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<BidiControl>().contains(c)
}

/// Whether nothing is shown for this character, or only room.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == BRAILLE_BLANK || is_hidden(c)
}

/// Whether a name may hold this character although it is hidden, between those that are not.
pub(super) fn shapes_others(c: char) -> bool {
    JOINERS.contains(&c) || CodePointSetData::new::<VariationSelector>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_hidden_and_what_is_seen_is_not() {
        for c in [
            '\0',
            '\n',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180b}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2063}',
            '\u{2066}',
            '\u{2069}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0061}',
            '\u{e0100}',
            '\u{e0fff}',
        ] {
            assert!(is_hidden(c) && is_blank(c), "{c:?}");
        }
        for c in [' ', '\u{a0}', '\u{3000}', '\u{2800}', '\u{205f}'] {
            assert!(is_blank(c) && !is_hidden(c), "{c:?}");
        }
        for c in [
            'a',
            '~',
            '\u{e9}',
            '\u{301}',
            '\u{600}',
            '\u{5d0}',
            '\u{644}',
            '\u{915}',
            '\u{1100}',
            '\u{ac00}',
            '\u{4e9c}',
            '\u{1f600}',
            '\u{fffd}',
        ] {
            assert!(!is_hidden(c) && !is_blank(c), "{c:?}");
        }
    }
}
