#!/bin/sh
# verify-package.sh <package.zip> <trust.json>
#
# Judges an evidence package with openssl, unzip, sha256sum and Python's standard library, and nothing of ours. It
# believes trust.json alone, which has to come from elsewhere. Exit code 0 and "VERIFIED" or 1 and the first thing wrong.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 <package.zip> <trust.json>" >&2; exit 2; }
for tool in openssl unzip sha256sum python3; do
  command -v "$tool" >/dev/null || { echo "MISSING TOOL: $tool" >&2; exit 3; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trust=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
unzip -q "$1" -d "$work/package"
cd "$work/package"
sha256sum --check --quiet --strict SHA256SUMS || { echo "NOT VERIFIED: damaged on the way"; exit 1; }
exec python3 - "$trust" "$work" <<'PYTHON'
import base64, hashlib, json, os, re, subprocess, sys

TRUST, WORK = json.load(open(sys.argv[1])), sys.argv[2]
DASH = '\u2014 '
MEMBERS = {}


def fail(why):
    print('NOT VERIFIED: ' + why)
    sys.exit(1)


def need(holds, why):
    if not holds:
        fail(why)


def read(name):
    with open(name, 'rb') as file:
        return file.read()


def write(name, data):
    path = os.path.join(WORK, name)
    with open(path, 'wb') as file:
        file.write(data)
    return path


def b64url(text):
    need(re.fullmatch(r'[A-Za-z0-9_-]*', text), 'a part is no base64url')
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def to_b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip('=')


def sha256(data):
    return hashlib.sha256(data).digest()


def openssl(*args):
    return subprocess.run(['openssl', *args], capture_output=True).returncode == 0


def is_signed(jwk, data, signature):
    """Ed25519 or ES256, by openssl alone."""
    if jwk['kty'] == 'OKP' and jwk['crv'] == 'Ed25519':
        key = write('key.der', bytes.fromhex('302a300506032b6570032100') + b64url(jwk['x']))
        args = ['-rawin', '-in', write('data', data), '-sigfile', write('signature', signature)]
        return len(signature) == 64 and openssl('pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', key, *args)
    if jwk['kty'] == 'EC' and jwk['crv'] == 'P-256':
        head = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d03010703420004')
        key = write('key.der', head + b64url(jwk['x']) + b64url(jwk['y']))

        def integer(raw):
            raw = raw.lstrip(b'\0') or b'\0'
            raw = (b'\0' if raw[0] & 0x80 else b'') + raw
            return b'\x02' + bytes([len(raw)]) + raw

        body = integer(signature[:32]) + integer(signature[32:])
        der = write('signature', b'\x30' + bytes([len(body)]) + body)
        args = ['-verify', key, '-keyform', 'DER', '-signature', der, write('data', data)]
        return len(signature) == 64 and openssl('dgst', '-sha256', *args)
    return False


def thumbprint(jwk):
    names = ['crv', 'kty', 'x', 'y'] if jwk['kty'] == 'EC' else ['crv', 'kty', 'x']
    return to_b64url(sha256(json.dumps({n: jwk[n] for n in names}, separators=(',', ':')).encode()))


def jws(text, typ, jwk=None):
    """Header and payload; with a key only if that key signed it."""
    parts = text.split('.')
    need(len(parts) == 3, 'no compact JWS')
    header, payload = json.loads(b64url(parts[0])), json.loads(b64url(parts[1]))
    need(header.get('typ') == typ, 'a JWS of another type')
    if jwk is not None:
        need(header.get('kid') == thumbprint(jwk), 'a signature under another key')
        need(is_signed(jwk, (parts[0] + '.' + parts[1]).encode(), b64url(parts[2])), 'a signature is wrong')
    return header, payload


def check_checkpoint():
    note = read('checkpoint').decode()
    text, lines = note.rsplit('\n\n', 1)
    text += '\n'
    origin, size, root = text.rstrip('\n').split('\n')
    keys = {}
    for vkey in TRUST['logs']:
        name, key_id, key = vkey.split('+', 2)
        keys[name] = (bytes.fromhex(key_id), base64.b64decode(key)[1:])
    need(origin in keys, 'the checkpoint is of a log that trust.json does not name')
    key_id, key = keys[origin]
    for line in lines.rstrip('\n').split('\n'):
        need(line.startswith(DASH), 'a line of the checkpoint is no signature')
        name, blob = line[len(DASH):].split(' ')
        blob = base64.b64decode(blob)
        if name == origin and blob[:4] == key_id:
            jwk = {'kty': 'OKP', 'crv': 'Ed25519', 'x': to_b64url(key)}
            need(is_signed(jwk, text.encode(), blob[4:]), 'the signature of the checkpoint is wrong')
            own = text + '\n' + line + '\n'
            break
    else:
        fail('the log has not signed the checkpoint')
    return text, own, int(size), base64.b64decode(root)


def check_inclusion(leaf, proof, index):
    """RFC 9162 section 2.1.3.2."""
    head, note = proof.split('\n\n', 1)
    lines = head.split('\n')
    need(lines[0] == 'c2sp.org/tlog-proof@v1' and lines[1] == 'index %d' % index, 'a proof is of another leaf')
    need(note == OWN_NOTE, 'a proof ends with another checkpoint')
    need(index < SIZE, 'a leaf beyond the tree')
    n, s, r = index, SIZE - 1, sha256(b'\0' + leaf)
    for line in lines[2:]:
        p = base64.b64decode(line)
        need(s > 0 and len(p) == 32, 'a proof is too long')
        if n & 1 or n == s:
            r = sha256(b'\1' + p + r)
            while n and not n & 1:
                n, s = n >> 1, s >> 1
        else:
            r = sha256(b'\1' + r + p)
        n, s = n >> 1, s >> 1
    need(s == 0 and r == ROOT, 'leaf %d is not in the tree' % index)


def check_members(snapshot, digests):
    """Owners' signing keys: {owner: (kind, {kid: key})}, from documents that the digest list names."""
    owners = {}
    run_by = {entry['id']: (entry['runBy'], entry['kind']) for entry in snapshot['instances']}
    for member in snapshot['members']:
        joined = '\n'.join([member['document'], *member['keyChain']]).encode()
        if '%s %s' % (member['id'], sha256(joined).hex()) not in digests:
            continue
        newest = None
        for number, link in enumerate(member['keyChain'], 1):
            claimed = jws(link, 'kerege-key+jwt')[1]
            key = newest or claimed['key']['jwk']
            payload = jws(link, 'kerege-key+jwt', key)[1]
            need(payload['number'] == number and payload['member'] == member['id'], 'a chain of keys is broken')
            newest = payload['key']['jwk']
        document = jws(member['document'], 'kerege-member+jwt', newest)[1]
        need(document['member'] == member['id'], 'a document is of another member')
        for subsystem in document['subsystems']:
            if subsystem['id'].startswith(member['id'] + '/'):
                owners[subsystem['id']] = ('subsystem', subsystem['keys'])
        for instance in document['instances']:
            if run_by.get(instance['id']) == (member['id'], instance['kind']):
                owners[instance['id']] = (instance['kind'], instance['keys'])
    return owners


def milliseconds(text):
    from datetime import datetime
    return datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp() * 1000


def check_manifest(entry):
    index = entry['index']
    base = 'manifests/%d' % index
    leaf, digests = read(base + '.jws'), read(base + '.digests')
    check_inclusion(leaf, read(base + '.tlog-proof').decode(), index)
    header, payload = jws(leaf.decode(), 'kerege-statement+jwt')
    key = next((key for key in TRUST['registry'] if key['kid'] == header['kid']), None)
    need(key is not None, 'a manifest by nobody whom trust.json names')
    jws(leaf.decode(), 'kerege-statement+jwt', key)
    need(payload['t'] == 'registry.manifest', 'a manifest is none')
    need(payload['doc'] == 'h0:' + to_b64url(sha256(digests)), 'a digest list is of another manifest')
    lines = digests.decode().split('\n')
    need(lines[0] == 'snapshot ' + entry['snapshot'], 'a snapshot is of another manifest')
    snapshot = read('snapshots/%s.json' % entry['snapshot'])
    need(sha256(snapshot).hex() == entry['snapshot'], 'a snapshot was changed')
    # A renewal repeats what the manifest before it said.
    if payload['doc'] not in MEMBERS:
        MEMBERS[payload['doc']] = check_members(json.loads(snapshot), lines)
    return payload['ts'], MEMBERS[payload['doc']]


def signers_of(payload, owners):
    """statements.md section 2, the column "signer"."""
    audits = [owner for owner, (kind, _) in owners.items() if kind == 'audit']
    t, sides = payload['t'], [payload.get('from'), payload.get('to')]
    if t == 'exchange.requested':
        return sides[:1]
    if t == 'exchange.answered':
        return sides[1:]
    if t == 'exchange.refused':
        return sides[1:] if 'prev' in payload else sides[:1]
    if t == 'exchange.failed':
        swept = payload['why'] == 'no-outcome' and payload['side'] == 'unknown'
        return sides + (audits if swept else [])
    if t == 'exchange.conflict' or t.startswith('access.'):
        return audits
    if t == 'refusals':
        return [payload['ref']] if owners.get(payload['ref'], ('',))[0] == 'gateway' else []
    return []


def check_leaf(entry, manifests):
    index = entry['index']
    leaf = read('leaves/%d.jws' % index)
    check_inclusion(leaf, read('leaves/%d.tlog-proof' % index).decode(), index)
    header, payload = jws(leaf.decode(), 'kerege-statement+jwt')
    need(entry['type'] == payload['t'], 'the contents name leaf %d otherwise' % index)
    if payload['t'] == 'registry.manifest':
        key = next((key for key in TRUST['registry'] if key['kid'] == header['kid']), None)
        need(key is not None, 'a manifest by nobody whom trust.json names')
        jws(leaf.decode(), 'kerege-statement+jwt', key)
        return 'the registry', payload
    before = [number for number in manifests if number < index]
    need(before and max(before) == entry['manifest'], 'leaf %d is governed by another manifest' % index)
    at, owners = manifests[entry['manifest']]
    for owner in signers_of(payload, owners):
        for key in owners.get(owner, ('', []))[1]:
            valid = milliseconds(key['from']) <= at < milliseconds(key['until'])
            if key['kid'] == header['kid'] and key['use'] == 'sign' and valid:
                jws(leaf.decode(), 'kerege-statement+jwt', key['jwk'])
                return owner, payload
    fail('leaf %d is signed by nobody who may' % index)


def check_tokens(names, text):
    """RFC 3161, by `openssl ts`; a response or a bare token."""
    roots = TRUST.get('timestampRoots') or []
    if not names:
        return 'no time-stamp is here: times are the makers\' claims'
    if not roots:
        return 'time-stamps not checked: trust.json names no roots'
    data = write('text', text.encode())
    pem = write('roots.pem', '\n'.join(roots).encode())
    for name in names:
        command = ['ts', '-verify', '-data', data, '-in', name, '-CAfile', pem]
        need(openssl(*command) or openssl(*command, '-token_in'), 'time-stamp %s is wrong' % name)
    return '%d time-stamps are good' % len(names)


contents = json.load(open('contents.json'))
TEXT, OWN_NOTE, SIZE, ROOT = check_checkpoint()
governing = {entry['index']: check_manifest(entry) for entry in contents['manifests']}
need(contents['leaves'], 'no leaf')
for leaf in contents['leaves']:
    owner, payload = check_leaf(leaf, governing)
    print('leaf %d  %s  exchange %s  signed by %s' % (leaf['index'], payload['t'], payload['id'], owner))
print(check_tokens(contents['timestamps'], TEXT))
print('VERIFIED: %d leaves in the tree of %d of %s' % (len(contents['leaves']), SIZE, TEXT.split('\n')[0]))
PYTHON
