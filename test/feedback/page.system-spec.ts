import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { AccessRow } from '../../apps/feedback/web/access-row.js';
import { browserPath, startBrowser } from './browser.js';
import { sampleHistory, SUBJECT, type SampleHistory } from './history-sample.js';

const BUILT = join(import.meta.dirname, '../../dist/apps/feedback/web');
const COUNT = 300;
/** The row that says something else than its statement. */
const FORGED = 7;

(browserPath === undefined ? describe.skip : describe)('the page of accesses, in a browser', () => {
  let history: SampleHistory;
  let rows: AccessRow[];
  let server: Server;
  let browser: Browser;
  let url: string;
  let isDown = false;

  beforeAll(async () => {
    history = await sampleHistory(COUNT);
    rows = history.rows.map((row, at) => (at === FORGED ? { ...row, consumer: { id: 'DEMO/COM/2002/legal' } } : row));
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      if (pathname === '/accesses') {
        const from = Number(searchParams.get('cursor') ?? 0);
        const until = from + Number(searchParams.get('limit'));
        const page = { accesses: rows.slice(from, until), ...(until < rows.length ? { next: String(until) } : {}) };
        response.writeHead(isDown ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(page));
      } else if (pathname === '/accesses.js') {
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(join(BUILT, 'accesses.js')));
      } else {
        response.writeHead(200, { 'content-type': 'text/html' }).end(shell(searchParams.get('lang') ?? 'en'));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser.close();
    server.close();
  });

  const shell = (lang: string) =>
    `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
     <main><kerege-accesses src="/accesses" lang="${lang}" subjects="${SUBJECT}" log-keys="${history.vkey}"></kerege-accesses></main>
     <script type="module" src="/accesses.js"></script></html>`;

  async function open(lang = 'en', width = 1000): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    await page.goto(`${url}/?lang=${lang}`);
    return page;
  }

  it('proves 300 accesses and marks the forged one false', async () => {
    const page = await open();
    for (let shown = 50; shown < COUNT; shown += 50) {
      await page
        .locator('article')
        .nth(shown - 1)
        .waitFor();
      await page.getByRole('button', { name: 'Show earlier entries' }).click();
    }
    await page
      .locator('.badge.proven')
      .nth(COUNT - 2)
      .waitFor();
    expect(await page.locator('.badge.proven').count()).toBe(COUNT - 1);
    const forged = page.locator('article:has(.badge.false)');
    expect(await forged.count()).toBe(1);
    expect(await forged.getAttribute('data-exchange')).toBe(rows[FORGED]?.exchangeId);
    expect(await page.getByRole('status').textContent()).toBe('False entries: 1. Please report them.');
    await forged.locator('summary').click();
    expect(await forged.locator('.checks .false').textContent()).toBe('Says what is shown here: False');
    await page.screenshot({ path: join(process.env['KEREGE_SCREENSHOTS'] ?? BUILT, 'accesses-wide.png') });
  });

  it.each([
    ['en', 'Who looked at my data'],
    ['az', 'Məlumatlarıma kim baxıb'],
    ['kk', 'Деректерімді кім қарады'],
    ['ky', 'Маалыматтарымды ким карады'],
    ['ru', 'Кто смотрел мои данные'],
  ])('speaks %s, and fits 360 pixels', async (lang, title) => {
    const page = await open(lang, 360);
    await page.locator('.badge.proven').nth(40).waitFor();
    expect(await page.getByRole('heading', { level: 2 }).textContent()).toBe(title);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.screenshot({ path: join(process.env['KEREGE_SCREENSHOTS'] ?? BUILT, `accesses-${lang}.png`) });
  });

  it('is used by keyboard alone, and named for a screen reader', async () => {
    const page = await open();
    await page.locator('.badge.proven').nth(40).waitFor();
    const reached: unknown[] = [];
    for (let press = 0; press < 5; press += 1) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate('document.activeElement?.shadowRoot?.activeElement?.tagName'));
    }
    expect(reached).toContain('INPUT');
    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('details').first().getAttribute('open')).not.toBeNull();
    expect(await page.getByRole('region', { name: 'Who looked at my data' }).count()).toBe(1);
    expect(await page.getByLabel('From').count()).toBe(1);
    expect(await page.getByRole('listitem').count()).toBeGreaterThan(50);
  });

  it('says that the list could not be loaded, and tries again', async () => {
    isDown = true;
    const page = await open();
    await page.getByText('The list could not be loaded. Please try again.').waitFor();
    isDown = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.badge.proven').nth(40).waitFor();
    await page.close();
  });
});
