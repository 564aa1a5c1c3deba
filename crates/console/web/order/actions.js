// What can be done to one order: each as a form and the command that it becomes. Whether the order lets it be done, and why
// not, the server says (`Order.actions`).

import { newId } from "../api.js";
import { reasonOf } from "../forms/reason.js";

/** `fields` are order/field.js' names. Those with `isBlind` go by no revision: they say nothing about the order as it was seen. */
export const ACTIONS = {
  CONFIRM_SHIPMENT: { mutation: "confirmShipment", fields: ["carrier", "trackingNumber"], isMain: true },
  DELIVER_CARDS: { mutation: "deliverCards", fields: [], isMain: true },
  COMPLETE_TOP_UP: { mutation: "completeTopUp", fields: ["topUpLine"], isMain: true },
  FAIL_TOP_UP: { mutation: "failTopUp", fields: ["topUpLine", "failure", "wrongAccount", "note"] },
  RECORD_TRACKING: { mutation: "recordTracking", fields: ["shipment", "trackingStatus", "place"] },
  APPROVE_REFUND: { mutation: "approveRefund", fields: ["ticket", "note"], states: ["REQUESTED"], isMain: true },
  REJECT_REFUND: { mutation: "rejectRefund", fields: ["ticket", "refusalReason"], states: ["REQUESTED", "FAILED"] },
  SETTLE_REFUND: { mutation: "settleRefund", fields: ["ticket", "provider", "tradeNumber"], states: ["APPROVED", "FAILED"], isMain: true },
  FAIL_REFUND: { mutation: "failRefund", fields: ["ticket", "failure", "note"], states: ["APPROVED"] },
  REQUEST_REFUND: { mutation: "requestRefund", fields: ["refundAmount", "goodsReason"] },
  EDIT_PRICE: { mutation: "editPrice", fields: ["prices", "reason"] },
  RECORD_PAYMENT: { mutation: "recordPayment", fields: ["paymentProvider", "paidTradeNumber", "paidAmount"] },
  FAIL_PAYMENT: { mutation: "failPayment", fields: ["paymentProvider", "failure", "note"] },
  APPROVE_ADDRESS_CHANGE: { mutation: "approveAddressChange", fields: ["note"], isMain: true },
  REJECT_ADDRESS_CHANGE: { mutation: "rejectAddressChange", fields: ["changeReason"] },
  REQUEST_ADDRESS_CHANGE: { mutation: "requestAddressChange", fields: ["contact", "inputs", "reasonIfAny"] },
  RELEASE_HOLD: { mutation: "releaseHold", fields: ["heldHold", "reasonIfAny"], isMain: true },
  PLACE_HOLD: { mutation: "placeHold", fields: ["hold", "reasonIfAny"] },
  OPEN_DISPUTE: { mutation: "openDispute", fields: ["goodsReason"] },
  ADD_EVIDENCE: { mutation: "addEvidence", fields: ["text"], isBlind: true },
  READ_EVIDENCE: { mutation: "readEvidence", fields: [], isBlind: true, shows: "evidence { dispute text addedAt actor { role } }" },
  RESOLVE_DISPUTE: { mutation: "resolveDispute", fields: ["outcome", "outcomeRefund", "verdictReason"] },
  RATE: { mutation: "rateOrder", fields: ["score", "comment"], isBlind: true },
  ADD_NOTE: { mutation: "addNote", fields: ["text"], isBlind: true },
  ADD_TAG: { mutation: "addTag", fields: ["tag"], isBlind: true },
  REVEAL_CARDS: { mutation: "revealCards", fields: [], isBlind: true, shows: "cards { line sku secret }" },
  REVEAL_CONTACT: { mutation: "revealContact", fields: ["reason"], isBlind: true, shows: "account delivery { contact inputs { line inputs } }" },
  CANCEL_REST: { mutation: "cancelRest", fields: ["reason"], isDangerous: true },
  CANCEL: { mutation: "cancelOrder", fields: ["reason"], isDangerous: true },
};

