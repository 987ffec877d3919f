"""Prices, coupons and tax, and what an invoice comes to with them."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import stripe

from donations.sandbox.contract import Refused, skeleton
from donations.sandbox.objects import Object, new_id, save
from donations.sandbox.store import Store


def new_price(store: Store, line: Object, mode: str, where: str) -> Object:
    data = line.get("price_data")
    if not data:
        raise Refused("The sandbox takes price_data.", f"{where}[price_data]")
    unit = Decimal(data.get("unit_amount_decimal") or data.get("unit_amount", 0))
    product = data.get("product")
    if not product or not store.get(product, "product"):
        raise Refused(f"No such product: '{product}'", f"{where}[price_data][product]",
                      "resource_missing")  # fmt: skip
    recurring = data.get("recurring")
    if (mode == "subscription") != bool(recurring):
        raise Refused("You must provide a recurring price in `subscription` mode only.", "mode")
    price = skeleton(
        stripe.Price,
        id=new_id("price"),
        created=store.now(),
        active=True,
        currency=data["currency"],
        product=product,
        unit_amount=int(unit) if unit == int(unit) else None,
        unit_amount_decimal=str(unit),
        type="recurring" if recurring else "one_time",
        billing_scheme="per_unit",
        recurring=skeleton(
            stripe.Price.Recurring,
            interval=recurring["interval"],
            interval_count=recurring.get("interval_count", 1),
            usage_type="licensed",
        )
        if recurring
        else None,
    )
    return save(store, price)


def new_coupon(store: Store, params: Object) -> Object:
    duration = params.get("duration", "once")
    if ("percent_off" in params) == ("amount_off" in params):
        raise Refused("You must pass either percent_off or amount_off.", "percent_off")
    if "amount_off" in params and "currency" not in params:
        raise Refused("You must pass currency when passing amount_off.", "currency")
    if (duration == "repeating") != ("duration_in_months" in params):
        message = "duration_in_months goes with a duration of repeating, and with no other."
        raise Refused(message, "duration_in_months")
    coupon = skeleton(
        stripe.Coupon,
        id=params.get("id") or new_id("co"),
        created=store.now(),
        duration=duration,
        duration_in_months=params.get("duration_in_months"),
        amount_off=params.get("amount_off"),
        currency=params.get("currency"),
        percent_off=float(params["percent_off"]) if "percent_off" in params else None,
        valid=True,
    )
    return save(store, coupon)


def new_tax_rate(store: Store, params: Object) -> Object:
    rate = skeleton(
        stripe.TaxRate,
        id=new_id("txr"),
        created=store.now(),
        active=True,
        display_name=params["display_name"],
        percentage=float(params["percentage"]),
        inclusive=params["inclusive"],
    )
    return save(store, rate)


def rounded(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))


def amounts_of(store: Store, subscription: Object) -> Object:
    """What an invoice comes to now: quantities, less discounts, with exclusive tax on the rest, or
    inclusive tax in it ("How coupons work", "Tax rates")."""
    lines = [Decimal(item["price"]["unit_amount_decimal"]) * item["quantity"]
             for item in subscription["items"]["data"]]  # fmt: skip
    subtotal = left = sum(map(rounded, lines))
    discounts: list[Object] = []
    for pk in subscription["discounts"]:
        coupon = coupon_of(store, pk)
        share = Decimal(str(coupon["percent_off"] or 0)) / 100
        amount = min(left, coupon["amount_off"] or rounded(left * share))
        left -= amount
        discounts.append(skeleton(stripe.Invoice.TotalDiscountAmount, amount=amount, discount=pk))
    taxes = [tax_on(left, rate) for rate in subscription["default_tax_rates"] or []]
    within = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    total = left - within + sum(tax["amount"] for tax in taxes)
    due = max(total, 0)  # what is below nothing would be the customer's credit
    return {
        "subtotal": subtotal,
        "total_discount_amounts": discounts,
        "total_excluding_tax": left - within,
        "total_taxes": taxes,
        "total": total,
        "amount_due": due,
        "amount_remaining": due,
    }


def tax_on(amount: int, rate: Object) -> Object:
    share, within = Decimal(str(rate["percentage"])), rate["inclusive"]
    return skeleton(
        stripe.Invoice.TotalTax,
        amount=rounded(amount * share / (100 + share if within else 100)),
        tax_behavior="inclusive" if within else "exclusive",
        taxability_reason="not_available",
    )


def coupon_of(store: Store, discount: str) -> Object:
    found = store.get((store.get(discount) or {})["source"]["coupon"])
    assert found
    return found


def discount(store: Store, subscription: Object, coupon: Object) -> str:
    months = coupon["duration_in_months"]
    ends = after(store.now(), {"interval": "month", "interval_count": months}) if months else None
    discount = skeleton(
        stripe.Discount,
        id=new_id("di"),
        start=store.now(),
        end=ends,
        subscription=subscription["id"],
        customer=subscription["customer"],
        source=skeleton(stripe.Discount.Source, type="coupon", coupon=coupon["id"]),
    )
    return str(save(store, discount)["id"])


def use_up_discounts(store: Store, subscription: Object) -> None:
    """After an invoice: those for one are gone, and those whose months are over."""

    def lasts(pk: str) -> bool:
        ends = (store.get(pk) or {})["end"]
        return coupon_of(store, pk)["duration"] != "once" and not (ends and ends <= store.now())

    subscription["discounts"] = [pk for pk in subscription["discounts"] if lasts(pk)]


def after(moment: int, recurring: Object) -> int:
    """One period on: so many days or weeks; or the same day of a month or year, the last of a
    shorter month ("Billing cycle anchor")."""
    start = datetime.fromtimestamp(moment, UTC)
    interval, count = recurring["interval"], recurring["interval_count"]
    if interval in ("day", "week"):
        days = count * {"day": 1, "week": 7}[interval]
        return int((start + timedelta(days=days)).timestamp())
    months = start.month - 1 + count * {"month": 1, "year": 12}[interval]
    year, month = start.year + months // 12, months % 12 + 1
    for day in range(start.day, 27, -1):
        try:
            return int(start.replace(year=year, month=month, day=day).timestamp())
        except ValueError:
            continue
    return int(start.replace(year=year, month=month).timestamp())
