// What an order's page asks.

const MONEY = "{ amount currency }";

/** `$asOf`: null for now; `$isNow`: whether to ask what can be done, which is nothing to an order as it was. */
export const QUERY = `query ($id: ID!, $asOf: AsOf, $isNow: Boolean!) {
  order(by: { id: $id }, asOf: $asOf) {
    id number revision placedAt label merchant { id name payUrl } buyer { account } tags cards disputedSince
    axes { lifecycle payment fulfilment afterSales holds } holds { hold since }
    lines { id number sku title kind quantity shipped cancelled unitPrice ${MONEY} }
    total ${MONEY} due ${MONEY} captured ${MONEY} refunded ${MONEY}
    refunds { number kind state requestedAt answerBy escalateAt payBy amount ${MONEY} }
    shipments { number status delivered } clocks { kind dueAt ticket missed } breaches { kind ticket }
    pendingAddressChange { number requestedBy } delivery { contact inputs { line inputs } }
    actions @include(if: $isNow) { name refusal { code message } }
  }
}`;
export const HISTORY = `query ($id: ID!) { order(by: { id: $id }) { revision history(first: 250) {
  nodes { position revision kind occurredAt recordedAt origin reason actor { id role name } changes { field before after } data }
  pageInfo { hasNextPage } } } }`;
