//! Text matching, search terms and slugs.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Folds case and accents, so that "CAMPAÑA" equals "campaña" and "jose" equals "José" (decision 23).
pub fn fold(text: &str) -> String {
    text.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

/// The folded terms of a `search` parameter: split at white space and commas, a double-quoted phrase stays together
/// (contract 01 §4.7.5).
pub fn search_terms(search: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut quoted = false;
    for letter in search.chars() {
        match letter {
            '"' => quoted = !quoted,
            _ if !quoted && (letter.is_whitespace() || letter == ',') => {
                terms.push(std::mem::take(&mut term));
            }
            _ => term.push(letter),
        }
    }
    terms.push(term);
    terms.into_iter().map(|term| fold(term.trim())).filter(|term| !term.is_empty()).collect()
}

/// Whether every term is contained in at least one of the fields; fields must be folded already.
pub fn matches_all(terms: &[String], folded_fields: &[String]) -> bool {
    terms.iter().all(|term| folded_fields.iter().any(|field| field.contains(term.as_str())))
}

/// An ASCII slug: lower case letters, digits, `_` and single dashes (contract 04 §2, Property).
pub fn slugify(text: &str) -> String {
    let ascii: String = text.nfkd().filter(char::is_ascii).collect();
    let mut slug = String::new();
    for letter in ascii.trim().chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() || letter == '_' => {
                slug.push(letter.to_ascii_lowercase())
            }
            letter if (letter == '-' || letter.is_whitespace()) && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_matches(['-', '_']).to_owned()
}

/// The literals that JavaScript forms send for "nothing" (decision 13).
pub fn is_junk(text: &str) -> bool {
    matches!(text, "null" | "undefined" | "NaN" | "Invalid Date")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_and_terms() {
        assert_eq!(fold("CAMPAÑA José"), "campana jose");
        assert_eq!(search_terms(r#"  Ugarte, "Casa Austin 2" x"#), vec!["ugarte", "casa austin 2", "x"]);
        assert!(search_terms(" , ").is_empty());
        assert!(matches_all(&search_terms("casa ugar"), &[fold("Casa Austin"), fold("Ugarte Ñahui")]));
        assert!(!matches_all(&search_terms("casa nadie"), &[fold("Casa Austin")]));
    }

    #[test]
    fn slugs() {
        assert_eq!(slugify("Villa Lúcuma"), "villa-lucuma");
        assert_eq!(slugify("  Casa -- Austin 10! "), "casa-austin-10");
        assert_eq!(slugify("¡¿?!"), "");
    }
}
