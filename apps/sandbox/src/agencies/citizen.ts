/** One synthetic citizen: what the sample agencies know of them, each in its own register. Nobody like this exists. */
export interface Citizen {
  readonly pin: string;
  readonly givenName: string;
  readonly familyName: string;
  /** As it is in life; the Population Register may hold another (`wrongBirthDate`). */
  readonly birthDate: string;
  readonly birthPlace: string;
  readonly address: Address;
}

export interface Address {
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
  readonly since: string;
}

export const CITIZENS = 200;

const GIVEN_NAMES = [
  'Ornekan',
  'Sinaqa',
  'Probira',
  'Ulgibek',
  'Testima',
  'Modelai',
  'Exempla',
  'Denemur',
  'Fiktara',
  'Yasaman',
];
const CITIES = ['Testabad', 'Ornekpol', 'Sinaqkend', 'Probograd'];

/** Number of the citizen whose birth year the Population Register holds wrongly. */
const WRONG_BIRTH_YEAR = 7;
/** Number of the citizen whose registered address the cadastre contradicts. */
const CONTRADICTED_ADDRESS = 13;

function pick(list: readonly string[], index: number): string {
  return list[index % list.length] ?? '';
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

export function pinOf(number: number): string {
  return `TEST${padded(number, 6)}`;
}

/** The number in a PIN that belongs to a citizen, or undefined. */
export function numberOf(pin: string): number | undefined {
  const number = Number(/^TEST(\d{6})$/.exec(pin)?.[1]);
  return number >= 1 && number <= CITIZENS ? number : undefined;
}

/** Deterministic: the same citizen on every machine, so that documentation and outside tests can quote them. */
export function citizen(pin: string): Citizen | undefined {
  const number = numberOf(pin);
  if (number === undefined) return undefined;
  return {
    pin,
    givenName: pick(GIVEN_NAMES, number * 3),
    familyName: `Testzade-${padded(number, 3)}`,
    birthDate: `${1940 + ((number * 37) % 66)}-${padded(1 + (number % 12), 2)}-${padded(1 + ((number * 7) % 28), 2)}`,
    birthPlace: pick(CITIES, number),
    address: {
      street: `Invented Street ${padded(number, 3)}`,
      city: pick(CITIES, number * 5 + 1),
      postalCode: `ZZ${padded(1000 + number, 4)}`,
      since: `${2001 + (number % 20)}-06-01`,
    },
  };
}

/** What clerks of the register have entered since the start, by PIN; at most one entry for each citizen. */
const entered = new Map<string, string>();

/** A clerk corrects the register. False: there is no such person. */
export function enterBirthDate(pin: string, birthDate: string): boolean {
  if (numberOf(pin) === undefined) return false;
  entered.set(pin, birthDate);
  return true;
}

/** What the Population Register holds: wrong by a century's typing error for one citizen, until somebody corrects it. */
export function registeredBirthDate(person: Citizen): string {
  const corrected = entered.get(person.pin);
  if (corrected !== undefined) return corrected;
  if (numberOf(person.pin) !== WRONG_BIRTH_YEAR) return person.birthDate;
  return `${Number(person.birthDate.slice(0, 4)) - 90}${person.birthDate.slice(4)}`;
}

/** Addresses that clerks have entered since the start, by PIN; at most one for each citizen. */
const moved = new Map<string, Address>();

/** A clerk enters what is different now. False: there is no such person. */
export function enterAddress(pin: string, changes: { readonly [Name in keyof Address]?: string | undefined }): boolean {
  const person = citizen(pin);
  if (person === undefined) return false;
  const { street, city, postalCode, since } = registeredAddress(person);
  const changed = { street: changes.street ?? street, city: changes.city ?? city };
  moved.set(pin, { ...changed, postalCode: changes.postalCode ?? postalCode, since: changes.since ?? since });
  return true;
}

/** What the Population Register holds. */
export function registeredAddress(person: Citizen): Address {
  return moved.get(person.pin) ?? person.address;
}

/** Where the cadastre says that an owner lives. */
export function residenceInCadastre(person: Citizen): Address {
  if (numberOf(person.pin) !== CONTRADICTED_ADDRESS) return person.address;
  return { street: 'Contradiction Lane 13', city: 'Ornekpol', postalCode: 'ZZ1999', since: '2019-02-01' };
}

/** A clerk of the register enters what is right, from the papers. False: there is no such person. */
export function enterWhatIsRight(pin: string): boolean {
  const person = citizen(pin);
  return (
    person !== undefined && enterBirthDate(pin, person.birthDate) && enterAddress(pin, residenceInCadastre(person))
  );
}
