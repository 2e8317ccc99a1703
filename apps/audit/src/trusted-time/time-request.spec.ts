import { sha256 } from '#kernel';
import { stampedText, timeRequest } from './time-request.js';

const NOTE =
  'audit.example.gov/x\n8\nymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8=\n\n— audit.example.gov/x AAAAAAAA\n— w BBBB\n';
const TEXT = 'audit.example.gov/x\n8\nymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8=\n';

describe('a time-stamp request', () => {
  it('stamps the first three lines with their newlines, whoever has signed', () => {
    expect(stampedText(NOTE).toString()).toBe(TEXT);
  });

  it('has these bytes: version, SHA-256 imprint, nonce, certificates wanted', () => {
    const nonce = Buffer.from('4102030405060708090a0b0c0d0e0f10', 'hex');
    const digest = sha256(TEXT).toString('hex');
    expect(timeRequest(Buffer.from(TEXT), nonce).der.toString('hex')).toBe(
      `304b020101` +
        `3031300d060960864801650304020105000420${digest}` +
        `02104102030405060708090a0b0c0d0e0f10` +
        `0101ff`,
    );
  });

  it('never has the same nonce, and always one that has one spelling', () => {
    const nonces = Array.from({ length: 200 }, () => timeRequest(Buffer.from(TEXT)).nonce);
    expect(new Set(nonces.map((nonce) => nonce.toString('hex'))).size).toBe(200);
    expect(nonces.every((nonce) => nonce.length === 16 && (nonce[0] ?? 0) >= 0x40 && (nonce[0] ?? 0) < 0x80)).toBe(
      true,
    );
  });
});
