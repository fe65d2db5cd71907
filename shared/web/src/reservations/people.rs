//! Guests and sellers as reservations show them (contract 05 §3.1, 11 §4.1).

use casa_domain::{StaffId, client::ClientCard};
use casa_store::StaffDirectory;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The guest of a reservation; without a guest every text is empty and there is no id.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestBody<'a> {
    /// The guest's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Given names.
    pub first_name: &'a str,
    /// Family names.
    pub last_name: Option<&'a str>,
    /// E-mail address.
    pub email: Option<&'a str>,
    /// Phone.
    pub tel_number: &'a str,
    /// Kind of document.
    pub document_type: Option<&'a str>,
    /// The same under the name the staff panel reads.
    pub type_document: Option<&'a str>,
    /// Its number.
    pub number_doc: &'a str,
}

impl<'a> GuestBody<'a> {
    /// The guest, or the empty shape.
    pub fn new(card: Option<&'a ClientCard>) -> Self {
        match card {
            Some(card) => Self {
                id: Some(card.id.0),
                first_name: &card.first_name,
                last_name: card.last_name.as_deref(),
                email: card.email.as_deref(),
                tel_number: &card.tel_number,
                document_type: Some(&card.document_type),
                type_document: Some(&card.document_type),
                number_doc: &card.number_doc,
            },
            None => Self {
                id: None,
                first_name: "",
                last_name: Some(""),
                email: Some(""),
                tel_number: "",
                document_type: None,
                type_document: None,
                number_doc: "",
            },
        }
    }
}

/// The seller of a reservation; without a seller the names are empty and there is no id.
#[derive(Debug, Serialize, ToSchema)]
pub struct SellerBody<'a> {
    /// The staff user's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<StaffId>,
    /// Given names.
    pub first_name: &'a str,
    /// Family names.
    pub last_name: &'a str,
}

impl<'a> SellerBody<'a> {
    /// The seller, or the empty shape.
    pub fn new(seller: Option<StaffId>, staff: &'a StaffDirectory) -> Self {
        match seller.and_then(|id| staff.user(id)) {
            Some(user) => {
                Self { id: Some(user.id), first_name: &user.first_name, last_name: &user.last_name }
            }
            None => Self { id: None, first_name: "", last_name: "" },
        }
    }

    /// First and last name, trimmed.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}
