import type { MemberDocument } from '#snapshot';
import { xmlText } from '../edge/fault.js';

interface ClientId {
  readonly object_type: 'MEMBER' | 'SUBSYSTEM';
  readonly xroad_instance: string;
  readonly member_class: string;
  readonly member_code: string;
  readonly subsystem_code?: string;
}

export interface Client {
  readonly id: ClientId;
  /** Of the member; X-Road's catalogue collector needs it on every entry. */
  readonly name: string;
  readonly subsystem_name?: string;
}

/** Every member, each followed by its subsystems (`exchange.md` §2.8). */
export function clientList(members: readonly MemberDocument[]): Client[] {
  return members.flatMap((member) => {
    const [xroad_instance = '', member_class = '', member_code = ''] = member.member.split('/');
    const id = { xroad_instance, member_class, member_code };
    const name = member.name['en'] ?? member.member;
    const subsystems = member.subsystems.map((subsystem): Client => {
      const subsystem_code = subsystem.id.split('/')[3] ?? '';
      const subsystemName = subsystem.name?.['en'];
      return {
        id: { object_type: 'SUBSYSTEM', ...id, subsystem_code },
        name,
        ...(subsystemName === undefined ? {} : { subsystem_name: subsystemName }),
      };
    });
    return [{ id: { object_type: 'MEMBER' as const, ...id }, name }, ...subsystems];
  });
}

export function clientListJson(clients: readonly Client[]): string {
  return JSON.stringify({ member: clients });
}

/** `clientList` of X-Road's schema (`xroad.xsd`, `identifiers.xsd`). */
export function clientListXml(clients: readonly Client[]): string {
  const entries = clients.map(({ id, name, subsystem_name }) => {
    const parts = [
      `<id:xRoadInstance>${xmlText(id.xroad_instance)}</id:xRoadInstance>`,
      `<id:memberClass>${xmlText(id.member_class)}</id:memberClass>`,
      `<id:memberCode>${xmlText(id.member_code)}</id:memberCode>`,
      id.subsystem_code === undefined ? '' : `<id:subsystemCode>${xmlText(id.subsystem_code)}</id:subsystemCode>`,
    ];
    const names = [
      `<xroad:name>${xmlText(name)}</xroad:name>`,
      subsystem_name === undefined ? '' : `<xroad:subsystemName>${xmlText(subsystem_name)}</xroad:subsystemName>`,
    ];
    const identifier = `<xroad:id id:objectType="${id.object_type}">${parts.join('')}</xroad:id>`;
    return `<xroad:member>${identifier}${names.join('')}</xroad:member>`;
  });
  const spaces = 'xmlns:xroad="http://x-road.eu/xsd/xroad.xsd" xmlns:id="http://x-road.eu/xsd/identifiers"';
  return `<?xml version="1.0" encoding="UTF-8"?><xroad:clientList ${spaces}>${entries.join('')}</xroad:clientList>`;
}
