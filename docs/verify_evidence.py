#!/usr/bin/env python3
"""Checks a bundle of evidence, or a proof of consistency, that Daybook wrote: python3 verify_evidence.py FILE KEY

KEY is the operator's public key (NAME+HASH+KEY), from the operator and not from where the file came from. Nothing of
Daybook is used, and nothing but the standard library. Exit code 0: proven; 1: not proven.
"""
import base64, binascii, hashlib, json, struct, sys, zlib

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: RFC 8032, section 5.1
D = -121665 * pow(121666, -1, P) % P


def point(data):
    y, sign = int.from_bytes(data, "little") & (1 << 255) - 1, data[31] >> 7
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P)
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - x2) % P == 0 and not (x == 0 and sign), "a point that is none")
    return (x if x & 1 == sign else P - x), y


def add(a, b):
    k = D * a[0] * b[0] * a[1] * b[1]
    return ((a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P)


def times(n, a):
    sum = (0, 1)
    while n:
        sum, a, n = (add(sum, a) if n & 1 else sum), add(a, a), n >> 1
    return sum


def signed(public, text, signature):
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    return len(signature) == 64 and s < L and times(s, base) == add(point(signature[:32]), times(k, point(public)))


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
    name, hash, public = key.split("+", 2)
    public = b64(public)
    id = sha(name.encode(), b"\n", public)[:4]
    need(public[0] == 1 and len(public) == 33 and id.hex() == hash, "the key is none")
    need(signatures.endswith("\n") and all(line.startswith("— ") for line in signatures[:-1].split("\n")), "no signatures")
    own = [line.split(" ") for line in signatures[:-1].split("\n")]
    own = [b64(line[2])[4:] for line in own if line[1] == name and b64(line[2])[:4] == id]
    need(own and all(signed(public[1:], (body + "\n").encode(), one) for one in own), "it is not signed by the key")
    lines = body.split("\n")
    need(lines[0] == name, "it is about another ledger")
    return lines


def checkpoint(text, key):
    lines = note(text, key)
    need(str(int(lines[1])) == lines[1] and len(b64(lines[2])) == 32, "it is no checkpoint")
    return int(lines[1]), b64(lines[2])


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


def evidence(bundle, key):
    size, root = checkpoint(bundle["checkpoint"], key)
    said = [line.partition(" ") for line in note(bundle["statement"], key)[1:]]
    need([line[0] for line in said] == ["evidence", "checkpoint", "head", "events", "made", "daybook"], "no statement")
    stream, checkpointed, head, readings, made, _ = [line[2] for line in said]
    need(checkpointed == f"{size} {base64.b64encode(root).decode()}", "the statement is about another checkpoint")
    before = (0, 0)
    for number, entry in enumerate(bundle["events"], 1):
        need(set(entry) == {"record", "proof", "event"}, f"event {number}: fields")
        record, event = b64(entry["record"]), entry["event"]
        # The record's fixed part, little endian: what docs/adr/0017 lists.
        length, format, _, kind, version, index, count, role, zero, position, revision, previous = struct.unpack_from(
            "<IBBHHHHBBQIQ", record)
        need(len(record) == length and format == 1 and zero == 0, f"event {number}: no record")
        need(zlib.crc32(record[:-4]) == struct.unpack("<I", record[-4:])[0], f"event {number}: its checksum")
        need(record[36:52].hex() == stream.replace("-", ""), f"event {number}: it is another order's")
        need((revision, previous) == (before[0] + 1, before[1]), f"event {number}: one is missing or out of place")
        need(root_of(sha(b"\0", record), position - 1, size, [b64(h) for h in entry["proof"]]) == root,
             f"event {number}: it is not in the ledger")
        need((event["position"], event["revision"], event["version"], event["stream"]) == (position, revision, version,
             stream), f"event {number}: what is to be read is not what the record says")
        before = (revision, position)
    need(head == f"{before[0]} {before[1]}", "the last event is not the one that the operator says is the last")
    text = json.dumps([entry["event"] for entry in bundle["events"]], sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False)
    need(b64(readings) == sha(text.encode()), "what is to be read is not what was signed")
    print(f"proven: {before[0]} events of order {stream}, none missing up to position {before[1]}, of {size} records")
    print(f"said by {key.split('+')[0]}, and not proven: it was the last; made {made}")


def consistency(proof, key):
    (first, old), (second, new) = checkpoint(proof["earlier"], key), checkpoint(proof["later"], key)
    consistent(first, old, second, new, [b64(hash) for hash in proof["proof"]])
    print(f"proven: the first {first} of the {second} records are those that were signed before")


FORMS = {"daybook-evidence-1": (evidence, {"format", "checkpoint", "statement", "events"}),
         "daybook-consistency-1": (consistency, {"format", "earlier", "later", "proof"})}


def check(text, key):
    given = json.loads(text)
    form, fields = FORMS[given["format"]]
    need(set(given) == fields, "other fields than there should be")
    form(given, key)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            check(file.read(), sys.argv[2])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, struct.error, RecursionError) as why:
        print("NOT PROVEN:", why)
        sys.exit(1)
