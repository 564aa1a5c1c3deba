#!/usr/bin/env python3
"""Checks a bundle of evidence, or a proof of consistency, that Daybook wrote: python3 verify_evidence.py FILE KEY

KEY is the operator's public key (NAME+HASH+KEY), from the operator and not from where the file came from. Nothing of
Daybook is used, and nothing but the standard library. Exit code 0: proven; 1: not proven.
"""
import base64, datetime, hashlib, json, struct, sys, uuid, zlib

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: RFC 8032, section 5.1
D = -121665 * pow(121666, -1, P) % P


def point(data):
    y, sign = int.from_bytes(data, "little") & (1 << 255) - 1, data[31] >> 7
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P)
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - x2) % P == 0 and not (x == 0 and sign), "a point that is none")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, h = (x1 + y1) * (x2 + y2) - x1 * x2 - y1 * y2, y1 * y2 + x1 * x2
    f, g = z1 * z2 - D * t1 * t2, z1 * z2 + D * t1 * t2
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, a):
    sum = (0, 1, 1, 0)
    while n:
        sum, a, n = (add(sum, a) if n & 1 else sum), add(a, a), n >> 1
    return sum


def signed(public, text, signature):
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    (x1, y1, z1, _), (x2, y2, z2, _) = times(s, base), add(point(signature[:32]), times(k, point(public)))
    return len(signature) == 64 and s < L and (x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0


def need(holds, what):
    if not holds:
        raise ValueError(what)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(text):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "base64 that is not as it should be")
    return data


def note(text, key):
    """The lines of a signed note: C2SP signed-note."""
    body, _, signatures = text.rpartition("\n\n")
    need(all(c == "\n" or not (c < " " or "\x7f" <= c < "\xa0") for c in text), "control characters")
    name, hash, public = key.split("+", 2)
    public = b64(public)
    id = sha(name.encode(), b"\n", public)[:4]
    need(public[0] == 1 and len(public) == 33 and id.hex() == hash, "the key is none")
    need(signatures.endswith("\n"), "no signatures")
    lines = [line.split(" ") for line in signatures[:-1].split("\n")]
    need(all(len(line) == 3 and line[0] == "—" and line[1] and len(b64(line[2])) > 4 for line in lines), "no signatures")
    own = [b64(line[2])[4:] for line in lines if line[1] == name and b64(line[2])[:4] == id]
    need(own and all(signed(public[1:], (body + "\n").encode(), one) for one in own), "it is not signed by the key")
    lines = body.split("\n")
    need(lines[0] == name, "it is about another ledger")
    return lines


def checkpoint(text, key):
    lines = note(text, key)
    need(str(int(lines[1])) == lines[1] and 0 < int(lines[1]) < 2**64 and len(b64(lines[2])) == 32, "it is no checkpoint")
    return int(lines[1]), b64(lines[2])


def hashes(proof):
    need(isinstance(proof, list) and all(len(b64(hash)) == 32 for hash in proof), "the proof is none")
    return [b64(hash) for hash in proof]


def root_of(leaf, at, size, proof):
    """RFC 9162, section 2.1.3.2."""
    need(at < size, "it is beyond the checkpoint")
    hash, last = leaf, size - 1
    for node in proof:
        need(last > 0, "the proof is too long")
        if at & 1 or at == last:
            hash = sha(b"\1", node, hash)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hash = sha(b"\1", hash, node)
        at, last = at >> 1, last >> 1
    need(last == 0, "the proof is too short")
    return hash


def consistent(first, old, second, new, proof):
    """RFC 9162, section 2.1.4.2."""
    need(0 < first <= second, "the earlier one is the longer one")
    if first == second:
        return need(old == new and not proof, "the same number of records with another root")
    at, last = first - 1, second - 1
    proof = ([old] if first & (first - 1) == 0 else []) + proof
    while at & 1:
        at, last = at >> 1, last >> 1
    a = b = proof[0]
    for node in proof[1:]:
        need(last > 0, "the proof is too long")
        if at & 1 or at == last:
            a, b = sha(b"\1", node, a), sha(b"\1", node, b)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            b = sha(b"\1", b, node)
        at, last = at >> 1, last >> 1
    need(last == 0 and a == old and b == new, "the later one does not go on from the earlier")


READINGS = 1  # How events are spelled as JSON; what came later is not known here.
ROLES = dict(enumerate("system platform owner clerk support auditor analyst buyer webhook importer".split()))
REASONS = dict(enumerate("""OTHER BUYER_REQUEST MERCHANT_REQUEST OUT_OF_STOCK PRICE_ERROR NEGOTIATED PROMOTION WRONG_ITEM DAMAGED
    NOT_AS_DESCRIBED NOT_RECEIVED DUPLICATE FRAUD GOODWILL TIMEOUT OVERPAID LATE_PAYMENT WRONG_CURRENCY ORDER_CANCELLED
    FULLY_REFUNDED NOT_REFUNDABLE IMPORTED PAYMENT_FAILED WRONG_ACCOUNT ADDRESS_CHANGE DISPUTE_LOST""".split(), 1))
KINDS = {int(run.split()[0]) + at: kind for run in """101 order-placed price-edited / 111 payment-captured payment-mismatched
    payment-failed reminder-due late-payment-received order-reinstated payment-reminded / 121 order-cancelled rest-cancelled
    / 131 hold-placed hold-released address-change-requested address-changed address-change-rejected
    / 141 shipment-confirmed tracking-updated delivered delivery-due cards-assigned cards-revealed top-up-succeeded
    top-up-failed / 151 order-completed observation-started order-closed / 161 refund-requested refund-approved
    refund-rejected refund-settled refund-failed / 171 note-added tag-added order-rated dispute-opened evidence-added
    dispute-resolved evidence-read contact-revealed / 181 restock-requested order-restocked deadline-breached"""
    .split("/") for at, kind in enumerate(run.split()[1:])}


