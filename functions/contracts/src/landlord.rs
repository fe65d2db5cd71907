//! Who lets the houses.

use std::env;

/// Left open for a pen where a setting is missing.
const BLANK: &str = "____________________";

/// The landlord as contracts name them (decision 26).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landlord {
    /// Full name, of a person or a company.
    pub name: String,
    /// Kind and number of the document, such as "RUC 20000000001".
    pub document: String,
    /// Address in one line.
    pub address: String,
}

impl Default for Landlord {
    /// The business by its name, with blanks to fill in by hand.
    fn default() -> Self {
        Self { name: "Casa Austin".to_owned(), document: BLANK.to_owned(), address: BLANK.to_owned() }
    }
}

impl Landlord {
    /// The landlord of `CASA_LANDLORD_NAME`, `CASA_LANDLORD_DOCUMENT` and `CASA_LANDLORD_ADDRESS`; whatever is not set or
    /// empty is as in [`Landlord::default`].
    pub fn from_env() -> Self {
        Self::from_settings(|name| env::var(name).ok())
    }

    fn from_settings(setting: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str, default: String| {
            let given = setting(name).map(|text| text.trim().to_owned());
            given.filter(|text| !text.is_empty()).unwrap_or(default)
        };
        let default = Self::default();
        Self {
            name: text("CASA_LANDLORD_NAME", default.name),
            document: text("CASA_LANDLORD_DOCUMENT", default.document),
            address: text("CASA_LANDLORD_ADDRESS", default.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_stays_blank() {
        let landlord = Landlord::from_settings(|name| match name {
            "CASA_LANDLORD_NAME" => Some(" Ana Ríos ".to_owned()),
            "CASA_LANDLORD_DOCUMENT" => Some("  ".to_owned()),
            _ => None,
        });
        assert_eq!(landlord.name, "Ana Ríos");
        assert_eq!((landlord.document.as_str(), landlord.address.as_str()), (BLANK, BLANK));
    }
}
