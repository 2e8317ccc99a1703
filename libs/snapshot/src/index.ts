export {
  agreement,
  memberDocument,
  publishedKey,
  subjectRule,
  type Agreement,
  type MemberDocument,
  type PublishedKey,
  type ServiceEntry,
  type SubjectRule,
  type SubsystemEntry,
} from './member-document.js';
export { consumerCredential, credentialName, type ConsumerCredential } from './credential.js';
export { issuer, issuerAlgorithms, MANDATE_ID, type Issuer } from './issuer.js';
export { snapshotSchema, type Snapshot } from './snapshot.js';
export {
  digestList,
  memberDigest,
  publicDigest,
  snapshotBytes,
  snapshotDigestOf,
  type MemberEntry,
} from './digest-list.js';
export {
  instanceDefinition,
  officerRoles,
  type InstanceDefinition,
  type Officer,
  type OfficerRole,
} from './definition-schema.js';
export { parseInstanceDefinition, type Problem } from './instance-definition.js';
export { memberDocumentsOf, type DocumentProblem, type DocumentSources } from './member-documents.js';
export { buildSnapshot, topicSpecsOf, type SnapshotParts } from './build-snapshot.js';
export {
  KEY_CHAIN_TYPE,
  MEMBER_DOCUMENT_TYPE,
  isRolledBack,
  verifyMemberEntry,
  type MemberEntryReason,
} from './member-entry.js';
export {
  RegistryView,
  type OwnedKey,
  type SnapshotInstance,
  type SubsystemTopics,
  type VerifiedMember,
} from './registry-view.js';
export {
  believeSnapshot,
  readSnapshot,
  verifySnapshot,
  type DistrustedMember,
  type KnownMembers,
  type ReadSnapshot,
  type VerifiedSnapshot,
} from './verify-snapshot.js';
export { Adoption, type Adopted, type AdoptionRefusal, type CheckedManifest, type KnownManifest } from './adoption.js';
export { checkManifest, type ManifestReason, type RegistryKey } from './manifest.js';
export { openApiOperations, type OpenApiOperations, type OpenApiReason } from './openapi-operations.js';
export {
  elementAt,
  elementOf,
  elementsOf,
  ownerAt,
  ownerOf,
  ownerOfDatum,
  placesOf,
  type DataElement,
  type ElementPlace,
  type EndpointPlace,
  type OwnerOfDatum,
} from './elements.js';
export { isAnythingAt, tokensOf } from './pointer-pattern.js';
export { placeProblems, type Place, type UnplacedProblem } from './locate-in-definition.js';
export { inFileOrder, readPlacedYaml, type PlacedMessage, type PlacedYaml } from './placed-yaml.js';
export { brokenSuccessions, Successors, type Succession } from './succession.js';
export { signMemberEntry, type MemberKeyPair } from './sign-member-entry.js';
