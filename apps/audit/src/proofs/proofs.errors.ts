import { defineErrors } from '#kernel';

export const proofsErrors = defineErrors('audit-proofs', {
  'proof-range': {
    kind: 'invalid',
    message: 'These numbers name no proof: an index is below its size, and from is not above to.',
    next: 'Correct the numbers.',
  },
  'size-unknown': {
    kind: 'not-found',
    message: 'The log does not have that many leaves.',
    next: 'Ask with the size of a checkpoint of this log.',
  },
  'leaf-unknown': {
    kind: 'not-found',
    message: 'The log holds no such leaf.',
    next: 'A stamp that was just sent may still be on its way; ask again.',
  },
  'proof-impossible': {
    kind: 'broken',
    message: 'The log cannot prove what its checkpoint says.',
    next: 'Keep the checkpoint and tell the operator and the auditor.',
  },
  'proofs-number': {
    kind: 'invalid',
    message: 'One to a hundred exchange ids and indices are proved with one call.',
    next: 'Ask in several calls.',
  },
  'receipt-ambiguous': {
    kind: 'conflict',
    message: 'Several leaves of this id match.',
    next: 'Say which by slot and signer; the matching ones are listed.',
  },
});
