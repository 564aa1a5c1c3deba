// How an event is told: who, when, what it changed, why.

/** Which enum the values of a changed field are of. */
const ENUMS = [
  [/^label$/, "OrderLabel"], [/^axes\.lifecycle$/, "Lifecycle"], [/^axes\.payment$/, "PaymentState"],
  [/^axes\.fulfilment$/, "FulfilmentState"], [/^axes\.afterSales$/, "AfterSalesState"], [/^axes\.holds/, "Hold"], [/^hold/, "Hold"],
  [/^refund\.\d+\.state$/, "RefundState"], [/^refund\.\d+\.kind$/, "RefundKind"], [/^shipment\.\d+/, "TrackingStatus"],
  [/^cancelReason$/, "ReasonCode"], [/^missed$/, "Clock"],
];

export function fieldName(t, field) {
  const [n] = field.match(/\d+/) ?? [];
  const key = `field.${field.replace(/\d+/g, "{n}")}`;
  return t(key) === key ? field : t(key, { n });
}

export function fieldValue({ t, format }, field, value) {
  if (value === null) return "–";
  const money = value.match(/^(-?[\d.]+) ([A-Z]{3})$/);
  if (money) return format.money({ amount: money[1], currency: money[2] });
  if (/^\d{4}-\d{2}-\d{2}T/.test(value)) return format.exact(value);
  const [, name] = ENUMS.find(([pattern]) => pattern.test(field)) ?? [];
  // What no enumeration of the API names has a word of its own.
  const keys = (one) => [...(name ? [`${name}.${one}`] : []), `value.${field.split(".")[0]}.${one}`];
  const word = (one) => t(keys(one).find((key) => t(key) !== key) ?? one);
  // Several stand behind each other; of a ticket's or a parcel's time limit the number follows.
  return value.split(",").map((one) => one.replace(/^[A-Z_]+(?= \d+$)|^.+$/, word)).join(", ");
}

/** Who it was: a role, and which policy or which token; `people`: what tokens are called, where that is known. */
export function actorName(t, { role, name, id }, people) {
  if (name === null) return `${t(`Role.${role}`)} ${people?.get(id) ?? id.slice(-6)}`;
  const key = `policy.${name}`;
  return t(key) === key ? name : t(key);
}

/** What people wrote, of an event's data. */
export function words(data) {
  return ["text", "note", "comment", "failure", "reasonText"].map((key) => data?.[key]).filter((text) => typeof text === "string" && text);
}

/** Parcels with carrier, tracking number and way, of the events that tell of them; by their number. */
export function parcels(events) {
  const found = new Map();
  for (const { kind, data, occurredAt } of events) {
    const number = data?.shipment;
    if (!number) continue;
    const parcel = found.get(number) ?? { number, way: [] };
    found.set(number, parcel);
    if (kind === "shipment-confirmed") Object.assign(parcel, { carrier: data.carrier, trackingNumber: data.trackingNumber, shippedAt: occurredAt });
    if (kind === "cards-assigned") Object.assign(parcel, { isCards: true, shippedAt: occurredAt });
    if (kind === "tracking-updated") parcel.way.push({ status: data.status, place: data.place, occurredAt });
  }
  return found;
}

/** Payments, of the events that tell of them. */
export function payments(events) {
  return events.filter(({ kind }) => ["payment-captured", "late-payment-received"].includes(kind)).map(({ data, occurredAt, position }) => ({
    position, occurredAt, provider: data?.provider, tradeNumber: data?.tradeNumber, amountMinor: data?.amountMinor,
  }));
}
