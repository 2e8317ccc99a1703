/** Why an opening was not taken; each goes to `dead.feedback` with its reason, sealed as it came. */
export const openingFlaws = [
  'opening-malformed',
  'opening-key-unknown',
  'opening-unopenable',
  'opening-foreign',
  'opening-incomplete',
  'opening-false',
  'concealment-false',
  'leaf-unknown',
] as const;
export type OpeningFlaw = (typeof openingFlaws)[number];
