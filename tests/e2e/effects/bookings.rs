//! The life of bookings that guests made on the site, as guests, the team and the advertisements hear of it: once each,
//! whatever the vendors do.

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use casa_domain::{
    client::Client as Record,
    event::What,
    ids::ReceiptId,
    payment::{Cause, Standing, Truth},
    reservation::{Origin, Receipt, Reservation, Status},
};
use casa_store::reservations::Stored;
use casa_tests::{
    Shared,
    bookings::{begin_payment, change, enter, hear, key, overdue},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    ANA, BETO, CARO, CLOCK, HOUSE, Setting, hash, id,
    table::{facts, feed},
    vendors::{CHATBOT, Call, Fault, META, TELEGRAM, WHATSAPP},
};

const APPROVED: &str = "pago_aprobado_ca";
const CANCELLED: &str = "reserva_cancelada_ca";

fn now() -> DateTime<Utc> {
    CLOCK.parse().unwrap()
}

impl Setting {
    /// Enters a booking of a guest and forgets what was told of that.
    async fn book(&self, number: u32, guest: u32, check_in: &str) -> Stored {
        let one = overdue(100 + number, HOUSE, guest, check_in, now());
        let stored = enter(&self.casa.shared.store(), one, 0, false).await;
        self.settle().await;
        self.vendors.forget();
        stored
    }

    async fn stored(&self, number: u32) -> Stored {
        let store = self.casa.shared.store();
        store.reservations().get(key(100 + number)).await.unwrap().unwrap()
    }

    /// Changes a booking past the API, with further facts, and waits for what follows.
    async fn live(&self, number: u32, edit: impl FnOnce(&mut Reservation), more: Vec<What>) {
        let before = self.stored(number).await;
        let mut after = before.booked.reservation.clone();
        edit(&mut after);
        change(&self.casa.shared.store(), &before, after, Vec::new(), more, now()).await.unwrap();
        self.settle().await;
    }

    /// The messages to guests that WhatsApp took: template and texts.
    fn messages(&self) -> Vec<(String, Vec<String>)> {
        let taken = self.vendors.calls(WHATSAPP).into_iter().filter(|call| call.fault.is_none());
        taken
            .map(|call| {
                let template = &call.body["template"];
                let texts = template["components"][0]["parameters"].as_array().unwrap();
                let texts = texts.iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect();
                (template["name"].as_str().unwrap().to_owned(), texts)
            })
            .collect()
    }

    /// The texts that a chat was sent, levels apart.
    fn texts(&self, chat: &str) -> Vec<String> {
        let calls = self.vendors.calls(TELEGRAM).into_iter();
        let here = calls.filter(|call| call.fault.is_none() && call.body["chat_id"] == chat);
        here.map(|call| call.text().to_owned()).filter(|text| !text.starts_with('🏆')).collect()
    }

    /// How many facts wait or were given up.
    async fn open(&self) -> usize {
        facts(&self.casa.shared).await.into_iter().filter(|fact| fact.index.is_some()).count()
    }

    /// Changes a guest's record past the API.
    async fn mend(&self, guest: u32, edit: impl FnOnce(&mut Record)) {
        let clients = self.casa.shared.store();
        let seen = clients.clients().get(key(guest)).await.unwrap().unwrap();
        let mut after = seen.client.clone();
        edit(&mut after);
        clients.clients().change(&seen, &after, None, Vec::new()).await.unwrap();
    }
}

