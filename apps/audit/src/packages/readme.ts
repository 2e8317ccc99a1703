import type { PackageParts } from './package-parts.js';

/** What tells a lawyer how to check the package with tools that this project did not write. ASCII, 78 columns. */
export function readme({ origin, size, leaves, manifests, timestamps }: PackageParts): string {
  return `EVIDENCE FROM A TRANSPARENCY LOG

Log:        ${origin}
Tree:       ${size} leaves, as the file "checkpoint" states and signs
Leaves:     ${leaves.length}, in leaves/
Manifests:  ${manifests.length} that say whose keys were valid, in manifests/
Tokens:     ${timestamps.length} RFC 3161 time-stamps of the checkpoint, in timestamps/

${HOW}`;
}

const HOW = `WHAT THIS SHOWS

Each file leaves/<index>.jws is a statement about one exchange of data, signed
by the agency that made it. This package lets you check, without trusting
whoever gave it to you, that the statement was signed with that agency's
registered key, that it stands at that index in the log, and, if time-stamps
are here, that it stood there at the latest at their time.
It holds no personal data and no answer: statements carry digests. The parties
can open them with the salt and the documents that they keep.

WHAT YOU NEED

1. trust.json, which you get from the operator's publication or the auditor,
   NEVER from whoever gave you this package. It holds the log's key ("logs"),
   the registry's keys ("registry") and the roots of time-stamp authorities
   ("timestampRoots", PEM).
2. openssl 3, sha256sum, base64, xxd, and any tool for JOSE (RFC 7515).
A script that does all of this, with openssl and Python's standard library
alone, is published as test/conformance/verify-package.sh of Kerege.

STEP 1: NOTHING WAS DAMAGED ON THE WAY

    sha256sum -c SHA256SUMS

This proves nothing else. The steps below do.

STEP 2: THE CHECKPOINT IS THE LOG'S

The first three lines of "checkpoint" are the signed text: name, size and root.
A line below begins with a long dash, the key's name and base64 of four bytes
(key id) and a 64-byte Ed25519 signature. The key stands in trust.json under
"logs" as  name+id+base64(one byte 01, 32 bytes key).

    head -3 checkpoint > text
    KEY=<the base64 at the end of that entry of trust.json>
    (echo 302a300506032b6570032100 | xxd -r -p
     echo "$KEY" | base64 -d | tail -c 32) > log.der
    sed -n 5p checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 > signature
    openssl pkeyutl -verify -pubin -keyform DER -inkey log.der \\
        -rawin -in text -sigfile signature

Further lines are cosignatures of witnesses (C2SP tlog-cosignature).

STEP 3: THE LEAF STANDS IN THE TREE (RFC 6962)

leaves/<index>.tlog-proof lists the index, then hashes in base64, an empty
line and the checkpoint, which must be this package's file "checkpoint"
without its cosignatures. Begin with r = SHA-256(byte 00, the leaf's bytes):

    (printf '\\000'; cat leaves/<index>.jws) | sha256sum

and fold: let n = index and s = size - 1. For each hash p of the proof: if n is
odd or n = s, r = SHA-256(byte 01, p, r), and then, while n is even and not 0,
halve n and s; else r = SHA-256(byte 01, r, p). Halve n and s, rounding down.
At the end s is 0 and r, in base64, is the third line of the checkpoint.

STEP 4: THE REGISTRY'S MANIFEST GOVERNS THE LEAF

contents.json names for each leaf the manifest with the next lower index.
manifests/<index>.jws is a JWS: its kid is one of "registry" in trust.json, and
any JOSE tool verifies it with that key. Check its place as in step 3. Its
field "doc" is "h0:" and base64url of SHA-256 of manifests/<index>.digests. The
first line there is the SHA-256 of snapshots/<digest>.json, the others are
those of the members' documents. With the log open to you, make sure that no
manifest stands between it and the leaf.

STEP 5: THE SIGNER IS THE AGENCY

In the snapshot, "members" holds for each member a chain of keys ("keyChain")
and a document, all of them JWS. The first key of a chain signs itself, each
later one is signed by the key before, the last signs the document. SHA-256 of
the document and the chain, joined by line feeds, stands in the digest list.
The leaf's header names its key ("kid"). It must stand, with use "sign" and a
time of validity that covers the manifest's "ts", in the document of
  - "from" for exchange.requested and a refusal without "prev",
  - "to"   for exchange.answered and a refusal with "prev",
  - one of both, or the log's operator ("instances"), for exchange.failed,
  - the log's operator for exchange.conflict and access.*, and the gateway
    that "ref" names for refusals.
Verify the leaf with that key.

STEP 6: THE TIME

    head -3 checkpoint > text
    openssl ts -verify -data text -in timestamps/<authority>.tsr \\
        -CAfile roots.pem          (add -token_in where the file is a token)

roots.pem holds "timestampRoots" of trust.json. Without tokens only the
statements' own times ("ts", milliseconds since 1970) are there, which are
their makers' claims.

WHAT THIS CANNOT SHOW

That the log shows everybody the same tree: compare the checkpoint with what
the witnesses publish. That nothing else happened: ask the log itself.
`;
