//! A house's quote as answers show it (contract 04 §3.5, 05 §3.12). Amounts are numbers of two decimals.

use casa_domain::{
    Client, House,
    money::displayed::shown,
    pricing::{
        book::{Policy, PriceBook},
        policy::policy,
        quote::{CodeAsked, Guest, Quote, ServiceLine},
        words,
    },
};
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The quote of a house.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HouseQuote)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.5)
pub(crate) struct HouseQuoteBody<'a> {
    pub property_id: Uuid,
    pub property_name: &'a str,
    pub property_slug: &'a str,
    pub base_price_usd: f64,
    pub base_price_sol: f64,
    pub extra_person_price_per_night_usd: f64,
    pub extra_person_price_per_night_sol: f64,
    pub extra_person_total_usd: f64,
    pub extra_person_total_sol: f64,
    pub total_nights: i64,
    pub total_guests: u32,
    pub extra_guests: u32,
    pub subtotal_usd: f64,
    pub subtotal_sol: f64,
    pub final_price_usd: f64,
    pub final_price_sol: f64,
    pub available: bool,
    pub availability_message: String,
    pub additional_services: Vec<ServiceBody<'a>>,
    pub selected_additional_services: Vec<SelectedBody<'a>>,
    pub selected_services_total_usd: f64,
    pub selected_services_total_sol: f64,
    pub final_price_with_services_usd: f64,
    pub final_price_with_services_sol: f64,
    pub services_applied_count: usize,
    pub cancellation_policy: Option<PolicyBody<'a>>,
    pub recommendations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services_warning: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_applied: Option<DiscountBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_benefits: Option<BenefitsBody>,
}

/// A service offered for the house, with what it costs for the stay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuotedService)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.5)
pub(crate) struct ServiceBody<'a> {
    pub id: Uuid,
    pub name: &'a str,
    pub description: &'a str,
    pub price_usd: f64,
    pub price_sol: f64,
    pub service_type: &'a str,
    pub is_per_night: bool,
    pub is_per_person: bool,
    pub total_price_usd: f64,
    pub total_price_sol: f64,
    pub post_action: Option<&'a str>,
}

/// A service that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SelectedService)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.5)
pub(crate) struct SelectedBody<'a> {
    pub id: Uuid,
    pub name: &'a str,
    pub description: &'a str,
    pub service_type: &'a str,
    pub is_per_night: bool,
    pub is_per_person: bool,
    pub price_per_unit_usd: f64,
    pub price_per_unit_sol: f64,
    pub total_price_usd: f64,
    pub total_price_sol: f64,
    pub post_action: Option<&'a str>,
}

/// The cancellation policy that applies (defect 1 of 04 §8).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CancellationPolicy)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.5)
pub(crate) struct PolicyBody<'a> {
    pub id: Uuid,
    pub name: &'a str,
    pub description: &'a str,
    pub days_before_checkin: i64,
    pub refund_percentage: String,
}

/// The discount, or why a code does not apply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppliedDiscount)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.5)
pub(crate) struct DiscountBody {
    /// `none`, `error`, `discount_code` or `automatic`.
    pub r#type: &'static str,
    pub description: String,
    pub discount_percentage: f64,
    pub discount_amount_usd: f64,
    pub discount_amount_sol: f64,
    pub code_used: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_only_to_base_price: Option<bool>,
}

/// What the guest could spend (defect 17 of 04 §8); only shown to staff and to the guest.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ClientBenefits)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.5)
pub(crate) struct BenefitsBody {
    pub points_available: f64,
    pub points_value_usd: f64,
    pub points_value_sol: f64,
    pub referral_code: Option<String>,
    /// `bronze`, `silver`, `gold` or `platinum`.
    pub membership_level: &'static str,
}

impl BenefitsBody {
    /// A point is worth one sol when it is redeemed (contract 05 §2.1), so that is what it is worth here too.
    pub fn new(client: &Client, guest: &Guest, book: &PriceBook, now: DateTime<Utc>) -> Self {
        let points = client.available_points(now);
        let usd = points.checked_div(book.rate).unwrap_or_default();
        Self {
            points_available: shown(points),
            points_value_usd: shown(usd),
            points_value_sol: shown(points),
            referral_code: client.referral_code.clone(),
            membership_level: words::membership_level(guest.approved),
        }
    }
}