fn message(template: &str, texts: &[&str]) -> (String, Vec<String>) {
    (template.to_owned(), texts.iter().map(|text| (*text).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_by_staff_is_told_once() {
    let setting = Setting::new(&[(9, CARO, "2025-12-20", "2025-12-22", "pending")]).await;
    setting.book(1, ANA, "2025-12-05").await;
    // Staff look into it: nothing is announced.
    for status in ["pending", "under_review", "pending"] {
        setting.change_stay(1, json!({"status": status})).await;
    }
    assert!(setting.vendors.calls(TELEGRAM).is_empty() && setting.vendors.calls(WHATSAPP).is_empty());

    setting.vendors.will(WHATSAPP, &[Fault::Status(500), Fault::Status(429), Fault::Dropped]);
    setting.change_stay(1, json!({"status": "approved", "advance_payment": "350.00"})).await;
    let approved = message(APPROVED, &["Ana Lira", "S/350.00", "con ingreso el 05/12/2025"]);
    assert_eq!(setting.messages(), std::slice::from_ref(&approved));
    assert_eq!(setting.vendors.calls(WHATSAPP)[0].body["to"], "51900000050");
    let shared = &setting.casa.shared;
    assert_eq!(feed(shared, &id(ANA), "reservation_confirmed").await.len(), 1);
    for status in ["pending", "approved"] {
        setting.change_stay(1, json!({"status": status})).await;
    }
    assert_eq!(setting.messages(), [approved], "told once, ever");

    // What staff entered themselves is nobody's news; a number that WhatsApp does not know holds nothing up.
    setting.change_stay(9, json!({"status": "approved"})).await;
    assert_eq!(setting.messages().len(), 1);
    setting.book(2, BETO, "2025-12-10").await;
    setting.vendors.will(WHATSAPP, &[Fault::Status(400)]);
    setting.change_stay(2, json!({"status": "approved"})).await;
    assert_eq!((setting.vendors.calls(WHATSAPP).len(), setting.open().await), (1, 0));
    // Nor does a guest without one.
    setting.book(3, CARO, "2025-12-15").await;
    setting.mend(CARO, |client| client.tel_number.clear()).await;
    setting.change_stay(3, json!({"status": "approved"})).await;
    assert!(setting.vendors.calls(WHATSAPP).is_empty());
}

/// Puts a file into the bucket.
async fn store_file(shared: &Shared, name: &str, bytes: &[u8]) {
    let (access, secret) = (shared.endpoint("AWS_ACCESS_KEY_ID"), shared.endpoint("AWS_SECRET_ACCESS_KEY"));
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(access, secret, None, None, "test"))
        .endpoint_url(shared.endpoint("AWS_ENDPOINT_URL_S3"))
        .force_path_style(true)
        .build();
    let put = aws_sdk_s3::Client::from_conf(config).put_object().bucket("casa-files").key(name);
    put.body(bytes.to_vec().into()).send().await.unwrap();
}

/// Method, chat and text of a notice, however it was sent, and whether `bytes` came with it.
fn sent(call: &Call, bytes: &[u8]) -> (String, bool) {
    let method = call.path.rsplit('/').next().unwrap().to_owned();
    let holds = |part: &[u8]| call.raw.windows(part.len()).any(|window| window == part);
    assert!(method == "sendMessage" || holds(b"clients"), "{call:?}");
    assert!(!holds(b"/media/") && !holds(b"http"), "no address of the file");
    (method, holds(bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_is_shown_itself_once() {
    let setting = Setting::new(&[]).await;
    setting.book(1, ANA, "2025-12-05").await;
    let shared = &setting.casa.shared;
    let picture = b"\xFF\xD8\xFF\xE0 bytes of a picture".to_vec();
    let pdf = b"%PDF-1.7 bytes of a document".to_vec();
    let telegram = |faults: &[Fault]| setting.vendors.will(TELEGRAM, faults);
    let arrive = async |number: usize, bytes: Option<&[u8]>| {
        let before = setting.stored(1).await;
        let mut after = before.booked.reservation.clone();
        after.take_voucher(number, false);
        let receipt: ReceiptId = key(400 + number as u32);
        let file = format!("rental_recipt/ana-lira-{number}");
        if let Some(bytes) = bytes {
            store_file(shared, &file, bytes).await;
        }
        let receipts = vec![Receipt { id: receipt, reservation: after.id, file, created: now() }];
        let fact = What::VoucherReceived { reservation: after.id, receipt, number };
        setting.vendors.forget();
        change(&shared.store(), &before, after, receipts, vec![fact], now()).await.unwrap();
        setting.settle().await;
        setting.vendors.calls(TELEGRAM)
    };

    // The vendor is down at first: the picture itself is sent again, and the notice once.
    telegram(&[Fault::Status(500), Fault::Dropped]);
    let calls = arrive(1, Some(&picture)).await;
    let shown: Vec<_> = calls.iter().map(|call| sent(call, &picture)).collect();
    assert_eq!(shown, vec![("sendPhoto".to_owned(), true); 3]);
    assert_eq!(calls.iter().filter(|call| call.fault.is_none()).count(), 1);
    let text = String::from_utf8_lossy(&calls[2].raw).into_owned();
    for part in ["Primer voucher recibido", "Cliente: Ana María Lira", "Viernes 5 de diciembre", &id(101)] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("ana-lira-1"), "the file's own name stays here");
    assert_eq!(setting.stored(1).await.booked.reservation.status, Status::Pending);

    let calls = arrive(2, Some(&pdf)).await;
    assert_eq!(
        calls.iter().map(|call| sent(call, &pdf)).collect::<Vec<_>>(),
        [("sendDocument".to_owned(), true)]
    );
    assert!(String::from_utf8_lossy(&calls[0].raw).contains("Segundo voucher recibido"));

    // A picture that Telegram does not take, and one that is not there any more: the text alone.
    telegram(&[Fault::Status(400)]);
    let calls = arrive(3, Some(&picture)).await;
    let shown: Vec<_> = calls.iter().map(|call| sent(call, &picture)).collect();
    assert_eq!(shown, [("sendPhoto".to_owned(), true), ("sendMessage".to_owned(), false)]);
    assert!(calls[1].text().contains("Voucher n.º 3 recibido"));
    let calls = arrive(4, None).await;
    assert_eq!(calls.len(), 1);
    assert!(calls[0].text().contains("Voucher n.º 4 recibido"), "{calls:?}");
    assert_eq!(setting.open().await, 0);

    // Later changes of the same booking announce nothing again.
    setting.vendors.forget();
    setting.change_stay(1, json!({"guests": 4})).await;
    assert!(setting.vendors.calls(TELEGRAM).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_payment_is_told_once_to_everybody() {
    let setting = Setting::new(&[]).await;
    let shared = &setting.casa.shared;
    let booked = setting.book(1, ANA, "2025-12-05").await;
    setting.mend(ANA, |client| client.id_manychat = Some("778899".to_owned())).await;
    let paying = begin_payment(&shared.store(), &booked, 300, now()).await.unwrap();
    let truth = |refunded: &str| Truth::Seen {
        transaction: "123456".to_owned(),
        standing: Standing::Approved,
        word: "approved".to_owned(),
        detail: String::new(),
        taken: "1000".parse().unwrap(),
        refunded: refunded.parse().unwrap(),
        charged_back: false,
    };
    for vendor in [TELEGRAM, WHATSAPP, CHATBOT] {
        setting.vendors.will(vendor, &[Fault::Status(503)]);
    }
    let paid = hear(&shared.store(), &paying, 300, &truth("0"), now()).await;
    setting.settle().await;
    let approved = message(APPROVED, &["Ana Lira", "S/1000.00", "con ingreso el 05/12/2025"]);
    assert_eq!(setting.messages(), [approved]);
    let flows = setting.vendors.calls(CHATBOT);
    assert_eq!(flows.len(), 2, "the first one failed");
    for flow in &flows {
        assert_eq!((flow.method.as_str(), flow.path.as_str()), ("POST", "/api/contacts/778899/send/pagado"));
        assert_eq!((flow.header("x-access-token"), flow.raw.len()), (Some("chatbot-secret"), 0));
    }
    let texts = setting.texts("clients");
    let [text] = texts.as_slice() else { panic!("{texts:?}") };
    for part in [
        "Pago con tarjeta",
        "Ana María Lira",
        "Casa Uno",
        "Monto: S/1000.00",
        "operación 123456",
        "+51900000050",
    ] {
        assert!(text.contains(part), "{text}");
    }

    // The gateway says the same again, then that a part went back; then a refund is refused.
    setting.vendors.forget();
    let paid = hear(&shared.store(), &paid, 300, &truth("0"), now()).await;
    let _ = hear(&shared.store(), &paid, 300, &truth("400"), now()).await;
    setting.settle().await;
    let texts = setting.texts("clients");
    let [text] = texts.as_slice() else { panic!("{texts:?}") };
    for part in ["Devolución", "Monto: S/400.00 de S/1000.00", "se hizo en la pasarela"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(setting.messages().is_empty() && setting.vendors.calls(CHATBOT).is_empty());
    let trouble = What::PaymentTroubled { payment: key(300), reservation: key(101) };
    let back = What::PaymentGivenBack {
        payment: key(300),
        reservation: key(101),
        amount: "600".parse().unwrap(),
        cause: Cause::Chargeback,
    };
    setting.vendors.forget();
    setting.live(1, |_| (), vec![trouble, back]).await;
    assert!(setting.texts("operations").len() == 1 && setting.texts("operations")[0].contains("revisarla"));
    let texts = setting.texts("clients");
    assert!(texts.len() == 2 && texts.iter().any(|text| text.contains("Contracargo")), "{texts:?}");
    assert_eq!(setting.open().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_booking_is_told_to_whom_it_concerns() {
    let setting = Setting::new(&[]).await;
    let shared = &setting.casa.shared;
    // Called off three weeks ahead.
    setting.book(1, ANA, "2025-12-05").await;
    let fact = What::ReservationCalledOff { reservation: key(101), points_returned: "40".parse().unwrap() };
    let call_off = |one: &mut Reservation| {
        one.status = Status::Cancelled;
        one.advance_payment = Some("350".parse().unwrap());
    };
    setting.vendors.will(TELEGRAM, &[Fault::Status(500)]);
    setting.live(1, call_off, vec![fact]).await;
    assert_eq!(setting.messages(), [message(CANCELLED, &["Ana Lira"])]);
    let texts = setting.texts("clients");
    let [text] = texts.as_slice() else { panic!("{texts:?}") };
    for part in ["anulada por el cliente", "Pagado: S/ 350.00", "Puntos devueltos: 40.00", "23 días antes"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(feed(shared, &id(ANA), "reservation_made").await.len(), 2, "made, and called off");

    // Lapsed: one that was to begin tomorrow, one much later, one that a member of staff took over in time.
    setting.book(2, BETO, "2025-11-13").await;
    setting.book(3, CARO, "2025-12-15").await;
    setting.book(4, ANA, "2025-12-20").await;
    setting.live(4, |one| one.origin = Origin::Staff, Vec::new()).await;
    setting.vendors.forget();
    setting.vendors.will(WHATSAPP, &[Fault::Status(500), Fault::Dropped]);
    let run = format!("{}/_casa/run/bookings-expire", setting.casa.base);
    let answer: Value = setting.http.post(&run).send().await.unwrap().json().await.unwrap();
    assert_eq!((&answer["report"]["lapsed"], &answer["settled"]), (&json!(2), &json!(true)), "{answer}");
    let mut messages = setting.messages();
    messages.sort();
    assert_eq!(messages, [message(CANCELLED, &["Beto Mora"]), message(CANCELLED, &["Caro Nieto"])]);
    let texts = setting.texts("clients");
    let [text] = texts.as_slice() else { panic!("{texts:?}") };
    assert!(text.contains("vencida sin pago") && text.contains("Beto Mora"), "{text}");
    for guest in [BETO, CARO] {
        let entries = feed(shared, &id(guest), "reservation_auto_deleted_cron").await;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["activity_data"]["deletion_reason"], "manual_deletion");
    }
    setting.vendors.forget();
    setting.http.post(&run).send().await.unwrap();
    assert!(setting.vendors.calls(WHATSAPP).is_empty() && setting.vendors.calls(TELEGRAM).is_empty());
    assert_eq!(setting.open().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_told_to_the_advertisements_under_its_own_id() {
    let setting = Setting::new(&[]).await;
    setting.book(1, ANA, "2025-12-05").await;
    setting.mend(ANA, |client| client.date = Some("1990-03-09".parse().unwrap())).await;
    setting.vendors.will(META, &[Fault::Status(500)]);
    let visit = |one: &mut Reservation| {
        one.fbclid = Some("clic".to_owned());
        one.ip_cliente = Some("192.0.2.7".to_owned());
    };
    setting.live(1, visit, vec![What::PurchaseConfirmed { reservation: key(101) }]).await;
    let calls = setting.vendors.calls(META);
    assert_eq!(calls.len(), 2, "the first one failed");
    let event = &calls[1].body["data"][0];
    assert_eq!(
        (calls[1].path.as_str(), &calls[1].body["access_token"]),
        ("/9876/events", &json!("pixel-secret"))
    );
    assert_eq!((&event["event_id"], &event["event_time"]), (&json!(id(101)), &json!(now().timestamp())));
    assert_eq!(calls[0].body, calls[1].body, "the same event, which counts once");
    let user = &event["user_data"];
    assert_eq!(user["db"], json!([hash("19900309")]));
    assert_eq!(user["ph"], json!([hash("51900000050")]));
    assert_eq!((&user["click_id"], &user["client_ip_address"]), (&json!("clic"), &json!("192.0.2.7")));
    assert_eq!(event["custom_data"], json!({"value": 250.0, "currency": "USD"}));
}
