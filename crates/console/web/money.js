// Money without a float: amounts are decimals of one currency, as the API writes them.

/** As many minor units as the amounts' own decimals have. */
function read(amounts) {
  const places = Math.max(0, ...amounts.map((amount) => (amount.split(".")[1] ?? "").length));
  const minor = amounts.map((amount) => {
    const [whole, fraction = ""] = amount.split(".");
    return BigInt(whole + fraction.padEnd(places, "0"));
  });
  return { places, minor };
}

function written(minor, places) {
  const digits = String(minor < 0n ? -minor : minor).padStart(places + 1, "0");
  const at = digits.length - places;
  return `${minor < 0n ? "-" : ""}${digits.slice(0, at)}${places > 0 ? `.${digits.slice(at)}` : ""}`;
}

/** "0" of none. */
export function sum(amounts) {
  const { places, minor } = read(amounts);
  return written(minor.reduce((total, one) => total + one, 0n), places);
}

export function difference(amount, less) {
  const { places, minor: [from, taken] } = read([amount, less]);
  return written(from - taken, places);
}

/** Minor units as an amount with as many digits as another one of its currency has. */
export function ofMinor(minor, like) {
  return written(BigInt(minor), like.split(".")[1]?.length ?? 0);
}
