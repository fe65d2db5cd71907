"""Drives the deployed template through its API gateway: who may what, a booking from quote to calendar, and its side effects."""

import base64
import datetime
import json
import time
import uuid

import pytest

from api import Api
from samples import ARRIVAL, png
from stack import ROOT, invoke

DEPARTURE = ARRIVAL + datetime.timedelta(days=3)


def eventually(question, seconds=30):
    """The first true answer to `question`, asked again until it comes; fails when it does not come in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > deadline:
            assert answer, f"not within {seconds} s"
            return answer
        time.sleep(0.3)


@pytest.fixture(scope="module")
def client(staff):
    """A guest entered by staff through the form, as the panel does."""
    form = {
        "document_type": "dni",
        "number_doc": str(uuid.uuid4().int)[:8],
        "first_name": "Rosaura",
        "last_name": "Quispe Ñahui",
        "email": "rosaura@correo.example",
        "tel_number": "51900000001",
    }
    return staff("POST", "/api/v1/clients/", 201, files={k: (None, v) for k, v in form.items()}).json()


def stay(house, client, arrival=ARRIVAL, departure=DEPARTURE, **more):
    """The form of a new reservation."""
    form = {
        "property": house["id"],
        "client": client["id"],
        "check_in_date": str(arrival),
        "check_out_date": str(departure),
        "guests": "3",
        "price_usd": "300.00",
        "price_sol": "1140.00",
        "advance_payment": "570.00",
        "advance_payment_currency": "sol",
        "origin": "aus",
    } | more
    return {key: (None, value) for key, value in form.items()}


@pytest.fixture(scope="module")
def booking(staff, house, client):
    """A reservation with a receipt."""
    form = stay(house, client) | {"file": ("voucher.png", png(), "image/png")}
    return staff("POST", "/api/v1/reservations/", 201, files=form).json()


def test_every_path_answers_in_both_forms(anybody):
    for path in ("/api/v1/test", "/api/v1/property", "/api/v1"):
        bare, slashed = anybody("GET", path, 200), anybody("GET", path + "/", 200)
        assert bare.json().keys() == slashed.json().keys() if isinstance(bare.json(), dict) else bare.json()


def test_unknown_paths_are_a_json_404_of_our_own(anybody):
    for path in ("/api/v1/nowhere/", "/", "/api/v1/property/a/b/c"):
        answer = anybody("GET", path, 404)
        assert answer.headers["content-type"].startswith("application/json")
        assert isinstance(answer.json()["detail"], str)


def test_unknown_methods_are_a_405(anybody):
    answer = anybody("DELETE", "/api/v1/property/", 405)
    assert isinstance(answer.json()["detail"], str)
    assert "GET" in answer.headers["allow"]


def test_protected_paths_want_a_token(anybody):
    for path in ("/api/v1/reservations/", "/api/v1/clients", "/api/v1/vistacalendario/?year=2025"):
        answer = anybody("GET", path, 401)
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'


def test_the_bot_reads(anybody, staff, client):
    for path in ("/api/v1/bot/levels/", "/api/v1/bot/global-discount/"):
        assert anybody("GET", path, 200).json()["success"] is True
    path = f"/api/v1/bot/client/{client['number_doc']}"
    anybody("GET", path, 401)
    assert staff("GET", path, 200).json()["client_profile"]["id"] == client["id"]


def test_a_wrong_password_is_refused(anybody, staff):
    answer = anybody("POST", "/api/v1/login/", 401, json={"email": "deploy@casa.example", "password": "wrong"})
    assert isinstance(answer.json()["detail"], str)


def test_a_refresh_token_renews_the_session(stack, seller):
    renewed = Api(stack.base)("POST", "/api/v1/token/refresh/", 200, json={"refresh": seller["refresh"]}).json()
    Api(stack.base, renewed["access"])("GET", "/api/v1/test/login/", 200)


def test_imported_houses_are_listed_with_photos_that_load(anybody, data):
    listed = anybody("GET", "/api/v1/property/", 200).json()["results"]
    assert len(listed) == sum(not row["fields"]["deleted"] for row in data["property.property"])
    photos = (house["main_photo"] for house in listed)
    ours = next(photo for photo in photos if photo and photo["image_url_final"].startswith("/media/"))
    loaded = anybody.at(ours["image_url_final"])
    assert loaded.status_code == 200
    assert loaded.headers["content-type"].startswith("image/")
    assert anybody("GET", f"/api/v1/property/{listed[0]['slug']}/", 200).json()["id"] == listed[0]["id"]


def test_files_that_are_not_there_are_a_404(anybody):
    assert isinstance(anybody("GET", "/media/property_photos/none.jpg", 404).json()["detail"], str)


def test_a_photo_is_uploaded_and_served(staff, anybody, house):
    answer = staff(
        "POST", "/api/v1/photos/", 201, files={"property": (None, house["id"]), "image_file": ("a.png", png(640, 480), "image/png")}
    ).json()
    address = answer["image_url_final"]
    assert anybody.at(address).content == png(640, 480)
    staff("DELETE", f"/api/v1/photos/{answer['id']}/", 204)


def test_a_booking_stands_in_list_and_calendar(staff, anybody, house, booking):
    query = f"?year={ARRIVAL.year}&month={ARRIVAL.month}"
    listed = staff("GET", f"/api/v1/reservations/{query}", 200).json()
    assert booking["id"] in [row["id"] for row in listed["results"]]
    calendar = staff("GET", f"/api/v1/vistacalendario/{query}", 200).json()
    assert booking["id"] in [row["id"] for row in calendar]
    occupancy = anybody("GET", f"/api/v1/property/{house['slug']}/calendar-occupancy/{query}", 200).json()
    mine = [row for row in occupancy["data"]["occupancy"] if row["reservation_id"] == booking["id"]]
    assert [(row["start_date"], row["end_date"], row["status"]) for row in mine] == [
        (str(ARRIVAL), str(DEPARTURE), "confirmed")
    ]


def test_its_receipt_is_private_and_its_link_works(staff, anybody, booking):
    receipts = staff("GET", f"/api/v1/reservations/{booking['id']}/", 200).json()["recipts"]
    assert len(receipts) == 1
    loaded = anybody.at(receipts[0]["file"])
    # Pictures are stored anew, without what the camera noted.
    assert (loaded.status_code, loaded.headers["content-type"], loaded.content[:8]) == (200, "image/png", png()[:8])
    assert anybody.at(receipts[0]["file"].split("?")[0]).status_code in (401, 403, 404)


def test_nobody_else_gets_the_nights(staff, house, client, booking):
    overlapping = stay(house, client, ARRIVAL + datetime.timedelta(days=1), DEPARTURE + datetime.timedelta(days=1))
    answer = staff("POST", "/api/v1/reservations/", 400, files=overlapping).json()
    assert isinstance(answer["detail"], list)
    question = {"property": house["id"], "check_in_date": str(ARRIVAL), "check_out_date": str(DEPARTURE)}
    assert staff("POST", "/api/v1/prop/check-avaible/", 404, json=question).json()["condition"] is False
    free = question | {"check_in_date": str(DEPARTURE), "check_out_date": str(DEPARTURE + datetime.timedelta(days=1))}
    assert staff("POST", "/api/v1/prop/check-avaible/", 200, json=free).json()["condition"] is True


def test_the_stream_drives_the_reactions(emulator, stack, booking):
    """The fact that the booking wrote leaves the index of pending facts when the function has handled it."""
    table = emulator.client("dynamodb")

    def fact():
        pages = table.get_paginator("scan").paginate(TableName=stack.resources["Table"])
        for page in pages:
            for item in page["Items"]:
                if item["pk"]["S"].startswith("OUT#") and item["sk"]["S"] == "A" and booking["id"] in item["doc"]["S"]:
                    return item

    assert fact(), "the booking wrote no fact"
    handled = eventually(lambda: (item := fact()) and "handled" in item and item)
    assert "gsi1pk" not in handled


def test_a_deleted_booking_frees_its_nights(staff, house, client):
    later = ARRIVAL + datetime.timedelta(days=20)
    form = stay(house, client, later, later + datetime.timedelta(days=2))
    first = staff("POST", "/api/v1/reservations/", 201, files=form).json()
    staff("DELETE", f"/api/v1/reservations/{first['id']}", 204)
    staff("POST", "/api/v1/reservations", 201, files=form)


def test_documentation_is_served(anybody):
    described = anybody("GET", "/api/v1/schema/?format=json", 200).json()
    assert described["openapi"].startswith("3.1")
    page = anybody("GET", "/api/v1/schema/docs/", 200)
    assert page.headers["content-type"].startswith("text/html")


def event(name):
    """An event of the folder events/."""
    return json.loads((ROOT / "events" / name).read_text(encoding="utf-8"))


def test_a_preflight_is_answered_by_the_function(emulator, stack):
    """Sent to the function itself: the emulator's gateway answers every OPTIONS on its own."""
    answer = invoke(emulator, stack, "Reservations", event("http-preflight.json"))
    headers = {key.lower(): value for key, value in answer["headers"].items()}
    assert answer["statusCode"] == 200
    assert headers["access-control-allow-origin"] == "http://localhost:3000"
    assert headers["access-control-allow-credentials"] == "true"
    strange = event("http-preflight.json")
    strange["headers"]["origin"] = "https://elsewhere.example"
    assert "access-control-allow-origin" not in {
        key.lower() for key in invoke(emulator, stack, "Reservations", strange)["headers"]
    }


