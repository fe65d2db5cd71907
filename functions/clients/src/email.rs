//! What passes as an e-mail address.

/// Whether the text has the shape of an e-mail address: a local part of the usual characters, `@`, and a domain of at
/// least two labels. As strict as the original, less its quoted local parts and bare addresses of machines.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{}|~-".contains(&byte))
    };
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let labels: Vec<_> = domain.split('.').collect();
    let top = labels.last().copied().unwrap_or_default();
    local.split('.').all(atom)
        && labels.len() >= 2
        && labels.iter().all(|part| label(part))
        && top.chars().count() >= 2
        && !top.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn shapes() {
        for good in ["x@correo.example", "ana.maria+1@a-b.com.pe", "o'neil@x.org", "a@correo.peña"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "no-es",
            "@x.pe",
            "a@",
            "a@b",
            "a@@b.pe",
            "a b@c.pe",
            "a@c .pe",
            ".a@c.pe",
            "a..b@c.pe",
            "a@-c.pe",
            "a@c.1",
            "a@c..pe",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
