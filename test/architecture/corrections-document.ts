import {
  CASE_REFUSALS,
  CASE_STATES,
  cellOf,
  CLOCKS,
  DUE_CLOCK,
  REMINDED,
  stepsOf,
  TOLD,
  TRANSITIONS,
  type CaseEventType,
  type CaseRefusalCode,
  type CaseState,
} from '#corrections';
import {
  DECISION_REASONS,
  EXTENSION_REASONS,
  QUESTION_CODES,
  RECIPIENT_REASONS,
  REOPENING_REASONS,
  TRANSFER_REASONS,
} from '#signing';

/** Text of `docs/corrections.md`: states, events and refusals as the code has them, with few words around. */
export function correctionsDocument(): string {
  return `# Corrections

Generated from \`libs/corrections/src/case/\` by \`npm run docs\`. A case is a request (_əks-əlaqə_) to the owner of a datum
that a person says is wrong, missing or outdated. What becomes of it is decided in one pure function, \`advance\`, from the
table below. Each event that is taken leaves one statement \`correction.<what is stated>\` in the log, numbered within the
case and bound to the one before ([audit-events.md](audit-events.md)); only a recipient's acknowledgement stands apart, so
that the log does not tell who the recipients of a case are. Silence never ends a case: the end of a term is told, and
escalates.

## States

| state | meaning | clock whose end is stated as \`due\` |
| --- | --- | --- |
${CASE_STATES.map((state) => `| \`${state}\` | ${MEANINGS[state]} | ${code(DUE_CLOCK[state])} |`).join('\n')}

Flags beside the state: _disputed_ from the start of a review until the case is \`CORRECTED\`, \`REJECTED\` or \`WITHDRAWN\`;
_extended_ once in a round; _escalated_ when a term was missed for long, or on appeal.

\`\`\`mermaid
${diagram()}
\`\`\`

Events that keep the state are not drawn. \`close\` of \`ROUTED\` and \`REOPENED\` is of a case that was split.

## Each event in each state

${matrix()}

A name is the state that follows, of several by what the event says; "=" keeps it. \`1\` too early, \`2\` too late, \`3\` not
now, \`4\` other: decided, closed, withdrawn or not submitted already. No cell is empty.

## Events

| event | by | guard | stated | told |
| --- | --- | --- | --- | --- |
${events.map((event) => eventRow(event)).join('\n')}

## Clocks

A clock that passes a step is told once (\`tick\`); the term itself is the profile's.

| clock | steps | told |
| --- | --- | --- |
${CLOCKS.map((clock) => `| \`${clock}\` | ${stepsOf(clock).join(', ')} | ${REMINDED[clock] ?? 'citizen; owner, head of the owner, supervisor by step'} |`).join('\n')}

Of \`propagate\`, and while a case is \`SUBMITTED\`, the next step is the bus's own: the operator is told instead of the owner.
The term to decide begins when the owner has received the case, at the latest with the end of the term to forward,
however late that is noticed; one transfer restarts it. A clock that was stopped too late before its miss was told tells
none: the log has when that was. In \`CLOSED\` only \`appeal\` may run.

## Refusals

| code | meaning | what to do |
| --- | --- | --- |
${Object.entries(CASE_REFUSALS)
  .map(([name, [sentence, next]]) => `| \`${name}\` | ${sentence} | ${next} |`)
  .join('\n')}

## Reason codes

| of | codes |
| --- | --- |
| a transfer | ${codes(TRANSFER_REASONS)} |
| a question | ${codes(QUESTION_CODES)} |
| an extension | ${codes(EXTENSION_REASONS)} |
| a decision | ${codes(DECISION_REASONS)} |
| a reopening | ${codes(REOPENING_REASONS)} |
| a recipient that refuses | ${codes(RECIPIENT_REASONS)} |
`;
}

const events = Object.keys(TRANSITIONS) as CaseEventType[];
const code = (name: string | undefined) => (name === undefined ? '–' : `\`${name}\``);
const codes = (names: readonly string[]) => names.map((name) => code(name)).join(', ');

const MEANINGS: Readonly<Record<CaseState, string>> = {
  DRAFT: 'at the portal; not on the bus',
  SUBMITTED: 'signed, checked, stored, numbered',
  TRANSFERRED: 'wrong owner: on its way to another',
  ROUTED: 'in the owner’s queue; of a split case: its parts are under way',
  RECEIVED: 'the owner’s system has signed a receipt',
  REOPENED: 'decided anew: appeal, order, or the old value was seen',
  IN_REVIEW: 'a case worker has it; the datum is flagged',
  NEEDS_INFO: 'a question is with the citizen; the term to decide is paused if the profile allows it',
  ACCEPTED: 'decided for; the register is not changed yet',
  PARTIALLY_ACCEPTED: 'decided for some of the data',
  REJECTED: 'decided against, with reason, legal reference and remedies; the window to appeal is open',
  CORRECTED: 'the owner has stated the new value’s hash and from when it holds',
  PROPAGATING: 'who got the wrong value is being told',
  CLOSED: 'all have acknowledged or their term has passed, or nobody has appealed',
  WITHDRAWN: 'taken back by the citizen before a decision; stays so',
};

function diagram(): string {
  const arrows = events.flatMap((event) =>
    Object.entries(TRANSITIONS[event].from).flatMap(([from, targets]) =>
      targets.filter((to) => to !== from).map((to) => ({ arrow: `${from} --> ${to}`, event })),
    ),
  );
  const byArrow = Map.groupBy(arrows, ({ arrow }) => arrow);
  const lines = [...byArrow].map(([arrow, all]) => `  ${arrow}: ${all.map(({ event }) => event).join(', ')}`);
  return ['stateDiagram-v2', '  [*] --> DRAFT', ...lines, '  CLOSED --> [*]', '  WITHDRAWN --> [*]'].join('\n');
}

const MARKS: Readonly<Partial<Record<CaseRefusalCode, string>>> = { 'too-early': '1', 'too-late': '2', 'not-now': '3' };

function matrix(): string {
  const head = `| | ${CASE_STATES.map((state) => `\`${state}\``).join(' | ')} |`;
  const line = `| --- |${' --- |'.repeat(CASE_STATES.length)}`;
  const rows = events.map(
    (event) => `| \`${event}\` | ${CASE_STATES.map((state) => cell(state, event)).join(' | ')} |`,
  );
  return [head, line, ...rows].join('\n');
}

function cell(state: CaseState, event: CaseEventType): string {
  const found = cellOf(state, event);
  if ('refused' in found) return MARKS[found.refused] ?? '4';
  return found.to.map((to) => (to === state ? '=' : `**${to}**`)).join(' ');
}

function eventRow(event: CaseEventType): string {
  const { by, guard, states } = TRANSITIONS[event];
  const told = states.map((stated) => {
    const audiences = TOLD[stated].join(', ') || '–';
    return states.length === 1 ? audiences : `${code(stated)}: ${audiences}`;
  });
  return `| \`${event}\` | ${by.join(', ')} | ${guard === '' ? '–' : guard} | ${codes(states)} | ${told.join('; ')} |`;
}
