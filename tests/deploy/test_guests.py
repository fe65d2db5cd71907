"""Drives the deployed template as guests do: registering, booking, vouchers and what becomes of them. There are no vendors."""

import datetime
import uuid

import pytest

from api import Api
from samples import ARRIVAL, png
from stack import invoke


@pytest.fixture(scope="module")
def guest(stack, anybody):
    """A guest who registers without vendors and signs in; the API as the guest, and the sign-in without the password."""
    login = {"document_type": "dni", "number_doc": str(uuid.uuid4().int)[:8]}
    secret = {"password": "Clave-desplegada-1"}
    form = {
        "first_name": "Yolanda",
        "last_name": "Prueba Desplegada",
        "tel_number": "51900000002",
        "confirm_password": secret["password"],
    }
    anybody("POST", "/api/v1/clients/public-register/", 201, json=login | secret | form)
    signed_in = anybody("POST", "/api/v1/clients/client-auth/login", 200, json=login | secret).json()
    return Api(stack.base, signed_in["token"]), login


def test_a_guest_registers_and_signs_in(anybody, guest):
    """Without vendors: the account, its tokens, and what the guest sees of it."""
    guest, login = guest
    profile = guest("GET", "/api/v1/clients/client-auth/profile/", 200).json()
    assert profile["number_doc"] == login["number_doc"] and profile["referral_code"]
    guest("GET", "/api/v1/clients/client-auth/referral-stats/", 200)
    anybody("POST", "/api/v1/clients/client-auth/request-otp/", 503, json=login)


def book(guest, house, arrival, expected=201):
    """A guest asks for three nights of a house."""
    wish = {"property": house["id"], "check_in_date": str(arrival), "check_out_date": str(arrival + datetime.timedelta(days=3)), "guests": 2}
    return guest("POST", "/api/v1/clients/reservations/create/", expected, json=wish).json()


def test_a_guest_books_and_sends_a_voucher_and_staff_approve(emulator, stack, guest, staff, anybody, house):
    """From the site to the contract: the booking takes its nights, the voucher waits for staff, who approve and get the PDF."""
    guest, _ = guest
    arrival = ARRIVAL + datetime.timedelta(days=40)
    booked = book(guest, house, arrival)["reservation"]
    assert book(guest, house, arrival, 400)["success"] is False
    path = f"/api/v1/reservations/{booked['id']}"
    # Without gateways no card can be charged, and nothing changes.
    payment = {"token": "tok", "amount": 100, "partial": True}
    assert guest("POST", f"/api/v1/payment/process/{booked['id']}/", 503, json=payment).json()["success"] is False
    assert staff("GET", f"{path}/", 200).json()["status"] == "incomplete"

    sent = {"voucher": ("voucher.png", png(), "image/png"), "payment_confirmed": (None, "true")}
    taken = guest("POST", f"/api/v1/clients/voucher/upload/{booked['id']}/", 200, files=sent).json()
    assert taken["vouchers_uploaded"] == 1
    shown = staff("GET", f"{path}/", 200).json()
    assert shown["status"] == "pending" and len(shown["recipts"]) == 1
    loaded = anybody.at(shown["recipts"][0]["file"])
    assert loaded.status_code == 200 and loaded.headers["content-type"] == "image/png"

    price = {"status": (None, "approved"), "advance_payment": (None, shown["price_sol"]), "full_payment": (None, "true")}
    staff("PATCH", f"{path}/", 200, files=price)
    listed = guest("GET", "/api/v1/clients/reservations/list/", 200).json()
    assert [one["status"] for one in listed["upcoming_reservations"] if one["id"] == booked["id"]] == ["approved"]
    contract = staff("GET", f"{path}/contrato/", 200)
    assert contract.headers["content-type"] == "application/pdf" and contract.content.startswith(b"%PDF-")
    # What expires bookings leaves those alone that were paid for.
    report = invoke(emulator, stack, "Schedules", {"job": "bookings-expire"})
    assert isinstance(report, dict)
    assert staff("GET", f"{path}/", 200).json()["status"] == "approved"


def test_a_guest_calls_a_booking_off(guest, house):
    guest, _ = guest
    arrival = ARRIVAL + datetime.timedelta(days=60)
    first = book(guest, house, arrival)["reservation"]
    called_off = guest("POST", f"/api/v1/clients/reservations/{first['id']}/cancel/", 200).json()
    assert called_off["status"] == "cancelled"
    book(guest, house, arrival)


def test_nobody_but_the_gateways_tells_of_payments(anybody):
    news = {"type": "payment", "data": {"id": "1"}}
    path = "/api/v1/payment/webhooks"
    for forged in ({}, {"x-signature": "ts=1,v1=00", "x-request-id": "1"}):
        anybody("POST", f"{path}/mercadopago/?data.id=1", 401, json=news, headers=forged)
    for login in (None, ("casa", "casa")):
        anybody("POST", f"{path}/openpay", 401, json={"type": "charge.succeeded"}, auth=login)
