import { parseDocument } from 'yaml';

/** Which agreement: of what member and subsystem, and who may call what by it. */
export interface AgreementName {
  readonly member: string;
  readonly subsystem: string;
  readonly consumer: string;
  readonly service: string;
}

interface Members {
  readonly members?: readonly {
    readonly id: string;
    readonly subsystems?: readonly {
      readonly code: string;
      readonly agreements?: readonly { readonly consumer: string; readonly service: string }[];
    }[];
  }[];
}

/** The definition in which the provider has stopped that agreement; undefined if it has none. */
export function stoppedDefinition(text: string, name: AgreementName, notice: string): string | undefined {
  const document = parseDocument(text);
  const { members = [] } = document.toJS() as Members;
  const m = members.findIndex(({ id }) => id === name.member);
  const subsystems = members[m]?.subsystems ?? [];
  const s = subsystems.findIndex(({ code }) => code === name.subsystem);
  const agreements = subsystems[s]?.agreements ?? [];
  const a = agreements.findIndex(({ consumer, service }) => consumer === name.consumer && service === name.service);
  if (a < 0) return undefined;
  document.setIn(['members', m, 'subsystems', s, 'agreements', a, 'stopped'], notice);
  return document.toString({ lineWidth: 0 });
}