def test_the_other_events_are_understood(emulator, stack, data):
    """Without a valid token or a known reservation: what counts is that each is read and answered."""
    listed = invoke(emulator, stack, "Reservations", event("http-get.json"))
    assert listed["statusCode"] == 401
    created = invoke(emulator, stack, "Reservations", event("http-post-multipart.json"))
    assert created["statusCode"] == 401
    login = invoke(emulator, stack, "Accounts", event("http-post-json.json"))
    assert login["statusCode"] == 401
    body = login["body"] if not login.get("isBase64Encoded") else base64.b64decode(login["body"])
    assert isinstance(json.loads(body)["detail"], str)
    reacted = invoke(emulator, stack, "Reactions", event("stream-outbox.json"))
    assert not (reacted or {}).get("batchItemFailures")


def test_calendars_go_out_and_the_house_knows_who_is_there(anybody, staff, house, booking):
    calendar = anybody("GET", f"/api/v1/get-ics/?q={house['slug']}", 200)
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert f"DTSTART:{ARRIVAL:%Y%m%d}T000000" in calendar.text
    assert anybody("GET", f"/api/v1/homeassistant/?property_uuid={house['id']}", 200).json()["property_name"] == house["name"]
    assert staff("GET", "/api/v1/calendar-feeds/", 200).json() is not None
    assert len(staff("GET", f"/api/v1/profit/?year={ARRIVAL.year}", 200).json()) == 12


