/** How a verification read ended; `unanswered` is asked again, `refused` too, in vain until the registry allows it. */
export const verificationResults = ['match', 'mismatch', 'refused', 'unanswered'] as const;

export interface VerificationEvents {
  readonly verified: (result: (typeof verificationResults)[number]) => void;
}
