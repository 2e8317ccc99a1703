/** Handed out with the evidence; each sentence is a check that the spec beside it makes. */
export const VERIFYING: readonly string[] = [
  'Take the key of the log, and the keys of members by `kid`, from the trust file of the bus and the registry snapshot; not from here.',
  'Each `statement` is a compact JWS (EdDSA or ES256): check its signature with the key of the subsystem that acted.',
  'Each `leaf` is SHA-256(0x00 ‖ statement). Each `proof` is a C2SP tlog-proof: check the signature of its checkpoint with the key of the log, and that the path leads from the leaf at `index` to the checkpoint’s root.',
  'The chain: `seq` counts 1, 2, 3 …; `prev` of each statement is the leaf of the one before; `was` is the `now` of the one before; `id` is the number of the case throughout. A later decision is a later transition: none replaces another.',
  'The person: `subj` of the first statement is `c1:` and base64url(HMAC-SHA-256(r, kind and subject in the form of statements.md §5)), with `r` and `subject` from `opening`.',
  'What was said: `doc` of a step that has an `act` is `h1:` and base64url(HMAC-SHA-256 with the 32 bytes of `act.salt` as its key, over the RFC 8785 form of the act without `salt`).',
  'Who was told: `recipients.root` is the `doc` of the step whose leaf is `recipients.leaf` (a `correction.propagating`, `correction.reopened` or `correction.closed`). Each of `recipients.recipients` leads to it by its `path`: its leaf is SHA-256(0x00 ‖ salt ‖ {action, lastExchangeId, reason, subsystem} in that order as JSON without white space, absent ones left out), the tree is that of RFC 6962. Members that are not shown, and padding, stay hidden.',
  '`kerege correction verify` makes all of these checks.',
];