def test_the_schedules_name_jobs_that_run(emulator, stack, staff, client):
    """Each schedule's own input, sent to the function as the scheduler would. The emulator forgets the schedules' zone: that
    they have one, and the hours, is checked beside the function."""
    scheduler = emulator.client("scheduler")
    inputs = []
    for one in scheduler.list_schedules()["Schedules"]:
        schedule = scheduler.get_schedule(Name=one["Name"], GroupName=one.get("GroupName", "default"))
        inputs.append(json.loads(schedule["Target"]["Input"]))
    assert {one["job"] for one in inputs} == {
        "points-award",
        "points-expire",
        "referral-ranking",
        "sheets-sync",
        "client-book",
        "pool-heating",
        "bookings-expire",
        "payments-settle",
        "feeds-import",
        "music-power",
        "music-watch",
    }
    rehearsal = invoke(emulator, stack, "Schedules", event("schedule-points-award.json"))
    assert rehearsal["credited"] >= 0
    reports = {one["job"]: invoke(emulator, stack, "Schedules", one) for one in inputs}
    assert reports["points-award"]["credited"] == rehearsal["credited"]
    assert reports["client-book"]["written"] or reports["client-book"]["clients"] > 0
    # What the snapshot holds is found, and so is what changed since.
    staff("PATCH", f"/api/v1/clients/{client['id']}/", 200, json={"last_name": "Cambiada Después"})
    found = staff("GET", "/api/v1/clients/?search=rosaura+cambiada", 200).json()
    assert client["id"] in [one["id"] for one in found["results"]]


def kinds(stack):
    """Kind of each resource of the template."""
    return {key: resource["Type"] for key, resource in stack.template["Resources"].items()}


def test_functions_may_do_no_more_than_the_template_says(emulator, stack):
    """Docs holds no data rights, and nobody learns the secret of a vendor with whom they have nothing to do."""
    iam, lambdas = emulator.client("iam"), emulator.client("lambda")
    assert iam.list_role_policies(RoleName=stack.resources["DocsRole"])["PolicyNames"] == []
    told = {
        "TELEGRAM": {"Reactions", "Schedules"},
        "CHAT_ID": {"Reactions", "Schedules"},
        "CLIENTS_CHAT_ID": {"Reactions"},
        "CHATBOT": {"Bot", "Reactions"},
        "CASA_BOT_KEY": {"Pricing", "Bot"},
        "CASA_HOME_KEY": {"Reservations"},
        "CASA_MUSIC_KEY": {"Music"},
        "CASA_MUSIC_QUEUE_URL": {"Music", "Schedules"},
        "TWILIO": {"Clients"},
        "FACEBOOK": {"Clients"},
        "WHATSAPP": {"Clients", "Reactions"},
        "META_": {"Reactions"},
        "META_PIXEL_": {"Reactions"},
        "CHATBOT_PAYMENT_FLOW_ID": {"Reactions"},
        "GOOGLE": {"Referrals", "Schedules"},
        "MERCADOPAGO_ACCESS_TOKEN": {"Payments", "Schedules"},
        "OPENPAY_MERCHANT_ID": {"Payments", "Schedules"},
        "OPENPAY_PRIVATE_KEY": {"Payments", "Schedules"},
        "WEBHOOK_SECRET": {"Payments"},
        "OPENPAY_WEBHOOK": {"Payments"},
        "CASA_BOOKING_SELLER": {"Bookings"},
        "CASA_LANDLORD": {"Contracts"},
    }
    names = (
        "Accounts Clients Referrals Properties Pricing Reservations Bookings Payments Contracts Music Bot Media Docs Reactions Schedules"
    ).split()
    assert sorted(names) == sorted(key for key, kind in kinds(stack).items() if kind == "AWS::Lambda::Function")
    for name in names:
        variables = lambdas.get_function(FunctionName=stack.resources[name])["Configuration"]["Environment"]["Variables"]
        for part, functions in told.items():
            assert bool([key for key in variables if part in key]) == (name in functions), (name, part)
        assert len(variables["CASA_SECRET"]) >= 32
