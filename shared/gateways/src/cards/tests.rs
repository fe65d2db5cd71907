use std::time::Duration;

use super::*;
use crate::testing::Call;

/// A charge as guests make them.
pub(super) fn charge() -> Charge {
    Charge {
        reference: Uuid::from_u128(7),
        amount: "1500.50".parse().unwrap(),
        token: CardToken::new("card-secret"),
        method: "visa".to_owned(),
        installments: 1,
        device_session: Some("device-1".to_owned()),
        description: "Pago reserva #1 - Casa Uno".to_owned(),
        item_id: "house-1".to_owned(),
        item_title: "Casa Uno".to_owned(),
        payer: Payer {
            email: Some("ana@personal.example".to_owned()),
            first_name: "Ana".to_owned(),
            last_name: Some("Lira".to_owned()),
            phone: Some("987 654 321".to_owned()),
        },
    }
}

/// For gateways that answer.
pub(super) fn calm() -> Patience {
    let pauses = [Duration::from_millis(5), Duration::from_millis(10)];
    Patience { each: Duration::from_secs(5), pauses, whole: Duration::from_secs(20) }
}

/// For gateways that are silent.
pub(super) fn hasty() -> Patience {
    Patience { each: Duration::from_millis(250), whole: Duration::from_millis(1200), ..calm() }
}

/// The first lines of the calls, to see what was asked in which order.
pub(super) fn lines(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.line.as_str()).collect()
}

#[test]
fn nothing_shows_cards_and_guests() {
    let shown = format!("{:?}", charge());
    for secret in ["card-secret", "ana@", "Lira", "987"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn gateways_are_off_unless_configured() {
    let off = Cards::default();
    assert!(off.get(Vendor::MercadoPago).is_none() && off.get(Vendor::OpenPay).is_none());
    assert!(off.mercado_pago_webhook.is_none() && off.openpay_webhook.is_none());
    let one = Cards::with([Arc::new(OpenPay::new("http://localhost", "m", "k").unwrap()) as _]);
    assert_eq!(one.get(Vendor::OpenPay).unwrap().vendor(), Vendor::OpenPay);
    assert!(one.get(Vendor::MercadoPago).is_none());
    assert_eq!(format!("{:?}", one.gateways), "[OpenPay(…)]");
}

#[test]
fn sentences_and_addresses_are_no_words_and_ids() {
    assert_eq!(word("cc_rejected_3ds"), Some("cc_rejected_3ds"));
    for text in ["", "Card of Ana", "Rejected", "a-b", &"x".repeat(61)] {
        assert_eq!(word(text), None, "{text}");
    }
    assert_eq!(id("trAb_1-2"), Some("trAb_1-2"));
    for text in ["", "1/refunds", "..", "1?x", "ñ", &"1".repeat(65)] {
        assert_eq!(id(text), None, "{text}");
    }
}

#[test]
fn of_several_transactions_the_one_with_money_counts() {
    let seen = |standing| Seen {
        transaction: "1".to_owned(),
        reference: None,
        standing,
        status: String::new(),
        detail: String::new(),
        amount: Decimal::ONE,
        refunded: Decimal::ZERO,
        charged_back: false,
    };
    let all = [Standing::Cancelled, Standing::Rejected, Standing::Approved, Standing::Processing];
    for (some, first) in
        [(&all[..], Standing::Approved), (&all[..2], Standing::Rejected), (&all[3..], Standing::Processing)]
    {
        assert_eq!(foremost(some.iter().copied().map(seen)).unwrap().standing, first);
    }
    assert!(foremost([]).is_none());
}
