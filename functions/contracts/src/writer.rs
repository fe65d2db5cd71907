//! Fills a template: the one that staff put into the bucket, or the built-in one where there is none or it is broken.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use casa_web::{Fetched, FileError, Files};
use tokio::sync::oneshot;

use crate::{docx, fields::Fields, landlord::Landlord, pdf};

/// The largest template, in bytes.
const LARGEST_TEMPLATE: i64 = 2 * 1024 * 1024;
/// The largest document, in bytes: an answer of a Lambda function has at most 6 MB, base64 included.
const LARGEST_DOCUMENT: usize = 4 * 1024 * 1024;
/// How long a template may take. Twice that is within the gateway's half minute.
const PATIENCE: Duration = Duration::from_secs(12);
/// Templates may nest deeply, and typesetting recurses with them.
const STACK: usize = 32 * 1024 * 1024;

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// PDF.
    Pdf,
    /// Word.
    Docx,
}

impl Format {
    /// The media type of the document.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// What the name of its file ends in.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
        }
    }

    /// Where staff may put a template of their own.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Pdf => "contracts/template.typ",
            Self::Docx => "contracts/template.docx",
        }
    }

    /// The template that is used otherwise.
    pub(crate) fn built_in(self) -> &'static [u8] {
        match self {
            Self::Pdf => include_bytes!("../templates/contract.typ"),
            Self::Docx => include_bytes!("../templates/contract.docx"),
        }
    }

    fn fill(self, template: &[u8], fields: &Fields) -> Result<Vec<u8>, Unusable> {
        let document = match self {
            Self::Pdf => pdf::typeset(template, fields),
            Self::Docx => docx::fill(template, fields),
        }?;
        if document.len() > LARGEST_DOCUMENT { Err(Unusable::TooLarge) } else { Ok(document) }
    }
}

/// Why a template cannot be used, in words that tell nothing about a guest.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// It is not text.
    #[error("it is not UTF-8")]
    NotText,
    /// The typesetter refused it. Its own words may quote a value, so only the places are told.
    #[error("typesetting failed at line(s) {0}")]
    Refused(String),
    /// Too many pages.
    #[error("it has more than {0} pages")]
    TooManyPages(usize),
    /// Too many bytes.
    #[error("it, or its document, is too large")]
    TooLarge,
    /// It did not come to an end in time.
    #[error("it took too long")]
    TooSlow,
    /// Typesetting panicked, or no thread could be had.
    #[error("typesetting broke off")]
    BrokeOff,
    /// Not a file of Word.
    #[error("it is not a DOCX file: {0}")]
    NotDocx(&'static str),
    /// A placeholder without a meaning.
    #[error("it has an unknown placeholder: {0}")]
    Placeholder(String),
}

/// Writes contracts. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    /// Whom contracts name.
    pub(crate) landlord: Arc<Landlord>,
    patience: Duration,
    /// Hash of the template that last took too long: it is not tried again, for nothing can stop it once it runs.
    slow: Arc<Mutex<Option<u64>>>,
}

impl Writer {
    /// Writes contracts of this landlord.
    pub(crate) fn new(landlord: Landlord) -> Self {
        Self { landlord: Arc::new(landlord), patience: PATIENCE, slow: Arc::default() }
    }

    /// The document with these values, from the template of staff's if there is one and it works, else from the built-in
    /// one.
    ///
    /// # Errors
    /// [`Unusable`] when not even the built-in template can be filled.
    pub(crate) async fn write(
        &self,
        own: Option<Result<Bytes, Unusable>>,
        format: Format,
        fields: Fields,
    ) -> Result<Bytes, Unusable> {
        let fields = Arc::new(fields);
        if let Some(own) = own {
            let filled = match own {
                Ok(template) => self.fill_own(template, format, &fields).await,
                Err(problem) => Err(problem),
            };
            match filled {
                Ok(document) => return Ok(document),
                Err(problem) => tracing::error!(
                    %problem,
                    template = format.key(),
                    "a template in the bucket cannot be used, so the built-in one is"
                ),
            }
        }
        self.apart(move || format.fill(format.built_in(), &fields)).await
    }

    async fn fill_own(
        &self,
        template: Bytes,
        format: Format,
        fields: &Arc<Fields>,
    ) -> Result<Bytes, Unusable> {
        let mut hasher = DefaultHasher::new();
        template.hash(&mut hasher);
        let hash = hasher.finish();
        if *self.slow.lock().unwrap_or_else(PoisonError::into_inner) == Some(hash) {
            return Err(Unusable::TooSlow);
        }
        let fields = Arc::clone(fields);
        let filled = self.apart(move || format.fill(&template, &fields)).await;
        if filled == Err(Unusable::TooSlow) {
            *self.slow.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash);
        }
        filled
    }

    /// Does the work on a thread of its own with a deep stack, and waits for it within bounds. A thread that is not done
    /// then is left alone; unlike a task of the runtime it keeps no process from ending.
    async fn apart(
        &self,
        work: impl FnOnce() -> Result<Vec<u8>, Unusable> + Send + 'static,
    ) -> Result<Bytes, Unusable> {
        let (tell, told) = oneshot::channel();
        let thread = std::thread::Builder::new().name("contract".to_owned()).stack_size(STACK);
        // A panic drops the sender.
        thread.spawn(move || tell.send(work())).map_err(|_| Unusable::BrokeOff)?;
        match tokio::time::timeout(self.patience, told).await {
            Ok(Ok(document)) => document.map(Bytes::from),
            Ok(Err(_)) => Err(Unusable::BrokeOff),
            Err(_) => Err(Unusable::TooSlow),
        }
    }
}

