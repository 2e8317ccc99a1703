import type { FastifyInstance } from 'fastify';
import { createAgencyApp, type AgencyName } from './agencies.module.js';

const apps: FastifyInstance[] = [];

function agency(name: AgencyName): FastifyInstance {
  const app = createAgencyApp(name, 100);
  apps.push(app);
  return app;
}

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

describe('the Population Register', () => {
  it('tells who somebody is and where they live', async () => {
    const app = agency('population');
    const person = await app.inject('/persons/TEST000001');
    expect(person.statusCode).toBe(200);
    expect(person.json()).toMatchObject({ pin: 'TEST000001', familyName: 'Testzade-001', birthDate: '1977-02-08' });
    expect((await app.inject('/persons/TEST000001/address')).json()).toMatchObject({ street: 'Invented Street 001' });
    expect((await app.inject('/persons/TEST000201')).statusCode).toBe(404);
  });

  it('answers match or no match, and nothing else', async () => {
    const app = agency('population');
    const match = async (pin: string, familyName: string, birthDate: string) =>
      (await app.inject({ method: 'POST', url: '/persons/match', payload: { pin, familyName, birthDate } })).body;
    expect(await match('TEST000001', 'Testzade-001', '1977-02-08')).toBe('{"match":true}');
    expect(await match('TEST000001', 'Testzade-002', '1977-02-08')).toBe('{"match":false}');
    expect(await match('TEST000999', 'Testzade-001', '1977-02-08')).toBe('{"match":false}');
    const bad = await app.inject({ method: 'POST', url: '/persons/match', payload: { pin: 'TEST000001' } });
    expect(bad.statusCode).toBe(400);
  });
});

describe('a clerk of the register', () => {
  it('corrects a date of birth, of somebody who is there', async () => {
    const app = agency('population');
    const enter = (payload: object) => app.inject({ method: 'POST', url: '/_sandbox/birth-dates', payload });
    expect((await enter({ pin: 'TEST000199', birthDate: '1999-12-31' })).statusCode).toBe(200);
    expect((await app.inject('/persons/TEST000199')).json()).toMatchObject({ birthDate: '1999-12-31' });
    expect((await enter({ pin: 'TEST000201', birthDate: '1999-12-31' })).statusCode).toBe(404);
    expect((await enter({ pin: 'TEST000199', birthDate: 'yesterday' })).statusCode).toBe(400);
  });

  it('enters what is different in an address, and leaves the rest', async () => {
    const app = agency('population');
    const enter = (payload: object) => app.inject({ method: 'POST', url: '/_sandbox/addresses', payload });
    expect((await enter({ pin: 'TEST000198', city: 'Ornekpol' })).statusCode).toBe(200);
    expect((await enter({ pin: 'TEST000198', postalCode: 'ZZ1999' })).statusCode).toBe(200);
    expect((await app.inject('/persons/TEST000198/address')).json()).toMatchObject({
      ...{ street: 'Invented Street 198', city: 'Ornekpol', postalCode: 'ZZ1999' },
    });
    expect((await enter({ pin: 'TEST000201', city: 'Ornekpol' })).statusCode).toBe(404);
    expect((await enter({ pin: 'TEST000198', salary: '1' })).statusCode).toBe(400);
  });
});

describe('the Property Cadastre', () => {
  it.each(['/properties?owner=TEST000001', '/properties/?owner=TEST000001'])('lists at %s', async (url) => {
    const answer = await agency('cadastre').inject(url);
    expect(answer.json()).toMatchObject({ owner: 'TEST000001', properties: [{ id: 'CAD-0001-1' }] });
  });

  it('tells the owner of a property, and wants one to list by', async () => {
    const app = agency('cadastre');
    expect((await app.inject('/properties/CAD-0001-1')).json()).toMatchObject({ owner: 'TEST000001' });
    expect((await app.inject('/properties')).statusCode).toBe(400);
    expect((await app.inject('/properties?owner=TEST000001&owner=TEST000002')).statusCode).toBe(400);
    expect((await app.inject('/properties/CAD-9999-1')).statusCode).toBe(404);
  });
});

