//! Personal values as strangers may see them (contract 02 §8, defect 3).

/// A phone: its last four characters.
pub(crate) fn phone(phone: &str) -> String {
    format!("***{}", last(phone, 4))
}

/// A phone that the caller typed a moment ago: as [`phone`], but a short one as it is (contract 02 §3.4).
pub(crate) fn typed_phone(typed: &str) -> String {
    if typed.chars().count() <= 4 { typed.to_owned() } else { phone(typed) }
}

/// An e-mail address: its first character and its domain.
pub(crate) fn email(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((name, domain)) => format!("{}***@{domain}", name.chars().take(1).collect::<String>()),
        None if email.is_empty() => String::new(),
        None => "***".to_owned(),
    }
}

/// Given names: the first of them.
pub(crate) fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or_default().to_owned()
}

/// Family names: the first letter.
pub(crate) fn last_name(name: &str) -> String {
    name.trim().chars().next().map(|letter| format!("{}.", letter.to_uppercase())).unwrap_or_default()
}

fn last(text: &str, count: usize) -> String {
    let length = text.chars().count();
    text.chars().skip(length.saturating_sub(count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_shown() {
        // Contract 02 §9, example 9.
        assert_eq!(typed_phone("+51 911 111 111"), "*** 111");
        assert_eq!((typed_phone("1234"), phone("1234")), ("1234".to_owned(), "***1234".to_owned()));
        assert_eq!(phone(""), "***");
        assert_eq!(email("ana.rojas@correo.example"), "a***@correo.example");
        assert_eq!((email("sin arroba"), email("")), ("***".to_owned(), String::new()));
        assert_eq!((first_name(" Ana María "), first_name(" ")), ("Ana".to_owned(), String::new()));
        assert_eq!((last_name("ñahui Vilca"), last_name("")), ("Ñ.".to_owned(), String::new()));
    }
}
