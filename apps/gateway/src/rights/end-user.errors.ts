import type { EndUserReason } from '#access';
import { defineErrors, type ErrorEntry } from '#kernel';
import { reasonEntry } from './reason-entry.js';

const GET_MANDATE = 'Have the register give the person a mandate anew, or leave it out.';
const SIGN_IN = 'Have the person sign in again and send the fresh token.';

/** What is told of an end user who is not taken; the connector decides by the same list. */
export const endUserErrors = defineErrors('end users', {
  'end-user-malformed': reasonEntry(
    'end-user-malformed',
    'Kerege-End-User is no ID token or JWT access token with iss, sub, aud, exp, iat and jti.',
    'Send the token of the identity provider as it came, 4096 characters at most.',
  ),
  'end-user-issuer-unknown': reasonEntry(
    'end-user-issuer-unknown',
    'The registry knows no such issuer of end-user assertions.',
    'Have the person sign in at an issuer of this bus.',
  ),
  'end-user-unverified': reasonEntry(
    'end-user-unverified',
    'No key of the issuer that the registry knows has signed the end-user assertion.',
    'Send the token unaltered; if the issuer has a new key, tell the operator.',
  ),
  'end-user-expired': reasonEntry('end-user-expired', 'The end-user assertion has expired.', SIGN_IN),
  'end-user-not-yet-valid': reasonEntry(
    'end-user-not-yet-valid',
    'The end-user assertion is not valid yet.',
    'Check the clock of the identity provider.',
  ),
  'end-user-long-lived': reasonEntry(
    'end-user-long-lived',
    'The end-user assertion is good for more than ten minutes.',
    'Have the identity provider make tokens of ten minutes at most for this client.',
  ),
  'end-user-audience': reasonEntry(
    'end-user-audience',
    'The end-user assertion was made for another consumer.',
    'Sign in as the client whose id is the identifier of this consumer.',
  ),
  'end-user-assurance': reasonEntry(
    'end-user-assurance',
    'The sign-in behind the end-user assertion is not strong enough.',
    'Have the person sign in with a stronger means.',
  ),
  'end-user-unknown': reasonEntry(
    'end-user-unknown',
    'The issuer may not speak for such a person.',
    'Ask the operator which people the issuer is registered for.',
  ),
  'end-user-replayed': reasonEntry(
    'end-user-replayed',
    'Another consumer has shown this end-user assertion before.',
    'Get a token for this consumer alone.',
  ),
  'mandate-malformed': reasonEntry(
    'mandate-malformed',
    'What follows the end-user assertion is no mandate, or there are more than three.',
    'Append each mandate to the assertion after one "~", as its register gave it, 2048 characters at most.',
  ),
  'mandate-issuer-unknown': reasonEntry(
    'mandate-issuer-unknown',
    'The instance knows no such register of mandates.',
    'Ask the operator which registers of mandates are known.',
  ),
  'mandate-unverified': reasonEntry(
    'mandate-unverified',
    'No key of the register that the instance knows has signed the mandate.',
    GET_MANDATE,
  ),
  'mandate-expired': reasonEntry('mandate-expired', 'The mandate has expired.', GET_MANDATE),
  'mandate-not-yet-valid': reasonEntry(
    'mandate-not-yet-valid',
    'The mandate is not valid yet.',
    'Wait until it begins, or have the clock of its register set.',
  ),
  'mandate-revoked': reasonEntry('mandate-revoked', 'The mandate was revoked.', GET_MANDATE),
  'mandate-foreign': reasonEntry(
    'mandate-foreign',
    'The mandate lets somebody else act, or its register may give none of this kind.',
    'Show only mandates of the person who has signed in.',
  ),
  'end-user-required': reasonEntry(
    'end-user-required',
    'The agreement allows this endpoint only if a fitting end user acts, and none does.',
    'Send Kerege-End-User of a citizen or an official, as the agreement says.',
  ),
  'end-user-mismatch': reasonEntry(
    'end-user-mismatch',
    'The end user is not the subject and does not represent them, or it would be known too late.',
    'Ask only for data of the person who has signed in, or of those whom they represent; what changes something has to name them.',
  ),
} satisfies Record<EndUserReason, ErrorEntry>);
