import type { Crossing, Trap } from './boundary.js';
import { splitter, type Line, type Protocol } from './wire.js';

const TYPE = { query: 'Q'.charCodeAt(0), parse: 'P'.charCodeAt(0), bind: 'B'.charCodeAt(0), ready: 'Z'.charCodeAt(0) };

/**
 * PostgreSQL as node-postgres speaks it: one statement at a time on a connection, ended by ReadyForQuery. It is taken by
 * Query, which brings its text, or by Bind, which names one whose text a Parse brought, perhaps long before. What follows
 * a Bind (Execute, Sync) shares its fate.
 */
export function postgresProtocol(meet: (crossing: Crossing) => Trap | undefined): (line: Line) => Protocol {
  return (line) => {
    let hasStarted = false;
    /** Texts of prepared statements by name; the unnamed one is overwritten by each Parse without a name. */
    const prepared = new Map<string, string>();
    /** Of the statement under way, if its end springs one. */
    let trap: Trap | undefined;
    return {
      fromProcess: splitter(
        (rest) => (hasStarted ? typedLength(rest) : startupLength(rest)),
        (message) => {
          const sql = hasStarted ? sqlOf(message, prepared) : undefined;
          hasStarted = true;
          const met = sql === undefined ? undefined : meet({ wire: 'postgres', sql });
          if (met?.moment === 'before') {
            line.suffer(met);
            return;
          }
          trap ??= met;
          line.forward(message);
        },
      ),
      fromServer: splitter(typedLength, (message) => {
        const met = trap;
        if (met === undefined) {
          line.answer(message);
        } else if (message[0] === TYPE.ready) {
          trap = undefined;
          line.suffer(met);
        }
      }),
    };
  };
}

function startupLength(rest: Buffer): number | undefined {
  return rest.length < 4 ? undefined : rest.readInt32BE(0);
}

function typedLength(rest: Buffer): number | undefined {
  return rest.length < 5 ? undefined : 1 + rest.readInt32BE(1);
}

/** The text of the statement that this message takes, white space as one blank; a Parse is only remembered. */
function sqlOf(message: Buffer, prepared: Map<string, string>): string | undefined {
  const type = message[0];
  const [first, second] = textsOf(message);
  if (type === TYPE.query) return first;
  // Portal, then statement.
  if (type === TYPE.bind) return prepared.get(second);
  if (type === TYPE.parse) prepared.set(first, second);
  return undefined;
}

/** The first two strings of a message. */
function textsOf(message: Buffer): [string, string] {
  const end = message.indexOf(0, 5);
  const text = (from: number, to: number) => message.subarray(from, to).toString().replaceAll(/\s+/g, ' ').trim();
  return [text(5, end), text(end + 1, message.indexOf(0, end + 1))];
}
