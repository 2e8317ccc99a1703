import { citizen, CITIZENS, pinOf, registeredBirthDate, residenceInCadastre } from './citizen.js';
import { propertiesOf, property } from './cadastre/property.js';

const everybody = Array.from({ length: CITIZENS }, (_, index) => citizen(pinOf(index + 1))).filter(
  (person) => person !== undefined,
);

describe('the synthetic citizens', () => {
  it('are 200, each with a name and an address of their own and a date of the calendar', () => {
    expect(everybody).toHaveLength(200);
    expect(new Set(everybody.map((person) => person.familyName)).size).toBe(200);
    expect(new Set(everybody.map((person) => person.address.street)).size).toBe(200);
    for (const { birthDate } of everybody)
      expect(new Date(`${birthDate}T00:00:00Z`).toISOString().slice(0, 10)).toBe(birthDate);
  });

  it('stay the same for ever: documentation quotes them', () => {
    expect(citizen('TEST000001')).toEqual({
      pin: 'TEST000001',
      givenName: 'Ulgibek',
      familyName: 'Testzade-001',
      birthDate: '1977-02-08',
      birthPlace: 'Ornekpol',
      address: { street: 'Invented Street 001', city: 'Sinaqkend', postalCode: 'ZZ1001', since: '2002-06-01' },
    });
  });

  it.each(['TEST000000', 'TEST000201', 'test000001', 'TEST00001', 'TEST0000001', '', 'constructor'])(
    'do not include %j',
    (pin) => expect(citizen(pin)).toBeUndefined(),
  );

  it('have one wrong birth year in the register, and it is TEST000007', () => {
    const wrong = everybody.filter((person) => registeredBirthDate(person) !== person.birthDate);
    expect(wrong.map((person) => person.pin)).toEqual(['TEST000007']);
  });

  it('have one address that the cadastre contradicts, and TEST000013 owns a property to show it', () => {
    const contradicted = everybody.filter((person) => residenceInCadastre(person) !== person.address);
    expect(contradicted.map((person) => person.pin)).toEqual(['TEST000013']);
    expect(propertiesOf('TEST000013')?.[0]?.ownerResidence.street).toBe('Contradiction Lane 13');
  });

  it('own properties that are found by owner and by id alike', () => {
    const all = everybody.flatMap((person) => propertiesOf(person.pin) ?? []);
    expect(all.length).toBeGreaterThan(150);
    for (const entry of all) expect(property(entry.id)).toEqual(entry);
    expect(property('CAD-0004-1')).toBeUndefined();
    expect(property('CAD-0001-9')).toBeUndefined();
  });
});
