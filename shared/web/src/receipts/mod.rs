//! Receipts: pictures and PDF that staff and guests upload as proof of a payment, stored so that nobody who opens one is
//! harmed and nobody who sent one tells more than the picture shows (contract 06 §2.2 and D12, 05 §8.11).
//!
//! Pictures are decoded within limits and written anew, without metadata. A PDF is read through and kept as it is.

mod documents;
mod ends;
mod markers;
mod pictures;

use bytes::Bytes;
use casa_domain::{ReceiptId, ReservationId, reservation::Receipt};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{ApiError, ApiResult, AppState, FileKind, Form, Upload, error, images};

/// Largest receipt in bytes, as sent.
const LARGEST: usize = 10 * 1024 * 1024;

/// A file that is safe to store.
#[derive(Clone, Debug)]
pub struct CheckedFile {
    stem: String,
    kind: FileKind,
    bytes: Bytes,
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// Its name is a path.
    Name,
    /// It has no content.
    Empty,
    /// It has more than [`LARGEST`] bytes.
    Large,
    /// A photo in Apple's format, which staff cannot open everywhere.
    Heic,
    /// Neither an image nor PDF.
    Kind,
    /// A picture of too many pixels.
    Pixels,
    /// A picture that cannot be read.
    Damaged,
    /// It is another kind of file as well.
    Mixed,
    /// A PDF without an end.
    CutOff,
    /// A PDF that runs or carries something.
    Active,
    /// A PDF whose objects cannot be looked at.
    Sealed,
}

impl Refused {
    /// The reason in Spanish.
    fn message(self) -> &'static str {
        match self {
            Self::Name => "El nombre del archivo no puede contener carpetas ni caracteres de control.",
            Self::Empty => "El archivo enviado está vacío.",
            Self::Large => "Cada archivo puede tener hasta 10 MB.",
            Self::Heic => "Las fotos HEIC no se aceptan. Envíe la foto en formato JPG.",
            Self::Kind => "Solo se aceptan imágenes (JPG, PNG, WebP o GIF) o PDF.",
            Self::Pixels => "La imagen tiene demasiados píxeles.",
            Self::Damaged => "La imagen está dañada o no se puede leer.",
            Self::Mixed => "El archivo contiene datos de otro formato.",
            Self::CutOff => "El PDF está incompleto o dañado.",
            Self::Active => "No se aceptan PDF con acciones o archivos adjuntos.",
            Self::Sealed => "El PDF no se puede revisar. Envíe una copia sin protección o una imagen.",
        }
    }
}

/// The files of a body under the name `field`, made safe. What a browser sends for "nothing chosen" is no file.
///
/// # Errors
/// 400 under `field` for more than `most` files, and for one that is not an image or PDF of a sane size, is another kind
/// of file as well, or carries a path in its name.
pub async fn checked(form: &Form, field: &str, most: usize) -> ApiResult<Vec<CheckedFile>> {
    let refuse = |refused: Refused| error::field(field, refused.message());
    let chosen = |upload: &&Upload| !(upload.file_name.is_empty() && upload.bytes.is_empty());
    let uploads: Vec<_> = form.files(field).filter(chosen).collect();
    if uploads.len() > most {
        let text = match most {
            1 => "Envíe un solo archivo.".to_owned(),
            _ => format!("Se aceptan hasta {most} archivos por vez."),
        };
        return Err(error::field(field, &text));
    }
    // What is cheap to see comes first: nothing is decoded for a request that fails anyway.
    let mut kinds = Vec::with_capacity(uploads.len());
    for upload in &uploads {
        kinds.push(kind_of(upload).map_err(refuse)?);
    }
    let mut files = Vec::with_capacity(uploads.len());
    for (upload, kind) in uploads.into_iter().zip(kinds) {
        let bytes = upload.bytes.clone();
        // A decoder that panics has met a file that it cannot read.
        let cleaned = images::apart(move || clean(bytes, kind)).await.unwrap_or(Err(Refused::Damaged));
        let (kind, bytes) = cleaned.map_err(refuse)?;
        files.push(CheckedFile { stem: upload.stem(), kind, bytes });
    }
    Ok(files)
}

/// What an upload is, as far as its name, size and first bytes say.
fn kind_of(upload: &Upload) -> Result<FileKind, Refused> {
    if !is_plain_name(&upload.file_name) {
        return Err(Refused::Name);
    }
    if upload.bytes.is_empty() {
        return Err(Refused::Empty);
    }
    if upload.bytes.len() > LARGEST {
        return Err(Refused::Large);
    }
    match FileKind::sniff(&upload.bytes) {
        Some(FileKind::Heic) => Err(Refused::Heic),
        Some(kind) => Ok(kind),
        None => Err(Refused::Kind),
    }
}

/// Whether a name is one of a file alone. We never store under it as it is; who sends a path means no good.
fn is_plain_name(name: &str) -> bool {
    name != ".." && !name.chars().any(|letter| matches!(letter, '/' | '\\') || letter.is_control())
}

/// The kind and content to store. Takes time.
fn clean(bytes: Bytes, kind: FileKind) -> Result<(FileKind, Bytes), Refused> {
    if kind == FileKind::Pdf {
        documents::check(&bytes)?;
        return Ok((kind, bytes));
    }
    let (kind, anew) = pictures::anew(&bytes, kind)?;
    Ok((kind, anew.into()))
}

/// Stores the files under `rental_recipt/{reservation}/` and gives the rows to write with the reservation. On failure
/// nothing stays behind.
///
/// # Errors
/// 503 when the bucket fails.
pub async fn store(
    state: &AppState,
    reservation: ReservationId,
    files: Vec<CheckedFile>,
    now: DateTime<Utc>,
) -> ApiResult<Vec<Receipt>> {
    let mut receipts = Vec::new();
    for file in files {
        let id = ReceiptId(Uuid::new_v4());
        // The id makes the address unguessable and the name unique.
        let name = format!("{}_{}{}", file.stem, id.0.simple(), file.kind.extension());
        let key = format!("rental_recipt/{reservation}/{name}");
        receipts.push(Receipt { id, reservation, file: key.clone(), created: now });
        if let Err(problem) = state.files.put(&key, file.bytes, file.kind.content_type()).await {
            // The last one too: a write that seems to have failed may have happened.
            discard(state, &receipts).await;
            return Err(problem.into());
        }
    }
    Ok(receipts)
}

/// Removes the files of a write that was refused. After a failure of the table the rows may stand, so the files stay.
pub async fn forget(state: &AppState, problem: &ApiError, receipts: &[Receipt]) {
    if problem.status().is_client_error() {
        discard(state, receipts).await;
    }
}

/// Removes stored files that no row names; one that stays behind harms nobody and is only logged.
pub async fn discard(state: &AppState, receipts: &[Receipt]) {
    for receipt in receipts {
        if let Err(problem) = state.files.delete(&receipt.file).await {
            tracing::warn!(%problem, "a file without a row stays in the bucket");
        }
    }
}

#[cfg(test)]
mod tests;
