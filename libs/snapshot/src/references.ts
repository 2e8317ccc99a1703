import type { InstanceDefinition } from './definition-schema.js';

export type Path = readonly (string | number)[];

export interface Finding {
  readonly code: 'definition-dangling' | 'definition-duplicate';
  readonly path: Path;
  readonly message: string;
}

/** What a definition names and does not hold, and what it holds twice. */
export function danglingReferences(definition: InstanceDefinition): Finding[] {
  return [
    ...duplicates(definition.purposes, 'code', ['purposes']),
    ...duplicates(definition.legalBases, 'code', ['legalBases']),
    ...duplicates(definition.issuers, 'issuer', ['issuers']),
    ...issuerFindings(definition),
    ...duplicates(definition.members, 'id', ['members']),
    ...duplicates(definition.elements, 'id', ['elements']),
    ...duplicates(definition.instances, 'id', ['instances']),
    ...duplicates(definition.successions, 'former', ['successions']),
    ...successionFindings(definition),
    ...purposeFindings(definition),
    ...memberFindings(definition),
    ...elementFindings(definition),
    ...suspensionFindings(definition),
    ...instanceFindings(definition),
    ...officerFindings(definition),
  ];
}

function duplicates<Key extends string>(
  list: readonly Readonly<Record<Key, string>>[],
  key: Key,
  path: Path,
): Finding[] {
  const seen = new Set<string>();
  return list.flatMap((entry, index): Finding[] => {
    const known = seen.has(entry[key]);
    seen.add(entry[key]);
    return known
      ? [{ code: 'definition-duplicate', path: [...path, index, key], message: `"${entry[key]}" stands here twice` }]
      : [];
  });
}

function missing(path: Path, what: string, name: string): Finding {
  return { code: 'definition-dangling', path, message: `no ${what} "${name}" in this file` };
}

function purposeFindings(definition: InstanceDefinition): Finding[] {
  const bases = new Set(definition.legalBases.map((basis) => basis.code));
  return definition.purposes.flatMap((purpose, index) =>
    bases.has(purpose.legalBasis)
      ? []
      : [missing(['purposes', index, 'legalBasis'], 'legal basis', purpose.legalBasis)],
  );
}

/** One kid for two keys of an issuer would leave open which of them signed. */
function issuerFindings(definition: InstanceDefinition): Finding[] {
  return definition.issuers.flatMap(({ keys }, index) => duplicates(keys, 'kid', ['issuers', index, 'keys']));
}

function subsystemIds(definition: InstanceDefinition): Set<string> {
  return new Set(
    definition.members.flatMap((member) => member.subsystems.map((subsystem) => `${member.id}/${subsystem.code}`)),
  );
}

function memberFindings(definition: InstanceDefinition): Finding[] {
  const known = subsystemIds(definition);
  const purposes = new Set(definition.purposes.map((purpose) => purpose.code));
  return definition.members.flatMap((member, m) => [
    ...duplicates(member.subsystems, 'code', ['members', m, 'subsystems']),
    ...member.subsystems.flatMap((subsystem, s) => {
      const path: Path = ['members', m, 'subsystems', s];
      const services = new Set(subsystem.services.map((service) => service.code));
      return [
        ...duplicates(subsystem.services, 'code', [...path, 'services']),
        ...subsystem.agreements.flatMap((agreement, a) => {
          const at = [...path, 'agreements', a];
          return [
            ...(known.has(agreement.consumer) ? [] : [missing([...at, 'consumer'], 'subsystem', agreement.consumer)]),
            ...(services.has(agreement.service)
              ? []
              : [missing([...at, 'service'], 'service here', agreement.service)]),
            ...Object.keys(agreement.endUser ?? {}).flatMap((endpoint) =>
              agreement.endpoints.includes(endpoint)
                ? []
                : [missing([...at, 'endUser', endpoint], 'endpoint of this agreement', endpoint)],
            ),
            ...(agreement.requiresLink ?? []).flatMap((endpoint) =>
              agreement.endpoints.includes(endpoint)
                ? []
                : [missing([...at, 'requiresLink', endpoint], 'endpoint of this agreement', endpoint)],
            ),
            ...agreement.purposes.flatMap((purpose, p) =>
              purposes.has(purpose) ? [] : [missing([...at, 'purposes', p], 'purpose', purpose)],
            ),
          ];
        }),
      ];
    }),
  ]);
}

