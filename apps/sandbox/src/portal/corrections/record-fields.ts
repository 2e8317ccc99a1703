/** An endpoint of the Population Register's service `persons` of which a person's record is made. */
export interface RecordSource {
  readonly endpoint: string;
  /** After the person's code in the path. */
  readonly path: string;
}

export const RECORD_SOURCES = {
  person: { endpoint: 'GET /{pin}', path: '' },
  address: { endpoint: 'GET /{pin}/address', path: '/address' },
} as const satisfies Readonly<Record<string, RecordSource>>;
export type RecordSourceName = keyof typeof RECORD_SOURCES;

/** One value of a field. */
export interface RecordPart {
  readonly name: string;
  readonly label: string;
  /** RFC 6901, in the register's answer. */
  readonly pointer: string;
}

/** A field of a person's record as the portal shows it, and what it is in the registry's words. */
export interface RecordField {
  readonly name: string;
  readonly label: string;
  /** Data element. */
  readonly element: string;
  readonly source: RecordSourceName;
  /** What it is made of: each part can be wrong by itself, and all that are wrong are one request. */
  readonly parts: readonly RecordPart[];
}

export const RECORD_FIELDS: readonly RecordField[] = [
  simple('givenName', 'Given name', 'person.given-name'),
  simple('familyName', 'Family name', 'person.family-name'),
  simple('birthDate', 'Date of birth', 'person.birth-date'),
  simple('birthPlace', 'Place of birth', 'person.birth-place'),
  {
    ...{ name: 'address', label: 'Address', element: 'person.address', source: 'address' },
    parts: [part('street', 'Street'), part('city', 'City'), part('postalCode', 'Postal code')],
  },
];

export function fieldNamed(name: string): RecordField | undefined {
  return RECORD_FIELDS.find((field) => field.name === name);
}

function simple(name: string, label: string, element: string): RecordField {
  return { name, label, element, source: 'person', parts: [part(name, 'It should be')] };
}

function part(name: string, label: string): RecordPart {
  return { name, label, pointer: `/${name}` };
}
