import type { Crossing, Trap } from './boundary.js';
import { splitter, type Line, type Protocol } from './wire.js';

export const PRODUCE = 0;
export const OFFSET_COMMIT = 8;
/** Length, request type, version, correlation id. */
const HEADER_BYTES = 12;

type KafkaCrossing = Extract<Crossing, { wire: 'kafka' }>;

/** Kafka as kafkajs speaks it: one frame per request, answers by correlation id, Produce up to version 7. */
export function kafkaProtocol(meet: (crossing: Crossing) => Trap | undefined): (line: Line) => Protocol {
  return (line) => {
    /** Requests whose answer springs a trap. */
    const waiting = new Map<number, Trap>();
    return {
      fromProcess: splitter(frameLength, (frame) => {
        const trap = meet(readRequest(frame));
        if (trap?.moment === 'before') {
          line.suffer(trap);
          return;
        }
        if (trap !== undefined) waiting.set(frame.readInt32BE(8), trap);
        line.forward(trap?.onlyTopics === undefined ? frame : withTopics(frame, trap.onlyTopics));
      }),
      fromServer: splitter(frameLength, (frame) => {
        const correlationId = frame.readInt32BE(4);
        const trap = waiting.get(correlationId);
        waiting.delete(correlationId);
        if (trap === undefined) line.answer(frame);
        else line.suffer(trap);
      }),
    };
  };
}

function frameLength(rest: Buffer): number | undefined {
  return rest.length < 4 ? undefined : 4 + rest.readInt32BE(0);
}

/** What a request is about; only those parts are read that a step may ask for. */
export function readRequest(frame: Buffer): KafkaCrossing {
  const api = frame.readInt16BE(4);
  const body = bodyOf(frame);
  return {
    wire: 'kafka',
    api,
    topics: api === PRODUCE ? producedTopics(body).map(({ name }) => name) : [],
    statements: api === PRODUCE ? statementsIn(frame) : [],
    group: api === OFFSET_COMMIT ? body.subarray(2, 2 + body.readInt16BE(0)).toString() : '',
  };
}

function bodyOf(frame: Buffer): Buffer {
  const clientIdBytes = Math.max(0, frame.readInt16BE(HEADER_BYTES));
  return frame.subarray(HEADER_BYTES + 2 + clientIdBytes);
}

interface ProducedTopic {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Produce: transactional id, acks, time-out, then topics with their partitions and record batches. */
function producedTopics(body: Buffer): ProducedTopic[] {
  let at = topicsAt(body);
  const count = body.readInt32BE(at);
  at += 4;
  return Array.from({ length: count }, () => {
    const start = at;
    const name = body.subarray(at + 2, at + 2 + body.readInt16BE(at)).toString();
    at += 2 + body.readInt16BE(at);
    const partitions = body.readInt32BE(at);
    at += 4;
    for (let partition = 0; partition < partitions; partition += 1) at += 8 + body.readInt32BE(at + 4);
    return { name, start, end: at };
  });
}

function topicsAt(body: Buffer): number {
  const transactionalIdBytes = Math.max(0, body.readInt16BE(0));
  return 2 + transactionalIdBytes + 2 + 4;
}

/** The same request with fewer topics; the process waits for an answer that names them all, which it never gets. */
function withTopics(frame: Buffer, isKept: (topic: string) => boolean): Buffer {
  const body = bodyOf(frame);
  const kept = producedTopics(body).filter(({ name }) => isKept(name));
  const count = Buffer.alloc(4);
  count.writeInt32BE(kept.length);
  const head = frame.subarray(4, frame.length - body.length + topicsAt(body));
  const parts = [head, count, ...kept.map(({ start, end }) => body.subarray(start, end))];
  const length = Buffer.alloc(4);
  length.writeInt32BE(parts.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([length, ...parts]);
}

const JWS = /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{86}/g;

/** Statements stand in records as they are, uncompressed. */
function statementsIn(frame: Buffer): KafkaCrossing['statements'] {
  return [...frame.toString('latin1').matchAll(JWS)].map(([jws]) => {
    const { t, id } = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as {
      t: string;
      id: string;
    };
    return { t, id };
  });
}
