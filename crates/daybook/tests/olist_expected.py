"""Figures of the Olist data set, computed from its CSV files and nothing else: what Daybook must answer after an import.

    python3 olist_expected.py FOLDER > expected.json

Amounts are integer centavos. Standard library only.
"""
import csv
import gzip
import io
import json
import sys
from collections import Counter, defaultdict
from datetime import datetime
from fractions import Fraction
from pathlib import Path

folder = Path(sys.argv[1])


def rows(name):
    plain, packed = folder / f"{name}.csv", folder / f"{name}.csv.gz"
    raw = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))


def cents(text):
    amount = Fraction(text) * 100
    assert amount.denominator == 1, text
    return int(amount)


def half_even(numerator, denominator):
    return round(Fraction(numerator, denominator)) if denominator else None


def decimal(minor):
    return None if minor is None else f"{minor // 100}.{minor % 100:02d}"


account = {row["customer_id"]: row["customer_unique_id"] for row in rows("olist_customers_dataset")}
first_item = {}
for row in rows("olist_order_items_dataset"):
    key = (int(row["order_item_id"]), row["seller_id"])
    first_item[row["order_id"]] = min(first_item.get(row["order_id"], key), key)
paid_cents = Counter()
for row in rows("olist_order_payments_dataset"):
    paid_cents[row["order_id"]] += cents(row["payment_value"])

LABELS = {"delivered": "COMPLETED", "shipped": "SHIPPED", "canceled": "CANCELLED", "unavailable": "EXCEPTION",
          "created": "AWAITING_PAYMENT"}


class Figures:
    def __init__(self):
        self.placed = self.paid = self.amount = 0

    def add(self, captured):
        self.placed += 1
        if captured:
            self.paid += 1
            self.amount += captured

    def out(self):
        return {
            "placedOrders": self.placed,
            "paidOrders": self.paid,
            "paidAmount": decimal(self.amount),
            "averageOrderValue": decimal(half_even(self.amount, self.paid)),
            "conversionRate": millionths(self.paid, self.placed),
        }


def millionths(part, whole):
    rounded = half_even(part * 1_000_000, whole)
    return None if rounded is None else f"{rounded // 1_000_000}.{rounded % 1_000_000:06d}"


total, labels = Figures(), Counter()
months, sellers, hours = defaultdict(Figures), defaultdict(Figures), defaultdict(Figures)
days, buyers = defaultdict(Figures), defaultdict(list)
for row in rows("olist_orders_dataset"):
    order, at = row["order_id"], datetime.fromisoformat(row["order_purchase_timestamp"])
    confirmed = any(row[column] for column in ("order_approved_at", "order_delivered_carrier_date",
                                               "order_delivered_customer_date"))
    captured = paid_cents[order] if confirmed else 0
    label = LABELS.get(row["order_status"], "TO_SHIP")
    labels[label] += 1
    seller = first_item[order][1] if order in first_item else "olist"
    for figures in (total, months[at.strftime("%Y-%m")], sellers[seller], hours[at.isoweekday(), at.hour],
                    days[at.strftime("%Y-%m-%d")]):
        figures.add(captured)
    buyers[account[row["customer_id"]]].append([at.isoformat() + "Z", order, label, seller])

busiest = sorted(buyers, key=lambda buyer: (-len(buyers[buyer]), buyer))[:50]
peak = min(hours, key=lambda cell: (-hours[cell].placed, cell))
json.dump({
    "total": total.out(),
    "labels": dict(labels),
    "months": {month: figures.out() for month, figures in sorted(months.items())},
    "days": {day: figures.out() for day, figures in sorted(days.items())},
    "hours": [{"weekday": day, "hour": hour, "placedOrders": hours[day, hour].placed,
               "paidOrders": hours[day, hour].paid} for day in range(1, 8) for hour in range(24)],
    "peak": {"weekday": peak[0], "hour": peak[1], "placedOrders": hours[peak].placed},
    "sellers": [dict(id=seller, **figures.out())
                for seller, figures in sorted(sellers.items(), key=lambda item: (-item[1].placed, item[0]))],
    "buyers": {buyer: sorted(buyers[buyer], reverse=True) for buyer in busiest},
}, sys.stdout)