/// The template that staff put into the bucket; `None` where there is none.
///
/// # Errors
/// When the bucket fails. A contract of the built-in text could be the wrong one then.
pub(crate) async fn own_template(
    files: &Files,
    format: Format,
) -> Result<Option<Result<Bytes, Unusable>>, FileError> {
    Ok(match files.get_at_most(format.key(), LARGEST_TEMPLATE).await? {
        Fetched::Missing => None,
        Fetched::TooLarge => Some(Err(Unusable::TooLarge)),
        Fetched::File(file) => Some(Ok(file.bytes)),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{docx::tests::text as docx_text, fields::tests::fields, pdf::tests::text as pdf_text};

    fn writer(patience: Duration) -> Writer {
        Writer { patience, ..Writer::new(Landlord::default()) }
    }

    async fn filled(own: &str) -> String {
        let own = Some(Ok(Bytes::copy_from_slice(own.as_bytes())));
        pdf_text(&writer(PATIENCE).write(own, Format::Pdf, fields("Ana", "Ríos")).await.unwrap())
    }

    #[tokio::test]
    async fn a_template_of_staff_wins_unless_it_is_broken() {
        assert_eq!(filled("Texto propio de #sys.inputs.nombre").await, "Texto propio de ANA RÍOS");
        for broken in [
            "#sys.inputs.sobrenombre",
            "#let",
            "#panic(sys.inputs.nombre)",
            "#read(\"/etc/passwd\")",
            "#image(\"foto.png\")",
            "#include \"otro.typ\"",
            "#import \"@preview/example:0.1.0\": f",
            "#for n in range(30) [#pagebreak() #n]",
            "#let f(n) = f(n + 1)\n#f(0)",
            "#while true {}",
        ] {
            let text = filled(broken).await;
            assert!(text.contains("CONTRATO") && text.contains("ANA RÍOS"), "{broken}: {text}");
        }
        let writer = writer(PATIENCE);
        for broken in [&b"\xFF\xFE"[..], b""] {
            let own = Some(Ok(Bytes::from_static(broken)));
            let document = writer.write(own, Format::Docx, fields("Ana", "Ríos")).await.unwrap();
            assert!(docx_text(&document).contains("ANA RÍOS"));
        }
        let own = Some(Err(Unusable::TooLarge));
        assert!(writer.write(own, Format::Pdf, fields("Ana", "Ríos")).await.is_ok());
    }

    #[tokio::test]
    async fn a_template_that_never_ends_is_tried_once() {
        // Long enough to be told apart, short enough to end with the test.
        let own = "#for a in range(3000) { for b in range(3000) { let c = a * b } }";
        let own = || Bytes::from_static(own.as_bytes());
        let writer = writer(Duration::from_millis(150));
        let fields = Arc::new(fields("Ana", "Ríos"));
        assert_eq!(writer.fill_own(own(), Format::Pdf, &fields).await, Err(Unusable::TooSlow));
        let again = Instant::now();
        assert_eq!(writer.fill_own(own(), Format::Pdf, &fields).await, Err(Unusable::TooSlow));
        assert!(again.elapsed() < Duration::from_millis(100));
        let other = writer.fill_own(Bytes::from_static(b"Corto"), Format::Docx, &fields).await;
        assert!(matches!(other, Err(Unusable::NotDocx(_))), "{other:?}");
    }

    #[tokio::test]
    async fn a_panic_is_no_end() {
        let broken = writer(PATIENCE).apart(|| Err(Unusable::NotText)).await;
        assert_eq!(broken, Err(Unusable::NotText));
        let broken = writer(PATIENCE).apart(|| panic!("a template that breaks the typesetter")).await;
        assert_eq!(broken, Err(Unusable::BrokeOff));
    }

    /// Contract 05 §8, row 12.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn contracts_written_at_once_do_not_mix_guests() {
        let writer = writer(Duration::from_secs(120));
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..12 {
            let writer = writer.clone();
            tasks.spawn(async move {
                let letter = char::from(b'A' + number);
                let name = format!("Huesped{letter}{letter}{letter}");
                let format = if number % 2 == 0 { Format::Pdf } else { Format::Docx };
                let document = writer.write(None, format, fields(&name, "Soto")).await.unwrap();
                let text = if number % 2 == 0 { pdf_text(&document) } else { docx_text(&document) };
                assert!(text.contains(&format!("{} SOTO", name.to_uppercase())));
                assert_eq!(text.matches("HUESPED").count(), text.matches(&name.to_uppercase()).count());
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    }
}
