import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import type { Browser, Locator, Page } from 'playwright-core';
import type { AccessRow, ShownQuestion } from '../../apps/feedback/web/access-row.js';
import { browserPath, startBrowser } from './browser.js';
import { sampleHistory, SUBJECT, type SampleHistory } from './history-sample.js';
import { sampleQuestion, type SampleQuestion } from './question-sample.js';

const BUILT = join(import.meta.dirname, '../../dist/apps/feedback/web');
/** The row that is asked about. */
const AT = 1;

(browserPath === undefined ? describe.skip : describe)('asking why, in a browser', () => {
  let history: SampleHistory;
  let sample: SampleQuestion;
  let server: Server;
  let browser: Browser;
  let url: string;
  let question: ShownQuestion | undefined;
  let problem: string | undefined;
  let sent: { readonly type: string | undefined; readonly body: Record<string, unknown> }[];

  beforeAll(async () => {
    history = await sampleHistory(5);
    sample = await sampleQuestion(history.rows[AT] as AccessRow);
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      const json = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (pathname === '/accesses') {
        const accesses = history.rows.map((row, at) =>
          at === AT && question !== undefined ? { ...row, question } : row,
        );
        json(200, { accesses });
      } else if (pathname === '/questions') {
        void textOf(request).then((body) => {
          sent.push({ type: request.headers['content-type'], body: JSON.parse(body) as Record<string, unknown> });
          if (problem === undefined) json(201, sample.asked);
          else json(409, { code: problem });
        });
      } else if (pathname === '/accesses.js') {
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(join(BUILT, 'accesses.js')));
      } else {
        const lang = searchParams.get('lang') ?? 'en';
        response.writeHead(200, { 'content-type': 'text/html' }).end(shell(lang, searchParams.has('mute')));
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
  beforeEach(() => {
    question = undefined;
    problem = undefined;
    sent = [];
  });

  const shell = (lang: string, isMute: boolean) =>
    `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
     <main><kerege-accesses src="/accesses" ${isMute ? '' : 'ask="/questions"'} lang="${lang}" subjects="${SUBJECT}"
       log-keys="${history.vkey} ${sample.vkey}"></kerege-accesses></main>
     <script type="module" src="/accesses.js"></script></html>`;

  async function open(query = '', width = 1000): Promise<{ page: Page; row: Locator }> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    await page.goto(`${url}/?${query}`);
    await page.locator('.badge.proven').nth(4).waitFor();
    return { page, row: page.locator('article').nth(AT) };
  }
  const shot = (page: Page, name: string) =>
    page.screenshot({ path: join(process.env['KEREGE_SCREENSHOTS'] ?? BUILT, `${name}.png`), fullPage: true });
  const focused = (page: Page) =>
    page.evaluate('document.activeElement.shadowRoot.activeElement.getAttribute("aria-label")');

  it('asks by keyboard alone, and shows that it was asked', async () => {
    const { page, row } = await open();
    const name = /^Ask why: .+, .+2026/u;
    expect(await page.getByRole('button', { name }).count()).toBe(5);
    await row.getByRole('button', { name }).focus();
    await page.keyboard.press('Enter');
    await row.getByRole('form', { name }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.type('I never was there.');
    await shot(page, 'ask-form');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await row.getByText('Waiting for the answer').waitFor();
    expect(await row.locator('.mark.unproven').textContent()).toContain('Not proven');
    const { leaf, role, subject } = history.rows[AT] as AccessRow;
    const body = { leaf, role, subject, code: 'NOT_MY_CASE', text: 'I never was there.', language: 'en' };
    expect(sent).toEqual([{ type: 'application/json', body }]);
    expect(await focused(page)).toMatch(/^Your question: /u);
    expect(await row.getByRole('button', { name }).count()).toBe(0);
    await shot(page, 'asked');
  });

  it('goes back to its button by Escape, and nothing was sent', async () => {
    const { page, row } = await open();
    await row.getByRole('button', { name: 'Ask why' }).click();
    await page.keyboard.press('Escape');
    expect(await focused(page)).toMatch(/^Ask why: /u);
    expect(await row.getByRole('form').count()).toBe(0);
    expect(sent).toEqual([]);
  });

  it.each([
    ['question-open', 'This was asked already; the answer is still to come.'],
    ['questions-too-many', 'You have too many open questions. Please wait for some answers.'],
    ['log-silent', 'The question could not be sent. Please try again.'],
  ])('says why it was not asked: %s', async (code, said) => {
    problem = code;
    const { row } = await open();
    await row.getByRole('button', { name: 'Ask why' }).click();
    await row.getByRole('button', { name: 'Send the question' }).click();
    await row.getByRole('alert').getByText(said).waitFor();
    problem = undefined;
    await row.getByRole('button', { name: 'Send the question' }).click();
    await row.getByText('Waiting for the answer').waitFor();
  });

  it.each([
    ['en', 'Answer'],
    ['az', 'Cavab'],
    ['ky', 'Жооп'],
    ['kk', 'Жауап'],
    ['ru', 'Ответ'],
  ])('shows the answer with its proof in %s, and fits 360 pixels', async (lang, term) => {
    question = sample.answered;
    const { page, row } = await open(`lang=${lang}`, 360);
    await row.locator('.mark.proven').waitFor();
    expect(await row.locator('dt', { hasText: new RegExp(`^${term}$`, 'u') }).count()).toBe(1);
    expect(await row.locator('blockquote').textContent()).toBe(question.answer?.text);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await shot(page, `answered-${lang}`);
  });

  it('marks what it cannot prove, and what is not so', async () => {
    question = sample.asked;
    await (await open()).row.locator('.mark.unproven').waitFor();
    question = { ...sample.answered, answer: { code: 'LEGAL_DUTY' } };
    const { page, row } = await open();
    await row.locator('.mark.false').waitFor();
    await shot(page, 'answer-false');
  });

  it('has no button where the portal passes no questions on', async () => {
    const { page } = await open('mute=1');
    expect(await page.getByRole('button', { name: 'Ask why' }).count()).toBe(0);
  });
});