impl<'a> HouseQuoteBody<'a> {
    /// The quote of a house that is, or is not, to be had, with the reason in words.
    pub fn new(
        house: &'a House,
        quote: &Quote<'a>,
        asked: &CodeAsked,
        book: &'a PriceBook,
        available: bool,
        availability_message: String,
    ) -> Self {
        Self {
            property_id: house.id.0,
            property_name: &house.name,
            property_slug: &house.slug,
            base_price_usd: shown(quote.base_usd),
            base_price_sol: shown(quote.base_sol()),
            extra_person_price_per_night_usd: shown(quote.extra_per_night_usd),
            extra_person_price_per_night_sol: shown(quote.extra_per_night_sol()),
            extra_person_total_usd: shown(quote.extra_usd),
            extra_person_total_sol: shown(quote.extra_sol()),
            total_nights: quote.nights,
            total_guests: quote.guests,
            extra_guests: quote.guests.saturating_sub(1),
            subtotal_usd: shown(quote.subtotal_usd),
            subtotal_sol: shown(quote.subtotal_sol()),
            final_price_usd: shown(quote.final_usd),
            final_price_sol: shown(quote.final_sol()),
            available,
            availability_message,
            additional_services: quote.services.iter().map(|line| ServiceBody::new(line, quote)).collect(),
            selected_additional_services: quote
                .selected
                .iter()
                .map(|line| SelectedBody::new(line, quote))
                .collect(),
            selected_services_total_usd: shown(quote.selected_usd()),
            selected_services_total_sol: shown(quote.selected_sol()),
            final_price_with_services_usd: shown(quote.with_services_usd()),
            final_price_with_services_sol: shown(quote.with_services_sol()),
            services_applied_count: quote.selected.len(),
            cancellation_policy: policy(book, house.id, None).map(PolicyBody::new),
            recommendations: words::house_recommendations(house, available, quote),
            services_warning: quote.none_of_the_services.then_some(words::SERVICES_WARNING),
            discount_applied: quote.shows_discount(asked).then(|| DiscountBody::new(quote)),
            client_benefits: None,
        }
    }
}

impl<'a> ServiceBody<'a> {
    fn new(line: &ServiceLine<'a>, quote: &Quote<'_>) -> Self {
        let service = line.service;
        Self {
            id: service.id.0,
            name: &service.name,
            description: &service.description,
            price_usd: shown(service.price_usd),
            price_sol: shown(quote.in_soles(service.price_usd)),
            service_type: &service.service_type,
            is_per_night: service.is_per_night,
            is_per_person: service.is_per_person,
            total_price_usd: shown(line.total_usd),
            total_price_sol: shown(quote.in_soles(line.total_usd)),
            post_action: service.post_action.as_deref(),
        }
    }
}

impl<'a> SelectedBody<'a> {
    fn new(line: &ServiceLine<'a>, quote: &Quote<'_>) -> Self {
        let ServiceBody {
            id,
            name,
            description,
            price_usd,
            price_sol,
            service_type,
            is_per_night,
            is_per_person,
            total_price_usd,
            total_price_sol,
            post_action,
        } = ServiceBody::new(line, quote);
        Self {
            id,
            name,
            description,
            service_type,
            is_per_night,
            is_per_person,
            price_per_unit_usd: price_usd,
            price_per_unit_sol: price_sol,
            total_price_usd,
            total_price_sol,
            post_action,
        }
    }
}

impl<'a> PolicyBody<'a> {
    fn new(policy: &'a Policy) -> Self {
        Self {
            id: policy.id.0,
            name: &policy.name,
            description: &policy.description,
            days_before_checkin: policy.days_before_checkin,
            refund_percentage: casa_domain::money::fixed2(policy.refund_percentage),
        }
    }
}

impl DiscountBody {
    fn new(quote: &Quote<'_>) -> Self {
        let discount = &quote.discount;
        Self {
            r#type: discount.kind.as_str(),
            description: discount.description.clone(),
            discount_percentage: shown(discount.percentage),
            discount_amount_usd: shown(discount.amount_usd),
            discount_amount_sol: shown(quote.discount_sol()),
            code_used: discount.code_used.clone(),
            apply_only_to_base_price: discount.apply_only_to_base_price(),
        }
    }
}

/// A percentage or amount that is configured, as a number.
pub(crate) fn configured(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or_default()
}