describe('the Social Fund', () => {
  const claim = (app: FastifyInstance, key: string | undefined, pin = 'TEST000001', benefit = 'housing-support') =>
    app.inject({
      method: 'POST',
      url: '/entitlements/claims',
      headers: key === undefined ? {} : { 'idempotency-key': key },
      payload: { pin, benefit },
    });

  it('files a claim once, however often it is sent', async () => {
    const app = agency('benefits');
    const first = await claim(app, 'k-1');
    const second = await claim(app, 'k-1');
    expect([first.statusCode, second.statusCode]).toEqual([201, 200]);
    expect(second.body).toBe(first.body);
    expect((await app.inject('/entitlements/TEST000001')).json()).toMatchObject({
      claims: [{ claimId: 'CLM-000001' }],
    });
  });

  it('shows the date of birth of the register, with its error', async () => {
    const here = (await agency('benefits').inject('/entitlements/TEST000007')).json<{ birthDate: string }>();
    const person = (await agency('population').inject('/persons/TEST000007')).json<{ birthDate: string }>();
    expect(here.birthDate).toBe(person.birthDate);
  });

  it('refuses a key that was used for another claim, and a claim without key', async () => {
    const app = agency('benefits');
    await claim(app, 'k-1');
    expect((await claim(app, 'k-1', 'TEST000002')).statusCode).toBe(409);
    expect((await claim(app, undefined)).statusCode).toBe(400);
    expect((await claim(app, 'k-2', 'TEST000999')).statusCode).toBe(400);
  });
});

describe('the Family Clinic', () => {
  it('knows a birth date that the register has wrong', async () => {
    const visits = (await agency('clinic').inject('/visits/TEST000007')).json<{ birthDate: string }>();
    const person = (await agency('population').inject('/persons/TEST000007')).json<{ birthDate: string }>();
    expect(Number(visits.birthDate.slice(0, 4)) - Number(person.birthDate.slice(0, 4))).toBe(90);
  });
});

describe('the Family Clinic’s prescriptions', () => {
  it('are each patient’s own, and nobody’s who does not exist', async () => {
    const own = (await agency('clinic').inject('/visits/TEST000007/prescriptions')).json<{ pin: string }>();
    expect(own).toMatchObject({ pin: 'TEST000007', prescriptions: [{ prescriptionId: 'RX-0007-1' }, {}] });
    expect((await agency('clinic').inject('/visits/TEST000999/prescriptions')).statusCode).toBe(404);
  });
});

describe('the hooks for visitors', () => {
  const fault = (app: FastifyInstance, payload: object) =>
    app.inject({ method: 'POST', url: '/_sandbox/faults', payload });

  it('list every call of the service, also the failed ones, and not themselves', async () => {
    const app = agency('population');
    await app.inject({ url: '/persons/TEST000001', headers: { 'x-road-id': 'DEMO-1' } });
    await fault(app, { errorRate: 1 });
    expect((await app.inject('/persons/TEST000002')).statusCode).toBe(500);
    expect((await app.inject('/_sandbox/calls')).json()).toEqual({
      count: 2,
      calls: [
        { number: 1, exchangeId: null, messageId: 'DEMO-1', method: 'GET', path: '/persons/TEST000001' },
        { number: 2, exchangeId: null, messageId: null, method: 'GET', path: '/persons/TEST000002' },
      ],
    });
  });

  it('refuse a fault that is none, and keep the standing one', async () => {
    const app = agency('population');
    expect((await fault(app, { mode: 'explode' })).statusCode).toBe(400);
    expect((await app.inject('/persons/TEST000001')).statusCode).toBe(200);
  });
});

describe('a clerk of the register who looks into the papers', () => {
  it('enters what is right of whom the register has wrong', async () => {
    const app = agency('population');
    const enter = (pin: string) => app.inject({ method: 'POST', url: `/_sandbox/clerk/${pin}` });
    expect((await enter('TEST000007')).json()).toMatchObject({ pin: 'TEST000007', birthDate: '2001-08-22' });
    expect((await app.inject('/persons/TEST000007')).json()).toMatchObject({ birthDate: '2001-08-22' });
    await enter('TEST000013');
    const { json } = await app.inject('/persons/TEST000013/address');
    expect(json()).toMatchObject({ street: 'Contradiction Lane 13', city: 'Ornekpol', postalCode: 'ZZ1999' });
    expect((await enter('TEST000201')).statusCode).toBe(404);
  });
});
