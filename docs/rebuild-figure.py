"""Paid orders and paid amount, per currency, from the log alone:

    daybook export events --data DIR --format jsonl | python3 docs/rebuild-figure.py
"""
import json
import sys
from collections import Counter
orders, paid, amount = {}, Counter(), Counter()
minor = lambda money: int(money["amount"].replace(".", ""))  # "9.90" has as many decimals as its currency
for line in sys.stdin:
    event = json.loads(line)
    kind, data = event["kind"], event["data"]
    if kind == "order-placed":
        total = sum(minor(line["unitPrice"]) * line["quantity"] for line in data["lines"])
        total += sum(minor(adjustment["amount"]) for adjustment in data.get("adjustments", []))
        orders[event["stream"]] = {"total": total, "captured": None, "paid": False, "currency": data["currency"],
                                   "quantities": [line["quantity"] for line in data["lines"]]}
        if total == 0 and event["origin"] == "LIVE":  # nothing to pay: paid at once
            orders[event["stream"]]["captured"] = 0
    order = orders.get(event["stream"])
    if kind == "price-edited":
        order["total"] += (data["newUnitMinor"] - data["oldUnitMinor"]) * order["quantities"][data["line"] - 1]
    if kind in ("payment-captured", "order-reinstated"):
        captured = data.get("amountMinor", data.get("capturedMinor", 0))
        order["captured"] = (order["captured"] or 0) + captured
        amount[order["currency"]] += captured - data["excessMinor"]
    if order and not order["paid"] and order["captured"] is not None and order["captured"] >= order["total"]:
        order["paid"] = True  # once, when what was captured first reaches the total
        paid[order["currency"]] += 1
print(json.dumps({code: {"paidOrders": paid[code], "paidAmountMinor": amount[code]} for code in sorted(paid | amount)}))
