import { citizen, CITIZENS, numberOf, pinOf, residenceInCadastre, type Address } from '../citizen.js';

export interface Property {
  readonly id: string;
  readonly owner: string;
  readonly kind: string;
  readonly areaM2: number;
  readonly address: string;
  readonly registeredOn: string;
  /** Where the owner lives, as the cadastre knows it; for one citizen it contradicts the Population Register. */
  readonly ownerResidence: Address;
}

const KINDS = ['flat', 'house', 'plot', 'garage'];

/** How many properties a citizen owns: two for every fifth, none for every fourth, else one. */
function countOf(number: number): number {
  if (number % 5 === 0) return 2;
  return number % 4 === 0 ? 0 : 1;
}

export function propertiesOf(owner: string): Property[] | undefined {
  const number = numberOf(owner);
  const person = citizen(owner);
  if (number === undefined || person === undefined) return undefined;
  return Array.from({ length: countOf(number) }, (_, index) => ({
    id: `CAD-${String(number).padStart(4, '0')}-${index + 1}`,
    owner,
    kind: KINDS[(number + index) % KINDS.length] ?? 'plot',
    areaM2: 40 + ((number * 13 + index * 31) % 160),
    address: index === 0 ? `${person.address.street}, ${person.address.city}` : `Cadastral Plot ${number}-${index + 1}`,
    registeredOn: `${2002 + (number % 20)}-09-15`,
    ownerResidence: residenceInCadastre(person),
  }));
}

export function property(id: string): Property | undefined {
  const number = Number(/^CAD-(\d{4})-\d$/.exec(id)?.[1]);
  if (!(number >= 1 && number <= CITIZENS)) return undefined;
  return propertiesOf(pinOf(number))?.find((candidate) => candidate.id === id);
}
