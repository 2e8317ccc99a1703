#!/usr/bin/env python3
"""verify-receipts.py <log> <trust.json> <released.jsonl>

Judges whether every receipt that was ever released still holds in the log as it is shown now, with Python's standard
library and openssl, and nothing of ours. <log> is the address of a tlog-tiles log or the folder of an exported one;
<trust.json> has to come from elsewhere. <released.jsonl> holds what receivers kept, one object a line:

  {"leaf": <base64>, "index": 5, "size": 8, "path": [<base64>, ...], "note": <text>}   a receipt
  {"stamped": <base64>}                           a statement whose sender has a receipt: a leaf exactly once

The whole tree is made anew from the bundles of the newest checkpoint. Exit code 0 and a last line of JSON, or 1 and the
first thing that is wrong.
"""
import base64, collections, concurrent.futures, hashlib, json, os, subprocess, sys, tempfile
import urllib.error, urllib.request

TILE = 256
DASH = '\u2014 '


def fail(why):
    print('NOT VERIFIED: ' + why)
    sys.exit(1)


def need(holds, why):
    if not holds:
        fail(why)


def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b'\1' + left + right)


def b64(text):
    return base64.b64decode(text, validate=True)


def b64url(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def fetch(log, path):
    """A file of the log; None if there is none."""
    if not log.startswith('http'):
        try:
            with open(os.path.join(log, path), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return None
    try:
        with urllib.request.urlopen(log.rstrip('/') + '/' + path, timeout=10) as answer:
            return answer.read()
    except urllib.error.HTTPError as problem:
        if problem.code == 404:
            return None
        raise


def tile_name(number):
    digits = '%03d' % (number % 1000)
    while number >= 1000:
        number //= 1000
        digits = 'x%03d/' % (number % 1000) + digits
    return digits


def leaves_of(log, size):
    leaves = []
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        name = 'tile/entries/' + tile_name(first // TILE)
        bundle = fetch(log, name + '.p/%d' % width) if width < TILE else None
        if bundle is None:
            bundle = fetch(log, name)
        need(bundle is not None, 'the log does not show its leaves from %d on' % first)
        at = 0
        for _ in range(width):
            end = at + 2 + int.from_bytes(bundle[at:at + 2], 'big')
            need(end <= len(bundle), 'a bundle is too short')
            leaves.append(bundle[at + 2:end])
            at = end
    return leaves


def roots_at(hashes, sizes):
    """RFC 6962 section 2.1, for the first n leaves of each n in sizes."""
    roots, frontier = {}, []
    for index, leaf in enumerate([None, *hashes]):
        if leaf is not None:
            height, top = 0, leaf
            while frontier and frontier[-1][0] == height:
                height, top = height + 1, node(frontier.pop()[1], top)
            frontier.append((height, top))
        if index in sizes:
            root = frontier[-1][1] if frontier else sha256(b'')
            for _, left in reversed(frontier[:-1]):
                root = node(left, root)
            roots[index] = root
    return roots


def included(leaf_hash, index, size, path):
    """The root that the path leads to (RFC 9162 section 2.1.3.2); None if it leads nowhere."""
    if index >= size:
        return None
    n, s, r = index, size - 1, leaf_hash
    for p in path:
        if s == 0 or len(p) != 32:
            return None
        if n & 1 or n == s:
            r = node(p, r)
            while n and not n & 1:
                n, s = n >> 1, s >> 1
        else:
            r = node(r, p)
        n, s = n >> 1, s >> 1
    return r if s == 0 else None


def is_signed(key, data, signature):
    with tempfile.TemporaryDirectory() as work:
        names = {}
        der = bytes.fromhex('302a300506032b6570032100') + key
        for name, content in (('key', der), ('data', data), ('signature', signature)):
            names[name] = os.path.join(work, name)
            with open(names[name], 'wb') as file:
                file.write(content)
        command = ['openssl', 'pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', names['key'], '-rawin']
        command += ['-in', names['data'], '-sigfile', names['signature']]
        return len(signature) == 64 and subprocess.run(command, capture_output=True).returncode == 0


def open_note(note, keys):
    """Size, root and None, or what is wrong with it."""
    text, lines = note.rsplit('\n\n', 1)
    origin, size, root = text.split('\n')
    if origin not in keys:
        return 0, b'', 'is of a log that trust.json does not name'
    key_id, key = keys[origin]
    for line in lines.rstrip('\n').split('\n'):
        name, blob = line[len(DASH):].split(' ')
        blob = b64(blob)
        if line.startswith(DASH) and name == origin and blob[:4] == key_id:
            good = is_signed(key, (text + '\n').encode(), blob[4:])
            return int(size), b64(root), None if good else 'has a wrong signature'
    return 0, b'', 'is not signed by the log'


def type_of(leaf):
    return json.loads(b64url(leaf.decode().split('.')[1]))['t']


def main(log, trust_file, released_file):
    keys = {}
    for vkey in json.load(open(trust_file))['logs']:
        name, key_id, key = vkey.split('+', 2)
        keys[name] = (bytes.fromhex(key_id), b64(key)[1:])
    released = [json.loads(line) for line in open(released_file)]
    receipts = [one for one in released if 'note' in one]
    stamped = [b64(one['stamped']) for one in released if 'stamped' in one]

    shown = fetch(log, 'checkpoint')
    need(shown is not None, 'the log shows no checkpoint')
    size, root, wrong = open_note(shown.decode(), keys)
    need(wrong is None, 'the newest checkpoint %s' % wrong)
    notes = sorted({one['note'] for one in receipts})
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        opened = dict(zip(notes, pool.map(lambda note: open_note(note, keys), notes)))

    leaves = leaves_of(log, size)
    hashes = [sha256(b'\0' + leaf) for leaf in leaves]
    roots = roots_at(hashes, {size} | {one[0] for one in opened.values()})
    need(roots[size] == root, 'the leaves do not give the root of the newest checkpoint')

    for one in receipts:
        index, leaf = one['index'], b64(one['leaf'])
        noted, noted_root, wrong = opened[one['note']]
        need(wrong is None, 'the checkpoint of the receipt of leaf %d %s' % (index, wrong))
        path = [b64(part) for part in one['path']]
        proven = noted == one['size'] and included(sha256(b'\0' + leaf), index, noted, path) == noted_root
        need(proven, 'the receipt of leaf %d proves nothing' % index)
        need(noted <= size, 'a receipt knows %d leaves, the log shows %d' % (noted, size))
        need(roots[noted] == noted_root, 'the tree of %d leaves is not the one of the receipt' % noted)
        need(leaves[index] == leaf, 'leaf %d is not the one of its receipt' % index)

    times = collections.Counter(leaves)
    need(max(times.values(), default=1) == 1, 'a leaf is there twice')
    for leaf in stamped:
        need(times[leaf] == 1, 'a stamp is lost')
    others = collections.Counter(type_of(leaf) for leaf in set(leaves) - set(stamped))
    print(json.dumps({'verified': True, 'size': size, 'receipts': len(receipts), 'notes': len(notes),
                      'stamped': len(set(stamped)), 'others': others}))


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
