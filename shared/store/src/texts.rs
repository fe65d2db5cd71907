//! Small texts that staff keep: loyalty messages and the token of the look-up of documents (contract 03 §2.2, §2.3).

use serde::Deserialize;

use crate::{
    Store, StoreError,
    item::{Span, read},
};

/// Partition of the texts.
const TEXTS: &str = "TEXTS";

/// Small texts that staff keep.
#[derive(Debug)]
pub struct Texts<'a>(pub(crate) &'a Store);

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    activo: bool,
    #[serde(default)]
    mensaje: String,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    token: String,
}

impl Texts<'_> {
    /// The active loyalty message with the highest id; one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn loyalty_message(&self) -> Result<Option<String>, StoreError> {
        let span = Span { backwards: true, ..Span::prefix("LOYALTY#") };
        for item in &self.0.query(TEXTS, span).await? {
            let message: Message = read(item)?;
            if message.activo {
                return Ok(Some(message.mensaje));
            }
        }
        Ok(None)
    }

    /// The newest look-up token that is not deleted; one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lookup_token(&self) -> Result<Option<String>, StoreError> {
        let span = Span { backwards: true, ..Span::prefix("LOOKUP#") };
        for item in &self.0.query(TEXTS, span).await? {
            let token: Token = read(item)?;
            if !token.deleted {
                return Ok(Some(token.token));
            }
        }
        Ok(None)
    }
}
