//! Vouchers that arrived: staff see them at once (contract 05 §5.1; defect 7 of 05 §8). The file itself goes to Telegram,
//! because receipts have no public address.

use casa_domain::{
    event::Event,
    ids::{ReceiptId, ReservationId},
    money::fixed2,
};
use casa_gateways::{Attachment, Chat, GatewayError};
use casa_web::{Fetched, FileKind};

use crate::{
    React, ReactError,
    notices::{guest, house, phone, stay},
    stays::Told,
};

/// Largest file that is passed on, in bytes. Ours are smaller; imported ones may have any size.
const LARGEST: i64 = 20 * 1024 * 1024;
/// Largest picture that Telegram shows as one, in bytes.
const LARGEST_PICTURE: usize = 10 * 1024 * 1024;

/// A file as Telegram shall show it.
#[derive(Debug)]
enum Shown {
    Picture(Attachment),
    Document(Attachment),
}

impl React {
    /// A voucher arrived, the `number`-th of its reservation.
    pub(crate) async fn about_voucher(
        &self,
        event: &Event,
        reservation: ReservationId,
        receipt: ReceiptId,
        number: usize,
    ) -> Result<(), ReactError> {
        let Some(scene) = self.scene(reservation).await? else { return Ok(()) };
        let text = text(&scene.told(event), number);
        self.once(event, "telegram", self.show(&text, receipt)).await
    }

    /// Sends the voucher with the text; the text alone where there is no such file any more, or Telegram does not take it.
    async fn show(&self, text: &str, receipt: ReceiptId) -> Result<(), ReactError> {
        let Some(telegram) = &self.gateways.telegram else { return Ok(()) };
        let sent = match self.file_of(receipt).await? {
            Some(Shown::Picture(picture)) => telegram.photo(Chat::Clients, text, picture).await,
            Some(Shown::Document(file)) => telegram.document(Chat::Clients, text, file).await,
            None => return self.tell(Chat::Clients, text).await,
        };
        match sent {
            Err(GatewayError::Refused { status, .. }) => {
                tracing::warn!(status, %receipt, "a voucher was refused; its notice goes without it");
                self.tell(Chat::Clients, text).await
            }
            sent => Ok(sent?),
        }
    }

    async fn file_of(&self, receipt: ReceiptId) -> Result<Option<Shown>, ReactError> {
        let Some(receipt) = self.state.store.receipts().get(receipt).await? else { return Ok(None) };
        match self.state.files.get_at_most(&receipt.file, LARGEST).await? {
            Fetched::File(file) => Ok(Some(shown(file.bytes.into()))),
            Fetched::Missing | Fetched::TooLarge => Ok(None),
        }
    }
}

/// How a file is shown; what it is, its content says. Its name is ours: guests name files after themselves.
fn shown(bytes: Vec<u8>) -> Shown {
    let kind = FileKind::sniff(&bytes);
    let is_picture = matches!(kind, Some(FileKind::Jpeg | FileKind::Png | FileKind::Webp));
    let fits = bytes.len() <= LARGEST_PICTURE;
    let file = Attachment {
        name: format!("voucher{}", kind.map_or("", FileKind::extension)),
        content_type: kind.map_or("application/octet-stream", FileKind::content_type),
        bytes,
    };
    if is_picture && fits { Shown::Picture(file) } else { Shown::Document(file) }
}

fn text(told: &Told<'_>, number: usize) -> String {
    let which = match number {
        0 | 1 => "Primer voucher recibido".to_owned(),
        2 => "Segundo voucher recibido".to_owned(),
        number => format!("Voucher n.º {number} recibido"),
    };
    format!(
        "🧾 {which}\nCliente: {}\nCasa: {}\n{}\nTotal: S/ {}\nTeléfono: +{}\nReserva: {}",
        guest(told),
        house(told),
        stay(told),
        fixed2(told.reservation.price_sol.unwrap_or_default()),
        phone(told),
        told.reservation.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn vouchers_are_counted_in_words() {
        let scene = samples::scene();
        let event = samples::event();
        for (number, begins) in
            [(1, "🧾 Primer voucher"), (2, "🧾 Segundo voucher"), (5, "🧾 Voucher n.º 5 recibido")]
        {
            let text = text(&scene.told(&event), number);
            assert!(text.starts_with(begins), "{text}");
        }
        assert_eq!(
            text(&scene.told(&event), 1),
            "🧾 Primer voucher recibido\nCliente: Ana María Lira Paz\nCasa: Casa desconocida\n\
             Entrada: Lunes 5 de enero\nSalida: Jueves 8 de enero\nTotal: S/ 1000.00\nTeléfono: +51900000050\n\
             Reserva: 00000000-0000-0000-0000-000000000101"
        );
    }

    #[test]
    fn pictures_are_shown_and_the_rest_is_attached() {
        let of = |bytes: &[u8]| match shown(bytes.to_vec()) {
            Shown::Picture(file) => (true, file.name, file.content_type),
            Shown::Document(file) => (false, file.name, file.content_type),
        };
        assert_eq!(of(b"\xFF\xD8\xFF\xE0"), (true, "voucher.jpg".to_owned(), "image/jpeg"));
        assert_eq!(of(b"RIFF....WEBPVP8 "), (true, "voucher.webp".to_owned(), "image/webp"));
        assert_eq!(of(b"GIF89a"), (false, "voucher.gif".to_owned(), "image/gif"));
        assert_eq!(of(b"%PDF-1.7"), (false, "voucher.pdf".to_owned(), "application/pdf"));
        assert_eq!(of(b"?"), (false, "voucher".to_owned(), "application/octet-stream"));
        let mut large = b"\xFF\xD8\xFF\xE0".to_vec();
        large.resize(LARGEST_PICTURE + 1, 0);
        assert!(!of(&large).0);
    }
}