/** The command's input, of the form that was filled in; `ticket` or `hold`: the one that was pointed at. That says what is meant,
 * whatever else has happened to the order since. */
export function inputOf(name, order, form, { isMasked, ticket, hold }) {
  const { fields, isBlind } = ACTIONS[name];
  const currency = order.total.currency;
  const input = { order: { id: order.id }, ...(isBlind || ticket || hold ? {} : { expectedRevision: order.revision }) };
  const text = (key) => form.get(key)?.trim() || undefined;
  const money = (amount) => (amount ? { amount, currency } : undefined);
  const whole = (key) => (text(key) ? Number(text(key)) : undefined);
  const readers = {
    topUpLine: () => ({ line: whole("line") }),
    shipment: () => ({ shipment: whole("shipment") }),
    // A carrier's own checkpoints have ids; what a person tells needs one as well.
    trackingStatus: () => ({ status: text("trackingStatus"), checkpoint: newId() }),
    ticket: () => ({ ticket: ticket?.number ?? whole("ticket") }),
    score: () => ({ score: whole("score") }),
    wrongAccount: () => ({ wrongAccount: form.has("wrongAccount") || undefined }),
    refundAmount: () => ({ amount: money(text("amount")) }),
    paidAmount: () => ({ amount: money(text("amount")) }),
    outcomeRefund: () => ({ refund: money(text("amount")) }),
    paymentProvider: () => ({ provider: text("provider") }),
    paidTradeNumber: () => ({ tradeNumber: text("tradeNumber") }),
    heldHold: () => ({ hold: hold ?? text("hold") }),
    prices: () => ({ prices: pricesOf(order, form, money) }),
    contact: () => ({ contact: contactOf(order, form, isMasked) }),
    inputs: () => ({ inputs: inputsOf(order, form) }),
    reason: () => ({ reason: reasonOf(form) }),
    goodsReason: () => ({ reason: reasonOf(form) }),
    refusalReason: () => ({ reason: reasonOf(form) }),
    changeReason: () => ({ reason: reasonOf(form) }),
    verdictReason: () => ({ reason: reasonOf(form) }),
    reasonIfAny: () => ({ reason: reasonOf(form) }),
  };
  for (const field of fields) Object.assign(input, readers[field] ? readers[field]() : { [field]: text(field) });
  return input;
}

/** Of the lines whose price is another one than before. */
function pricesOf(order, form, money) {
  const lines = order.lines.map(({ number, unitPrice }) => ({ number, before: unitPrice.amount, after: form.get(`price-${number}`)?.trim() }));
  return lines.filter(({ before, after }) => after && Number(after) !== Number(before)).map(({ number, after }) => ({ line: number, unitPrice: money(after) }));
}

export const CONTACT = ["name", "tel", "address"];

/** What else a contact holds stays, unless only stars of it are known. */
function contactOf(order, form, isMasked) {
  const given = CONTACT.map((key) => [key, form.get(`contact-${key}`)?.trim()]).filter(([, value]) => value);
  const kept = isMasked ? {} : order.delivery?.contact;
  return given.length > 0 ? { ...kept, ...Object.fromEntries(given) } : undefined;
}

/** Of each top-up line, what its buyer typed: the same names as at placing. */
export function inputNames(order, line) {
  const known = order.delivery?.inputs.find((one) => one.line === line.number)?.inputs;
  return known ? Object.keys(known) : ["account"];
}

function inputsOf(order, form) {
  const changed = order.lines.filter(({ kind }) => kind === "TOP_UP").map((line) => {
    const given = inputNames(order, line).map((key) => [key, form.get(`input-${line.number}-${key}`)?.trim()]).filter(([, value]) => value);
    return { line: line.number, inputs: Object.fromEntries(given) };
  });
  const filled = changed.filter(({ inputs }) => Object.keys(inputs).length > 0);
  return filled.length > 0 ? filled : undefined;
}
