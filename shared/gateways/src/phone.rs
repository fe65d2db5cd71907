//! Telephone numbers as the vendors want them; numbers of nine digits are Peruvian mobiles.

const PERU: &str = "51";
/// Digits of a Peruvian mobile without the country.
const MOBILE: usize = 9;

/// A number for Twilio: a plus sign, the country, the rest (contract 02 §5.1).
///
/// A number that says its country with a plus sign keeps it, however short it is.
pub fn e164(phone: &str) -> String {
    let digits = digits(phone);
    if digits.len() == MOBILE && !phone.starts_with('+') {
        format!("+{PERU}{digits}")
    } else {
        format!("+{digits}")
    }
}

/// A number for WhatsApp: the country and the rest, digits only (contract 02 §5.2).
pub fn whatsapp(phone: &str) -> String {
    let digits = digits(phone);
    if digits.len() == MOBILE {
        format!("{PERU}{digits}")
    } else if digits.starts_with("051") {
        digits[1..].to_owned()
    } else {
        digits
    }
}

/// A number of somebody who pays by card: a plus sign, the country, the rest; `None` without any digit (contract 06 §5.1).
pub fn payer(phone: &str) -> Option<String> {
    let digits = digits(phone);
    let foreign = digits.len() > MOBILE;
    (!digits.is_empty()).then(|| if foreign { format!("+{digits}") } else { format!("+{PERU}{digits}") })
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_what_each_vendor_wants() {
        for (phone, for_twilio, for_whatsapp) in [
            // Contract 02 §9, example 9.
            ("911111111", "+51911111111", "51911111111"),
            ("+51 911-111-111", "+51911111111", "51911111111"),
            ("051911111111", "+051911111111", "51911111111"),
            ("51911", "+51911", "51911"),
            // Further corners of the same rules.
            ("51911111111", "+51911111111", "51911111111"),
            ("(911) 111 111", "+51911111111", "51911111111"),
            ("+911111111", "+911111111", "51911111111"),
            ("+1 202 555 0100", "+12025550100", "12025550100"),
            ("ñ９１１", "+", ""),
            ("", "+", ""),
        ] {
            assert_eq!(e164(phone), for_twilio, "{phone}");
            assert_eq!(whatsapp(phone), for_whatsapp, "{phone}");
        }
    }

    #[test]
    fn payers_have_a_country() {
        for (phone, sent) in [
            // Contract 06 §9, example 13.
            ("51987654321", "+51987654321"),
            ("987654321", "+51987654321"),
            ("+51 987-654-321", "+51987654321"),
            ("12345", "+5112345"),
            // Further corners of the same rules.
            ("+1 202 555 0100", "+12025550100"),
            ("5198765432", "+5198765432"),
        ] {
            assert_eq!(payer(phone).as_deref(), Some(sent), "{phone}");
        }
        assert_eq!(payer(""), None);
        assert_eq!(payer("ninguno"), None);
    }
}
