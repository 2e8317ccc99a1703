import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { generateSigningKey } from '#signing';
import { SignIn } from './sign-in.service.js';

let server: Server;
let issuer: string;
beforeAll(async () => {
  server = createServer((_request, response) => {
    const endpoints = { authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ issuer, ...endpoints, response_types_supported: ['code'] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

it('has whoever sits at the browser asked, also where somebody else is signed in at the provider', async () => {
  const signIn = new SignIn(issuer, 'DEMO/GOV/1000/mygov', generateSigningKey());
  const { url } = await signIn.begin('http://127.0.0.1/callback', Date.now());
  expect(url.searchParams.get('prompt')).toBe('login');
});
