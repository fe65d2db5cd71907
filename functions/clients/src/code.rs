//! A guest's own referral code (contract 03 §4.B).

use casa_domain::text::fold;
use rand::Rng;

/// Random codes tried when a name's own are all taken.
const RANDOM: usize = 8;
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Codes to try for a guest of this name, in order: three letters of the name and three digits, the same with a counter
/// from 1 to 98, then random ones. At most eight characters each. Unlike the original's they are plain ASCII, so that
/// they can be typed on any keyboard and fit every address (contract 03 §4.B.3).
pub(crate) fn candidates(first_name: &str, rng: &mut impl Rng) -> Vec<String> {
    let base = format!("{}{:03}", prefix(first_name), rng.random_range(0..1000));
    let counted: Vec<_> = (1..=98).map(|counter| format!("{base}{counter}")).collect();
    let mut random =
        || (0..8).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect::<String>();
    let random: Vec<_> = (0..RANDOM).map(|_| random()).collect();
    [vec![base], counted, random].concat()
}

/// The first three letters of a name in ASCII capitals, filled up with `A`.
fn prefix(first_name: &str) -> String {
    let letters = fold(first_name).to_uppercase();
    let letters = letters.chars().filter(char::is_ascii_alphanumeric).chain(std::iter::repeat('A'));
    letters.take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract 03 §9, example 4, with the prefix in ASCII.
    #[test]
    fn prefixes() {
        for (name, expected) in
            [("Jo", "JOA"), ("ñandú x", "NAN"), ("Élodie", "ELO"), ("X Y", "XYA"), ("李", "AAA")]
        {
            assert_eq!(prefix(name), expected, "{name}");
        }
    }

    #[test]
    fn candidates_are_short_and_end() {
        let codes = candidates("Bea", &mut rand::rng());
        assert_eq!(codes.len(), 1 + 98 + RANDOM);
        assert!(codes[0].starts_with("BEA") && codes[0].len() == 6);
        assert_eq!(codes[98], format!("{}98", codes[0]));
        assert!(codes.iter().all(|code| code.len() <= 8 && code.is_ascii()));
    }
}
