// What is asked, in parts: the figures come first, and what is refused for its size takes nothing else with it.

const GIVEN = "$merchant: String, $scope: Scope, $zone: String, $currency: String!, $basis: Basis, $now: TimeRange!";
const BEFORE = "$before: TimeRange!";
const of = (range) => `dashboard(merchant: $merchant, scope: $scope, timeZone: $zone, currency: $currency, basis: $basis, range: ${range})`;

const FIGURES = `placedOrders paidOrders refundedOrders conversionRate refundRate paidAmount { amount currency }
  averageOrderValue { amount currency } deliveredOrders unattendedShare exceptionOrders exceptionRate refundRequests
  answeredInTimeShare breaches { clock count }`;

export const FIGURES_QUERY = `query (${GIVEN}, ${BEFORE}) {
  now: ${of("$now")} { ${FIGURES} stages { stage count medianSeconds p90Seconds maxSeconds negative } }
  before: ${of("$before")} { ${FIGURES} } }`;

const HOURS = "byHour { hour placedOrders paidOrders refundedOrders refundRate }";
const DAYS = "byDay { date placedOrders paidOrders refundedOrders paidAmount { amount } }";
export const COURSE_QUERY = `query (${GIVEN}, ${BEFORE}) {
  now: ${of("$now")} { ${DAYS} ${HOURS} peak { weekday hour placedOrders }
    byWeekdayHour { weekday hour placedOrders paidOrders refundedOrders conversionRate refundRate } }
  before: ${of("$before")} { ${DAYS} ${HOURS} } }`;

export const REPEAT_QUERY = `query (${GIVEN}, ${BEFORE}) { now: ${of("$now")} { repeatBuyerRate } before: ${of("$before")} { repeatBuyerRate } }`;

export const FORECAST_QUERY = `query (${GIVEN}) { now: ${of("$now")} { forecast { weeks error naiveError hours { at placedOrders } } } }`;
/** Of the last week each hour of the week is one hour. */
export const WEEK_QUERY = `query (${GIVEN}) { now: ${of("$now")} { byWeekdayHour { weekday hour placedOrders } } }`;

export const RANKS_QUERY = `query (${GIVEN}) { now: ${of("$now")} {
  byProduct(first: 12) { merchant { id name } sku title orders units paidOrders refundedOrders paidAmount { amount currency } }
  byRefundReason { reason requests amount { amount currency } }
  byMerchant(first: 12) { merchant { id name } placedOrders paidOrders refundedOrders paidAmount { amount currency } } } }`;

export const ACTORS_QUERY = `query (${GIVEN}) { now: ${of("$now")} {
  byActor(first: 12) { actor { id role name } orders events deliveries refundsAnswered refundsSettled } } }`;
