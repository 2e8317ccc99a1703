/** A field of a person's record as the portal shows it, and what it is in the registry's words. */
export interface RecordField {
  readonly name: string;
  readonly label: string;
  /** Data element. */
  readonly element: string;
  /** RFC 6901, in the register's answer. */
  readonly pointer: string;
}

/** Of `GET /{pin}` of the Population Register's service `persons`. */
export const RECORD_FIELDS: readonly RecordField[] = [
  { name: 'givenName', label: 'Given name', element: 'person.given-name', pointer: '/givenName' },
  { name: 'familyName', label: 'Family name', element: 'person.family-name', pointer: '/familyName' },
  { name: 'birthDate', label: 'Date of birth', element: 'person.birth-date', pointer: '/birthDate' },
  { name: 'birthPlace', label: 'Place of birth', element: 'person.birth-place', pointer: '/birthPlace' },
];

export function fieldNamed(name: string): RecordField | undefined {
  return RECORD_FIELDS.find((field) => field.name === name);
}
