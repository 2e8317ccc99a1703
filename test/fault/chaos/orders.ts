import type { Order } from '../ledger/gateway-client.js';
import { Random } from './random.js';

const MYGOV = 'DEMO/GOV/1000/mygov';
const BENEFITS = 'DEMO/GOV/1003/benefits';
const CLINIC = 'DEMO/COM/2001/clinic';
const LEGAL = 'DEMO/COM/2002/legal';
const PERSONS = 'DEMO/GOV/1001/population/persons';
const PROPERTIES = 'DEMO/GOV/1002/cadastre/properties';
const ENTITLEMENTS = 'DEMO/GOV/1003/benefits/entitlements';
const VISITS = 'DEMO/COM/2001/clinic/visits';

type Errand = Omit<Order, 'order' | 'key'>;
type MakeErrand = (pin: string) => Errand;

function read(consumer: string, service: string, purpose: string, rest: (pin: string) => string): MakeErrand {
  return (pin) => ({ consumer, service, purpose, method: 'GET', rest: rest(pin) });
}

function match(consumer: string, purpose: string): MakeErrand {
  const body = (pin: string) => ({ pin, familyName: 'Testzade-001', birthDate: '1977-02-08' });
  return (pin) => ({ consumer, service: PERSONS, purpose, method: 'POST', rest: '/match', body: body(pin) });
}

const claim: MakeErrand = (pin) => ({
  consumer: MYGOV,
  service: ENTITLEMENTS,
  purpose: 'citizen-view',
  method: 'POST',
  rest: '/claims',
  body: { pin, benefit: 'housing-support' },
});

const SAFE: readonly [MakeErrand, ...MakeErrand[]] = [
  read(MYGOV, PERSONS, 'citizen-view', (pin) => `/${pin}`),
  read(MYGOV, PROPERTIES, 'citizen-view', (pin) => `?owner=${pin}`),
  read(MYGOV, ENTITLEMENTS, 'citizen-view', (pin) => `/${pin}`),
  read(MYGOV, VISITS, 'correction-check', (pin) => `/${pin}`),
  read(BENEFITS, PERSONS, 'benefit-decision', (pin) => `/${pin}/address`),
  read(CLINIC, PERSONS, 'treatment', (pin) => `/${pin}`),
];
const UNSAFE: readonly [MakeErrand, ...MakeErrand[]] = [
  claim,
  claim,
  match(BENEFITS, 'benefit-decision'),
  match(LEGAL, 'legal-aid'),
];
const SHARE_UNSAFE = 0.45;
const SHARE_KEYED = 0.5;

/** The endless list of what clients want, fixed by the seed: safe and unsafe, with a key and without. */
export class Orders {
  private readonly random: Random;
  private made = 0;

  constructor(private readonly seed: number) {
    this.random = new Random(seed ^ 0x5eed);
  }

  next(): Order {
    const { random, seed } = this;
    this.made += 1;
    const order = `chaos-${seed}-${this.made}`;
    const pin = `TEST${String(random.whole(1, 200)).padStart(6, '0')}`;
    if (random.next() >= SHARE_UNSAFE) return { ...random.pick(SAFE)(pin), order };
    const errand = random.pick(UNSAFE)(pin);
    return random.next() < SHARE_KEYED ? { ...errand, order, key: order } : { ...errand, order };
  }
}