/** That an endpoint and a pointer are there is seen when the OpenAPI documents are at hand (`service-elements.ts`). */
function elementFindings(definition: InstanceDefinition): Finding[] {
  const subsystems = subsystemIds(definition);
  const elements = new Set(definition.elements.map(({ id }) => id));
  const services = new Set(
    definition.members.flatMap((member) =>
      member.subsystems.flatMap((entry) =>
        entry.services.map((service) => `${member.id}/${entry.code}/${service.code}`),
      ),
    ),
  );
  return [
    ...definition.elements.flatMap(({ owner }, e) =>
      subsystems.has(owner) ? [] : [missing(['elements', e, 'owner'], 'subsystem', owner)],
    ),
    ...definition.elementPlaces.flatMap(({ service, element }, p) => [
      ...(services.has(service) ? [] : [missing(['elementPlaces', p, 'service'], 'service', service)]),
      ...(elements.has(element) ? [] : [missing(['elementPlaces', p, 'element'], 'element', element)]),
    ]),
  ];
}

/** A successor is here, or is succeeded itself; nobody comes round to itself, since no identifier would resolve then. */
function successionFindings(definition: InstanceDefinition): Finding[] {
  const known = subsystemIds(definition);
  const next = new Map(definition.successions.map(({ former, successor }) => [former, successor]));
  return definition.successions.flatMap(({ former, successor }, s): Finding[] => {
    const path: Path = ['successions', s, 'successor'];
    if (!known.has(successor) && !next.has(successor)) return [missing(path, 'subsystem', successor)];
    let now: string | undefined = successor;
    for (let hops = 0; now !== undefined && now !== former && hops <= next.size; hops += 1) now = next.get(now);
    return now === former ? [{ code: 'definition-duplicate', path, message: `"${former}" would succeed itself` }] : [];
  });
}

/** A suspension of what is not there would stop nothing, and nobody would know. */
function suspensionFindings(definition: InstanceDefinition): Finding[] {
  const known = new Set<string>(
    definition.members.flatMap(({ id, subsystems }) => [
      id,
      ...subsystems.flatMap(({ code, services }) => [
        `${id}/${code}`,
        ...services.map((service) => `${id}/${code}/${service.code}`),
      ]),
    ]),
  );
  return definition.suspensions.flatMap(({ of }, index) =>
    known.has(of) ? [] : [missing(['suspensions', index, 'of'], 'member, subsystem or service', of)],
  );
}

function instanceFindings(definition: InstanceDefinition): Finding[] {
  const members = new Set(definition.members.map((member) => member.id));
  const known = subsystemIds(definition);
  return definition.instances.flatMap((instance, i) => [
    ...(members.has(instance.runBy) ? [] : [missing(['instances', i, 'runBy'], 'member', instance.runBy)]),
    ...instance.serves.flatMap((id, s) =>
      known.has(id) ? [] : [missing(['instances', i, 'serves', s], 'subsystem', id)],
    ),
  ]);
}

/** The word of an issuer whom nobody registered counts for nothing, and who administers nobody can do nothing. */
function officerFindings(definition: InstanceDefinition): Finding[] {
  const issuers = new Set(definition.issuers.map(({ issuer }) => issuer));
  const known = new Set([...definition.members.map(({ id }) => id), ...subsystemIds(definition)]);
  const named = (definition.officers ?? []).map((officer) => ({ name: Object.values(officer).join(' ') }));
  return [
    ...duplicates(named, 'name', ['officers']),
    ...(definition.officers ?? []).flatMap(({ issuer, of }, index) => [
      ...(issuers.has(issuer) ? [] : [missing(['officers', index, 'issuer'], 'issuer', issuer)]),
      ...(of === undefined || known.has(of) ? [] : [missing(['officers', index, 'of'], 'member or subsystem', of)]),
    ]),
  ];
}
