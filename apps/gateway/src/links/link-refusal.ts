/**
 * `link-missing`: the person does not allow it. `links-unavailable`: nobody says whether they do, so nothing is sent.
 * `signer-unavailable`: the consumer's token is away, so nobody could be asked in its name.
 */
export type LinkRefusal = 'link-missing' | 'links-unavailable' | 'signer-unavailable';