def time(micros):
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    return at.isoformat() + "Z"


def spelled(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read(record):
    """What a record says beside its payload; and the position of the event before it: what docs/adr/0017 lists."""
    (length, format, flags, kind, version, index, count, role, zero, position, revision, previous, stream, command, _, actor,
     recorded) = struct.unpack_from("<IBBHHHHBBQIQ16s16s16s16sq", record)
    need(len(record) == length and format == 1 and zero == 0 and flags < 64 and flags & 3 < 3, "it is no record")
    need(zlib.crc32(record[:-4]) == struct.unpack("<I", record[-4:])[0], "its checksum is wrong")
    need(index < count and previous < position, "its place is none")
    said = {"position": position, "stream": str(uuid.UUID(bytes=stream)), "revision": revision, "kind": KINDS.get(kind, ...),
            "version": version, "commitEnd": position + count - index - 1, "commandId": str(uuid.UUID(bytes=command)),
            "actor": {"id": str(uuid.UUID(bytes=actor)), "role": ROLES.get(role, ...)}, "recordedAt": time(recorded),
            "occurredAt": time(recorded), "origin": ("LIVE", "IMPORT", "SYSTEM")[flags & 3]}
    at = 108
    for bit, name, form in ((4, "occurredAt", "<q"), (8, "reason", "<H"), (16, "causation", "<Q"), (32, "correlation", "16s")):
        if flags & bit:
            value, = struct.unpack_from(form, record[:-4], at)
            need(not (bit == 4 and value == recorded) and not (bit == 8 and value == 0), f"its field {name}")
            need(bit != 16 or 0 < value < position, "its cause")
            said[name] = {4: time, 8: lambda code: REASONS.get(code, ...), 16: int,
                          32: lambda id: str(uuid.UUID(bytes=id))}[bit](value)
            at += struct.calcsize(form)
    return said, previous


def evidence(bundle, key):
    size, root = checkpoint(bundle["checkpoint"], key)
    said = [line.partition(" ") for line in note(bundle["statement"], key)[1:]]
    need([line[0] for line in said] == ["evidence", "checkpoint", "head", "readings", "made", "daybook"], "no statement")
    stream, checkpointed, head, readings, made, version = [line[2] for line in said]
    format, _, readings = readings.partition(" ")
    need(str(int(format)) == format and 0 < int(format) < 2**32 and all(line[1] for line in said), "no statement")
    need(checkpointed == f"{size} {base64.b64encode(root).decode()}", "the statement is about another checkpoint")
    need(isinstance(bundle["events"], list) and bundle["events"], "it has no events")
    before = (0, 0)
    for number, entry in enumerate(bundle["events"], 1):
        need(set(entry) == {"record", "proof", "event"}, f"event {number}: fields")
        record, event = b64(entry["record"]), entry["event"]
        read_here, previous = read(record)
        position, revision = read_here["position"], read_here["revision"]
        need(read_here["stream"] == stream, f"event {number}: it is another order's")
        need((revision, previous) == (before[0] + 1, before[1]), f"event {number}: one is missing or out of place")
        need(root_of(sha(b"\0", record), position - 1, size, hashes(entry["proof"])) == root,
             f"event {number}: it is not in the ledger")
        # Payloads are not decoded here: that `data` says what they say, the operator signs.
        need(int(format) > READINGS or spelled({**event, "data": 0}) == spelled({**read_here, "data": 0}) and "data" in event,
             f"event {number}: what is to be read is not what the record says")
        before = (revision, position)
    need(head == f"{before[0]} {before[1]}", "the last event is not the one that the operator says is the last")
    need(b64(readings) == sha(spelled([entry["event"] for entry in bundle["events"]]).encode()),
         "what is to be read is not what was signed")
    need(int(format) <= READINGS, "its records are all in the ledger as signed; but what is to be read is spelled in a "
         f"format that came after this script: check it with that of daybook {version} or newer")
    print(f"proven: {before[0]} events of order {stream}, none missing up to position {before[1]}, of {size} records")
    print(f"said by {key.split('+')[0]}, and not proven: it was the last; made {made}")


def consistency(proof, key):
    (first, old), (second, new) = checkpoint(proof["earlier"], key), checkpoint(proof["later"], key)
    consistent(first, old, second, new, hashes(proof["proof"]))
    print(f"proven: the first {first} of the {second} records are those that were signed before")


FORMS = {"daybook-evidence-1": (evidence, {"format", "checkpoint", "statement", "events"}),
         "daybook-consistency-1": (consistency, {"format", "earlier", "later", "proof"})}


def once(fields):
    need(len(dict(fields)) == len(fields), "a field stands twice")
    return dict(fields)


def whole(number):
    need(number != "-0" and -2**63 <= int(number) < 2**64, "a number that is not whole, or too large")
    return int(number)


def check(text, key):
    given = json.loads(text, object_pairs_hook=once, parse_int=whole, parse_float=lambda _: whole("-0"),
                       parse_constant=lambda _: whole("-0"))
    form, fields = FORMS[given["format"]]
    need(set(given) == fields, "other fields than there should be")
    form(given, key)


# Whatever else is wrong with what was given.
WRONG = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, OSError, struct.error, RecursionError)

if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            check(file.read(), sys.argv[2])
    except WRONG as why:
        print("NOT PROVEN:", why)
        sys.exit(1)
