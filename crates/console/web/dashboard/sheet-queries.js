// What a sheet asks.

const GIVEN = "$merchant: String, $scope: Scope, $zone: String, $currency: String!, $basis: Basis, $now: TimeRange!, $metric: Metric!, $after: String, $first: Int";
const ASKED = "merchant: $merchant, scope: $scope, timeZone: $zone, currency: $currency, basis: $basis, range: $now, metric: $metric, first: $first, after: $after";
const INFO = "pageInfo { hasNextPage endCursor }";
const ORDER = "id number label merchant { name } total { amount currency }";

export const METRIC_OF_REASONS = "REFUND_REQUESTS";
export const EVENTS_QUERY = `query (${GIVEN}, $weekday: Int, $hour: Int) {
  dashboardEvents(${ASKED}, weekday: $weekday, hour: $hour) { nodes { position kind occurredAt amount orderId order { ${ORDER} } } ${INFO} } }`;
export const REASONS_QUERY = `query (${GIVEN}) {
  dashboardEvents(${ASKED}) { nodes { position occurredAt order { ${ORDER} refunds { amount { amount currency } } history(first: 60) { nodes { position reason } } } } ${INFO} } }`;
export const ORDERS_QUERY = `query ($where: OrderWhere, $scope: Scope, $first: Int, $after: String) {
  orders(where: $where, scope: $scope, first: $first, after: $after) { nodes { ${ORDER} placedAt } ${INFO} } }`;
export const WORK_ENTRY = "name subject event { position stream kind recordedAt }";
