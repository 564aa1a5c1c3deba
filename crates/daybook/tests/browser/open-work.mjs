// Work that waits for people, for pictures of the pages where it is done: the past of a demo leaves little of it open.

import { command } from "./commands.mjs";
import { ask, token } from "./shop.mjs";

const REFUNDS = ["NOT_AS_DESCRIBED", "NOT_RECEIVED", "BUYER_REQUEST", "WRONG_ITEM", "DUPLICATE"];
const APPROVED = 4;
const MOVED = ["北京市海淀区中关村大街 2 号", "杭州市西湖区文三路 90 号"];

/** Of all merchants, the newest first. */
async function newest(secret, label, first) {
  const query = "query ($where: OrderWhere, $first: Int) { orders(where: $where, scope: SUBTREE, first: $first) { nodes { id merchant { id } delivery { contact } } } }";
  return (await ask(secret, query, { where: { label: { eq: label } }, first })).orders.nodes;
}

export async function leaveOpen() {
  const secret = await token({ role: "platform" });
  const delivered = await newest(secret, "COMPLETED", 16);
  for (const [index, { id }] of delivered.entries()) {
    await command(secret, "requestRefund", { order: { id }, reason: { code: REFUNDS[index % REFUNDS.length] } });
    if (index < APPROVED) await command(secret, "approveRefund", { order: { id } });
  }
  const paid = await newest(secret, "TO_SHIP", 11);
  for (const [index, { id, merchant, delivery }] of paid.slice(0, 2).entries()) {
    // The platform did not ask for it: so it may decide.
    const support = await token({ role: "support", merchant: merchant.id });
    const contact = { ...delivery.contact, address: MOVED[index] };
    await command(support, "requestAddressChange", { order: { id }, contact });
  }
  await command(secret, "placeHold", { order: { id: paid.at(-1).id }, hold: "RISK", reason: { code: "FRAUD" } });
}
