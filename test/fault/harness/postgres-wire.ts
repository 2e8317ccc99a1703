import type { Crossing, Trap } from './boundary.js';
import { splitter, type Line, type Protocol } from './wire.js';

const TYPE = { query: 'Q'.charCodeAt(0), parse: 'P'.charCodeAt(0), ready: 'Z'.charCodeAt(0) };

/**
 * PostgreSQL as node-postgres speaks it: one statement at a time on a connection, its text in Query or Parse, ended by
 * ReadyForQuery. What follows a Parse (Bind, Execute, Sync) shares its fate.
 */
export function postgresProtocol(meet: (crossing: Crossing) => Trap | undefined): (line: Line) => Protocol {
  return (line) => {
    let hasStarted = false;
    /** Of the statement under way, if its end springs one. */
    let trap: Trap | undefined;
    return {
      fromProcess: splitter(
        (rest) => (hasStarted ? typedLength(rest) : startupLength(rest)),
        (message) => {
          const sql = hasStarted ? sqlOf(message) : undefined;
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

/** The text of a statement; white space as one blank. */
function sqlOf(message: Buffer): string | undefined {
  const type = message[0];
  if (type !== TYPE.query && type !== TYPE.parse) return undefined;
  const nameEnd = type === TYPE.parse ? message.indexOf(0, 5) + 1 : 5;
  const text = message.subarray(nameEnd, message.indexOf(0, nameEnd)).toString();
  return text.replaceAll(/\s+/g, ' ').trim();
}
